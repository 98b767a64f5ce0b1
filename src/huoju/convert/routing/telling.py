"""How the facts of routing read on a timeline."""

from django.utils.translation import gettext as _

from huoju.core.facts.telling import Names, Told, register_teller

from .facts import LeadNotRouted
from .policy import OUTCOME_LABELS, Outcome


def _not_routed(payload: LeadNotRouted, _names: Names) -> Told:
    return Told(_("Waits for an owner"), "hourglass", _(OUTCOME_LABELS[Outcome(payload.outcome)]))


def register() -> None:
    """Called once by the wiring."""
    register_teller(LeadNotRouted, _not_routed)
