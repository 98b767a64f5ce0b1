"""The engine's own reasons for rejecting a row or leaving out a value, and how any reason is said."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .dates import DateTrouble
from .problems import ROW_PROBLEMS
from .registry import ImportTarget, Reason

REASONS: dict[str, Promise] = {
    **ROW_PROBLEMS,
    DateTrouble.NOT_A_DATE: _("“%(value)s” is not a date"),
    DateTrouble.NO_SUCH_DAY: _("There is no such day as %(value)s"),
    DateTrouble.NO_SUCH_TIME: _("There is no such time as %(value)s"),
    DateTrouble.INCOMPLETE: _("“%(value)s” is not a complete date"),
    DateTrouble.OUT_OF_RANGE: _("The year of %(value)s is out of range"),
    "not_a_number": _("“%(value)s” is not a number"),
    "not_an_amount": _("“%(value)s” is not an amount of money"),
    "not_a_choice": _("“%(value)s” is not one of the possible values"),
    "shortened_number": _(
        "Excel has shortened the number to “%(value)s”; format the column as text and export again"
    ),
    "too_long": _("The value is longer than %(limit)s characters"),
    "value_not_mapped": _("“%(value)s” is not in the table of values"),
    "missing": _("A value is required"),
    "blank_row": _("None of the mapped columns has a value"),
    "failed_alone": _("The row could not be saved: %(detail)s"),
    "changed_since": _("Changed by somebody since the import; left as it is"),
}


def reason_text(reason: Reason, target: ImportTarget) -> str:
    """The reason in the active language, with the label of its field."""
    texts: Mapping[str, object] = target.reasons
    text = str(texts.get(reason.code) or REASONS.get(reason.code) or reason.code)
    try:
        said = text % reason.params
    except (KeyError, TypeError, ValueError):
        said = text
    label = next((str(field.label) for field in target.fields if field.key == reason.field), "")
    return str(_("%(field)s: %(reason)s")) % {"field": label, "reason": said} if label else said
