"""What can be searched for: rooms offer kinds, `site/wiring.py` registers them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huoju.core.access.models import User
from huoju.core.facts.readers import StoredFact
from huoju.core.ui.parts import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A findable thing. `texts` are what it is found by, `audience` the groups that may see it (see `SearchKind`),
    `weight` decides who stands first of equals: larger is newer or more important."""

    object_id: int
    title: str
    subtitle: str = ""
    texts: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A hit as one user sees it now. `badge` is a stage's code or empty."""

    title: str
    subtitle: str
    url: str
    badge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchKind:
    """A kind of findable thing.

    `facts` are the payloads that may change a thing, `touched` names the things that a batch of them touches, `fetch`
    describes those that exist (the others leave the index). `audience_of` names the groups that a user belongs to, None
    for one who sees all; `show` decides, with the rows of today, which hits the user may see, and how they read.
    `forgotten` is called when the index has been emptied, by kinds that are not indexed from their facts alone.
    """

    code: str
    label: Label
    icon: str
    facts: tuple[type[Any], ...]
    touched: Callable[[Sequence[StoredFact]], set[int]]
    fetch: Callable[[Sequence[int]], Sequence[Entry]]
    audience_of: Callable[[User], Sequence[str] | None]
    show: Callable[[User, Sequence[int]], Mapping[int, Shown]]
    forgotten: Callable[[], None] | None = None


_kinds: dict[str, SearchKind] = {}


def register_kind(kind: SearchKind) -> None:
    """Make things of `kind` findable. Registering one again replaces it."""
    _kinds[kind.code] = kind


def kind_named(code: str) -> SearchKind:
    """The kind of this code. Raises `KeyError`."""
    return _kinds[code]


def all_kinds() -> list[SearchKind]:
    """Every kind, in the order of registration: that of the results."""
    return list(_kinds.values())
