"""Cards that rooms above put on the operations page; `site/wiring.py` registers them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OperationsPanel:
    """A card: a template that draws it, and what the template reads as `panel.…`. Built every five seconds."""

    code: str
    template: str
    build: Callable[[], Mapping[str, Any]]


_panels: dict[str, OperationsPanel] = {}


def register_panel(panel: OperationsPanel) -> None:
    """Add a card below the readers, in the order of registration. A code that is taken is replaced."""
    _panels[panel.code] = panel


def built_panels() -> list[tuple[str, Mapping[str, Any]]]:
    """Each card's template with what it shows."""
    return [(panel.template, panel.build()) for panel in _panels.values()]
