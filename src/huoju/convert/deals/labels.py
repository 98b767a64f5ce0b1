"""What codes of deals are called."""

from django.utils.translation import gettext_lazy as _

from huoju.core.ui.parts import Label

from .policy import LostReason

LOST_LABELS: dict[LostReason, Label] = {
    LostReason.PRICE: _("Price"),
    LostReason.COMPETITOR: _("Competitor"),
    LostReason.NO_BUDGET: _("No budget"),
    LostReason.NO_DECISION: _("No decision"),
    LostReason.PRODUCT_GAP: _("Product lacks something"),
    LostReason.POC_FAILED: _("POC failed"),
    LostReason.PROJECT_CANCELLED: _("Project cancelled"),
    LostReason.NO_CONTACT: _("Contact lost"),
    LostReason.OTHER: _("Other"),
}


def lost_label(code: str) -> Label:
    """The label of a reason; free text of an imported history as it is."""
    return LOST_LABELS[LostReason(code)] if code in set(LostReason) else code
