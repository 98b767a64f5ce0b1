"""Imports for programs: send a file with its mapping, start it, ask how far it is, fetch what was rejected."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Body, File, Form, Router, Schema, Status, UploadedFile
from pydantic import Field

from huoju.core.access.gate import ApiKeyAuth
from huoju.core.access.policy import ApiScope
from huoju.core.api import FieldProblem, Refused
from huoju.core.export import CSV_TYPE, attachment, iter_csv

from . import operations, queries, surveying
from .mapping import Mapping, MappingError, MappingProblem
from .models import Import
from .problems import FileProblem, problem_text
from .reasons import reason_text
from .registry import ImportTarget, Reason, list_targets

router = Router(auth=ApiKeyAuth(ApiScope.LEADS_WRITE))


class ImportOut(Schema):
    """An import and how far it is."""

    id: int
    target: str
    file_name: str
    state: str = Field(
        description="uploaded, mapped, running, done, failed, cancelled, rolling_back, rolled_back"
    )
    columns: list[str]
    rows_estimated: int | None
    rows_done: int
    counts: dict[str, int] = Field(
        description="rows by outcome: new, joins, updates, unchanged, quarantined, rejected"
    )
    rows_per_second: float | None
    dates: dict[str, Any] | None = Field(description="how dates such as 06/02/2018 were read, by field")
    mapping: dict[str, Any] | None
    error: str | None
    same_file_as: list[int] = Field(description="imports of this very file that are in effect")
    created_at: datetime
    finished_at: datetime | None


class RowOut(Schema):
    """A row and what becomes of it."""

    row: int
    outcome: str
    reasons: list[str]


class PreviewOut(Schema):
    """What a run would do with the first rows."""

    counts: dict[str, int]
    complete: bool
    dates: dict[str, Any]
    rows: list[RowOut]


def _out(record: Import) -> ImportOut:
    return ImportOut(
        id=record.pk,
        target=record.target,
        file_name=record.file_name,
        state=record.state,
        columns=[column["name"] for column in record.columns],
        rows_estimated=record.row_estimate,
        rows_done=record.rows_done,
        counts=record.counts,
        rows_per_second=record.rows_per_second,
        dates=record.dates,
        mapping=record.mapping,
        error=problem_text(record.error) if record.error else None,
        same_file_as=[other.pk for other in queries.list_same_file(record)],
        created_at=record.created_at,
        finished_at=record.finished_at,
    )


def _find(import_id: int) -> Import:
    try:
        return queries.get_import(import_id)
    except Import.DoesNotExist:
        raise Http404 from None


def _target(code: str) -> ImportTarget:
    targets = {target.code: target for target in list_targets()}
    if code not in targets:
        shown = {"target": code[:60], "possible": ", ".join(targets)}
        raise MappingError([MappingProblem("target", "unknown_target", shown)])
    return targets[code]


def _refused(error: FileProblem | MappingError) -> Refused:
    if isinstance(error, FileProblem):
        return Refused(422, f"file.{error.code}", str(error))
    fields = [
        FieldProblem(field=problem.path, message=str(problem), code=problem.code)
        for problem in error.problems
    ]
    return Refused(422, "mapping", str(error), fields)


def _actor(request: HttpRequest) -> str:
    return f"key:{request.auth.pk}"  # type: ignore[attr-defined]  # ApiKeyAuth puts the key there


@router.post("", response={201: ImportOut}, summary="Upload a file")
def upload(
    request: HttpRequest,
    file: File[UploadedFile],
    target: Form[str] = "leads",
    mapping: Form[str] = "",
    start: Form[bool] = False,
) -> Status[ImportOut]:
    """Send a CSV, TSV, XLSX or Parquet file, with its mapping (JSON) if you have it; `start` imports it at once.

    Without a mapping the answer's `mapping` is a guess: complete it and send it to `/imports/{id}/mapping`.
    """
    now, actor = timezone.now(), _actor(request)
    try:
        parsed = Mapping.parse(mapping, _target(target)) if mapping else None
        record = operations.create_import(
            target=_target(target),
            file_name=file.name or "",
            content=file.chunks(),
            reading=parsed.file if parsed else None,
            actor=actor,
            now=now,
        )
    except (FileProblem, MappingError) as error:
        raise _refused(error) from None
    if parsed is None:
        guess, _suggestions, _remembered = operations.suggest_mapping(import_id=record.pk)
        return Status(201, _out(record).model_copy(update={"mapping": guess.to_json()}))
    try:
        operations.set_mapping(import_id=record.pk, mapping=parsed, remember=False, now=now)
    except (FileProblem, MappingError) as error:
        operations.delete_import(import_id=record.pk)
        raise _refused(error) from None
    if start:
        operations.start_import(import_id=record.pk, actor=actor, now=now)
    return Status(201, _out(_find(record.pk)))


@router.get("/{int:import_id}", response=ImportOut, summary="How far an import is")
def status(request: HttpRequest, import_id: int) -> ImportOut:
    """State, counts and rate; ask every second or so while it runs."""
    return _out(_find(import_id))


@router.put("/{int:import_id}/mapping", response=ImportOut, summary="Set the mapping")
def set_mapping(request: HttpRequest, import_id: int, mapping: Body[dict[str, Any]]) -> ImportOut:
    """Which column is which field; the format is described in docs/import.md. All mistakes are reported at once."""
    try:
        record = operations.set_mapping(import_id=_find(import_id).pk, mapping=mapping, now=timezone.now())
    except (FileProblem, MappingError) as error:
        raise _refused(error) from None
    return _out(record)


@router.get("/{int:import_id}/preview", response=PreviewOut, summary="Look ahead")
def preview(request: HttpRequest, import_id: int, rows: int = 100) -> PreviewOut:
    """What would become of the first rows (at most 1,000). Nothing is written."""
    record = _find(import_id)
    if record.mapping is None:
        raise Refused(409, "no_mapping", _("Set a mapping first."))
    try:
        found = surveying.preview_import(import_id=record.pk, rows=max(1, min(rows, 1_000)))
    except (FileProblem, MappingError) as error:
        raise _refused(error) from None
    target = queries.target_of(record)
    shown = [_row(row.row_no, row.outcome.value, row.reasons, target) for row in found.rows]
    return PreviewOut(counts=found.counts, complete=found.complete, dates=found.dates, rows=shown)


def _row(
    row_no: int, outcome: str, reasons: tuple[Reason, ...] | list[Reason], target: ImportTarget
) -> RowOut:
    return RowOut(row=row_no, outcome=outcome, reasons=[reason_text(reason, target) for reason in reasons])


@router.post("/{int:import_id}/run", response={202: ImportOut}, summary="Start, or go on")
def run(request: HttpRequest, import_id: int) -> Status[ImportOut]:
    """Queue the import. One that failed or was stopped goes on where it stood; no row takes effect twice."""
    record = operations.start_import(import_id=_find(import_id).pk, actor=_actor(request), now=timezone.now())
    return Status(202, _out(record))


@router.post("/{int:import_id}/cancel", response=ImportOut, summary="Stop")
def cancel(request: HttpRequest, import_id: int) -> ImportOut:
    """Stop before the next batch. What is in effect stays; run it again to go on, or roll it back."""
    return _out(operations.cancel_import(import_id=_find(import_id).pk, now=timezone.now()))


@router.post("/{int:import_id}/rollback", response={202: ImportOut}, summary="Take back")
def rollback(request: HttpRequest, import_id: int) -> Status[ImportOut]:
    """Queue the removal of everything the import made, and the restoring of everything it changed."""
    record = operations.start_rollback(
        import_id=_find(import_id).pk, actor=_actor(request), now=timezone.now()
    )
    return Status(202, _out(record))


@router.get("/{int:import_id}/rows", response=list[RowOut], summary="Rows with an outcome")
def rows(
    request: HttpRequest,
    import_id: int,
    outcome: Literal["new", "joins", "updates", "unchanged", "quarantined", "rejected"] = "rejected",
    after: int = 0,
    limit: int = 100,
) -> list[RowOut]:
    """Rows in the order of the file, from behind row number `after`; at most 1,000 at once."""
    record = _find(import_id)
    target = queries.target_of(record)
    found = queries.list_rows(record, [outcome], after=after, limit=max(1, min(limit, 1_000)))
    return [_row(row.row_no, row.outcome, queries.reasons_of(row), target) for row in found]


@router.get("/{int:import_id}/rejected.csv", response={200: None}, summary="Rejected rows as a file")
def rejected(request: HttpRequest, import_id: int) -> StreamingHttpResponse:
    """Rejected and quarantined rows in the columns of the upload, with row number, outcome and reasons behind."""
    record = _find(import_id)
    body: Iterator[bytes] = iter_csv(*queries.open_rejected(record))
    name = attachment(f"{record.file_name.rpartition('.')[0]}-rejected", "csv")
    return StreamingHttpResponse(body, content_type=CSV_TYPE, headers={"Content-Disposition": name})
