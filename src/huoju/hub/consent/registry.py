"""What consent asks of rooms above it; `site/wiring.py` fills it."""

from collections.abc import Callable
from typing import Any

_relations: list[str] = []
_NOBODY = "SELECT 0 AS person_id, NULL::timestamptz AS bought_at, NULL::timestamptz AS asked_at WHERE false"


def register_relations(sql: str) -> None:
    """Say how we stand with people: a SELECT of `person_id`, `bought_at`, `asked_at` (times, or NULL).

    Any number of rows a person, without grouping: it is joined to the persons that are asked about.
    """
    if sql not in _relations:
        _relations.append(sql)


def relations_sql() -> str:
    """All that was registered, as one SELECT."""
    return " UNION ALL ".join(_relations) or _NOBODY


REQUESTS = ("access", "erasure")
"""What people may ask for about their data on their preference page."""
_takers: list[Callable[..., Any]] = []


def register_request_taker(taker: Callable[..., Any]) -> None:
    """Say who takes requests about data: called with `person_id`, `kind` (of `REQUESTS`), `address` and `now`."""
    _takers[:] = [taker]


def can_take_requests() -> bool:
    """Whether somebody takes requests."""
    return bool(_takers)


def take_request(*, person_id: int, kind: str, address: str, now: Any) -> None:
    """Hand a request on; nothing happens where nobody takes it."""
    for taker in _takers:
        taker(person_id=person_id, kind=kind, address=address, now=now)
