"""How the facts of scoring read on a timeline."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.facts.telling import Names, Told, register_rules, register_teller

from .facts import ActivityWithdrawn, BandChanged


def _changed(payload: BandChanged, _names: Names) -> Told:
    title = _("Score band %(from)s → %(to)s") % {"from": payload.from_band or "–", "to": payload.to_band}
    return Told(title, "gauge", _("%(total)s points") % {"total": payload.total})


def _withdrawn(payload: ActivityWithdrawn, _names: Names) -> Told:
    return Told(_("An activity no longer counts"), "eraser", payload.reason)


def register() -> None:
    """Called once by the wiring."""
    register_teller(BandChanged, _changed)
    register_teller(ActivityWithdrawn, _withdrawn)
    register_rules("score", gettext_lazy("Scoring rules"))
