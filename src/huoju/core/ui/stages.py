"""How each stage of the funnel looks: its label and its colour, the same on every page."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class StageLook:
    """`colour` names a class `stage-…` of `static/ui/app.css` and a colour of the charts."""

    label: str | Promise
    colour: str


# Colours warm up along the funnel, as the flame does; side states are grey or red.
STAGES: dict[str, StageLook] = {
    "lead": StageLook(_("Lead"), "lead"),
    "mql": StageLook(_("MQL"), "mql"),
    "sql": StageLook(_("SQL"), "sql"),
    "opportunity": StageLook(_("Opportunity"), "opportunity"),
    "poc": StageLook(_("POC"), "poc"),
    "won": StageLook(_("Won"), "won"),
    "nurturing": StageLook(_("Nurturing"), "nurturing"),
    "pool": StageLook(_("Public pool"), "pool"),
    "disqualified": StageLook(_("Disqualified"), "disqualified"),
    "lost": StageLook(_("Lost"), "lost"),
}


def look(code: str) -> StageLook:
    """The look of stage `code`; an unknown code shows itself in grey rather than breaking the page."""
    return STAGES.get(code) or StageLook(code, "pool")
