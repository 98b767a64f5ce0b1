"""The cards of the start page: wings register, each decides for whom it has something to say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True)
class CardContent:
    """What a card shows; its template draws the `<section class="card">` itself and reads `card.…`.

    `wide` takes the whole row; otherwise two stand side by side. `charts`: it draws some, the page loads the scripts.
    """

    template: str
    context: Mapping[str, Any]
    wide: bool = False
    charts: bool = False


@dataclass(frozen=True)
class _Registered:
    order: int
    action: str | None
    build: Callable[[HttpRequest], CardContent | None]


_cards: dict[str, _Registered] = {}


def register_home_card(
    code: str,
    build: Callable[[HttpRequest], CardContent | None],
    *,
    order: int = 50,
    action: str | None = None,
) -> None:
    """Put a card on the start page of everybody who may do `action` (None: everybody); low `order` stands first."""
    _cards[code] = _Registered(order, action, build)


def home_cards(request: HttpRequest, may: Callable[[str], bool]) -> list[CardContent]:
    """The cards for this request, in order."""
    shown = sorted(
        (item for item in _cards.values() if item.action is None or may(item.action)),
        key=lambda item: item.order,
    )
    built = [item.build(request) for item in shown]
    return [card for card in built if card is not None]
