"""Tables as files: the answer to every "export" button."""

from collections.abc import Iterable, Sequence
from tempfile import TemporaryFile

from django.http import FileResponse, Http404, HttpResponseBase, StreamingHttpResponse

from huoju.core.export import CSV_TYPE, XLSX_TYPE, Cell, attachment, iter_csv, write_xlsx


def download(name: str, kind: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponseBase:
    """The rows as a CSV (streamed) or XLSX file (written to disk first). Raises `Http404` for another kind."""
    if kind == "csv":
        response: HttpResponseBase = StreamingHttpResponse(iter_csv(header, rows), content_type=CSV_TYPE)
    elif kind == "xlsx":
        file = TemporaryFile()  # noqa: SIM115 (the response closes it)
        write_xlsx(file, header, rows)
        file.seek(0)
        response = FileResponse(file, content_type=XLSX_TYPE)
    else:
        raise Http404
    response.headers["Content-Disposition"] = attachment(name, kind)
    return response
