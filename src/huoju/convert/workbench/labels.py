"""What codes of the workbench are called."""

from django.utils.translation import gettext_lazy as _

from huoju.core.ui.parts import Label

from .policy import RejectReason

REJECT_LABELS: dict[RejectReason, Label] = {
    RejectReason.WRONG_CONTACT: _("Wrong or unreachable contact"),
    RejectReason.NO_NEED: _("No need at present"),
    RejectReason.NO_BUDGET: _("No budget at present"),
    RejectReason.NOT_MINE: _("Not my region or product"),
    RejectReason.DUPLICATE: _("Duplicate"),
    RejectReason.COMPETITOR: _("Works for a competitor"),
}
