"""What imports hold of persons, for requests about data: what a row changed, and the uploaded files."""

from collections.abc import Sequence

from django.db import connection
from django.utils.translation import gettext_lazy as _

from huoju.core.text import msgid
from huoju.hub.privacy.registry import Erased, Holder, Table, register_holder

from .models import Import, State

FINISHED = (State.DONE, State.ROLLED_BACK)
_ROWS_OF = "(t.refs ->> 'person')::bigint = ANY(%(persons)s)"
_ROWS = Table(
    name="imports_importrow",
    where=_ROWS_OF,
    columns={"import": "t.import_id", "row": "t.row_no", "outcome": "t.outcome", "reasons": "t.reasons"},
    blank={"before": "NULL", "reasons": "NULL"},
).holder(code="import_rows", label=_("Rows of imports"), order=25)


def _erase(persons: Sequence[int]) -> Erased:
    """Forget what the rows changed, and delete the files of finished imports that they stood in: nobody needs them any
    more but for the list of rejected rows. One that may still go on keeps its file, or the rows of others were lost."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.import_id, count(*) FROM imports_importrow t WHERE {_ROWS_OF} GROUP BY t.import_id",
            {"persons": list(persons)},
        )
        rows_of = dict(cursor.fetchall())
    kept = 0
    for record in Import.objects.filter(pk__in=rows_of):
        if record.state in FINISHED:
            # Before the transaction commits: killed in between, the step is done again, and finds no file.
            record.file.storage.delete(str(record.file.name))
        else:
            kept += rows_of[record.pk]
    ground = msgid("Files of imports that are not finished hold these rows until they are") if kept else ""
    return Erased(erased=_ROWS.erase(persons).erased, kept=kept, ground=ground)


ROWS = Holder(
    code=_ROWS.code, label=_ROWS.label, order=_ROWS.order, tables=_ROWS.tables, find=_ROWS.find, export=_ROWS.export,
    erase=_erase,
)  # fmt: skip


def register() -> None:
    """Called once by the wiring."""
    register_holder(ROWS)
