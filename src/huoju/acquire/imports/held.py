"""What imports hold of persons, for requests about data: what a row changed. The file itself is kept as it came."""

from django.utils.translation import gettext_lazy as _

from huoju.core.text import msgid
from huoju.hub.privacy.registry import Erased, Holder, Table, register_holder

_ROWS = Table(
    name="imports_importrow",
    where="(t.refs ->> 'person')::bigint = ANY(%(persons)s)",
    columns={"import": "t.import_id", "row": "t.row_no", "outcome": "t.outcome", "reasons": "t.reasons"},
    blank={"before": "NULL", "reasons": "NULL"},
).holder(code="import_rows", label=_("Rows of imports"), order=25)


def _erase(persons: object) -> Erased:
    done = _ROWS.erase(persons)  # type: ignore[arg-type]
    ground = (
        msgid("The uploaded files hold these rows as they came until the files are deleted")
        if done.erased
        else ""
    )
    return Erased(erased=done.erased, kept=done.erased, ground=ground)


ROWS = Holder(
    code=_ROWS.code, label=_ROWS.label, order=_ROWS.order, tables=_ROWS.tables, find=_ROWS.find, export=_ROWS.export,
    erase=_erase,
)  # fmt: skip


def register() -> None:
    """Called once by the wiring."""
    register_holder(ROWS)
