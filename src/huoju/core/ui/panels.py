"""What other rooms show on a record's page.

A page that others add to has a `Panels`; they are registered in `site/wiring.py`, and the page asks each whether it has
something to show for this record and this user. So a wing above stands on the page without the page's room knowing it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel[T]:
    """A part of the page, at one of the page's places ("next", "side" …), lower `order` first.

    `build` returns what the template needs under the name `panel`, or None to show nothing.
    """

    code: str
    place: str
    order: int
    template: str
    build: Callable[[HttpRequest, T], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with its content."""

    code: str
    template: str
    content: Mapping[str, Any]


class Panels[T]:
    """The panels of one kind of page."""

    def __init__(self) -> None:
        self._panels: dict[str, Panel[T]] = {}

    def register(self, *panels: Panel[T]) -> None:
        """Add panels, or replace those of the same codes."""
        for panel in panels:
            self._panels[panel.code] = panel

    def shown(self, request: HttpRequest, record: T, place: str) -> list[Shown]:
        """The panels of one place that have something to show, in order."""
        return [
            Shown(panel.code, panel.template, content)
            for panel in sorted(self._panels.values(), key=lambda each: each.order)
            if panel.place == place and (content := panel.build(request, record)) is not None
        ]
