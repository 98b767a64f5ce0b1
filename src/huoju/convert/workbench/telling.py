"""How the facts of the workbench read on a timeline."""

from django.utils.translation import gettext_lazy as _

from huoju.core.facts.telling import Names, Told, register_teller

from .facts import ActivityLogged, LeadAccepted, LeadRejected
from .labels import REJECT_LABELS
from .models import Activity
from .policy import RejectReason

_ICONS = {"call": "phone", "visit": "walk", "message": "message", "note": "note"}


def _accepted(_payload: LeadAccepted, _names: Names) -> Told:
    return Told(_("Accepted by sales"), "circle-check", tone="success")


def _rejected(payload: LeadRejected, _names: Names) -> Told:
    label = REJECT_LABELS[RejectReason(payload.reason)]
    return Told(_("Given back by sales"), "arrow-back-up", f"{label}\n{payload.note}".strip(), "warning")


def _logged(payload: ActivityLogged, _names: Names) -> Told:
    kind = Activity.Kind(payload.kind)
    outcome = Activity.Outcome(payload.outcome).label if payload.outcome else ""
    text = f"{outcome}\n{payload.text}".strip()
    return Told(kind.label, _ICONS[payload.kind], text)


def register() -> None:
    """Called once by the wiring."""
    register_teller(LeadAccepted, _accepted)
    register_teller(LeadRejected, _rejected)
    register_teller(ActivityLogged, _logged)
