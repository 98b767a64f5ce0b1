"""What other rooms show on a lead's page.

A room registers panels in `site/wiring.py`; the page asks each whether it has something to show for this lead and this
user. So the sales wing's buttons stand on the page without this room knowing the sales wing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest

from .models import Lead

type Place = Literal["next", "side"]
type Build = Callable[[HttpRequest, Lead], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A part of the page: `next` is the strip on top with the one next action, `side` a card beside the timeline.

    `build` returns what the template needs under the name `panel`, or None to show nothing.
    """

    code: str
    place: Place
    order: int
    template: str
    build: Build


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with its content."""

    code: str
    template: str
    content: Mapping[str, Any]


_panels: dict[str, Panel] = {}


def register_panel(panel: Panel) -> None:
    """Add a panel, or replace the one of the same code."""
    _panels[panel.code] = panel


def panels_for(request: HttpRequest, lead: Lead, place: Place) -> list[Shown]:
    """The panels of one place that have something to show, in order."""
    return [
        Shown(panel.code, panel.template, content)
        for panel in sorted(_panels.values(), key=lambda each: each.order)
        if panel.place == place and (content := panel.build(request, lead)) is not None
    ]
