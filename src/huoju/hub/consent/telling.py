"""How the facts of consent read on a timeline."""

from django.utils.translation import gettext as _

from huoju.core.facts.telling import Names, Told, register_teller

from .facts import ConsentGiven


def _given(payload: ConsentGiven, _names: Names) -> Told:
    values = {"channel": payload.channel, "purpose": payload.purpose}
    if payload.granted:
        return Told(_("Agreed to %(purpose)s by %(channel)s") % values, "shield-check")
    return Told(_("Declined %(purpose)s by %(channel)s") % values, "shield-off", tone="warning")


def register() -> None:
    """Called once by the wiring."""
    register_teller(ConsentGiven, _given)
