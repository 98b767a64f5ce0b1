"""What the rooms above say of a person when two are compared; `site/wiring.py` fills it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from huoju.core.ui.parts import Label

type Lines = Callable[[Sequence[int]], Mapping[int, Sequence[Label]]]
"""What is said of each person, one line a thing, the latest first. One query, or a few, for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aspect:
    """A row of the comparison of two persons: leads, consent. Shown in the order of `order`."""

    code: str
    label: Label
    order: int
    lines: Lines


_aspects: dict[str, Aspect] = {}


def register_aspect(aspect: Aspect) -> None:
    """Add a row; the same code again replaces it."""
    _aspects[aspect.code] = aspect


def all_aspects() -> list[Aspect]:
    """Every row of upper rooms, in order."""
    return sorted(_aspects.values(), key=lambda aspect: aspect.order)
