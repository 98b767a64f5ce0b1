"""Telling facts to people: each room says in one place how its facts read on a timeline.

A teller turns a payload into a `Told`. It asks `names` for what ids are called ("user", 7); the names that a whole page
of facts needs are fetched together, one query a kind of name.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from huoju.core.ui.parts import Event, Label, Tone

from .kinds import kind_named, kind_of
from .models import Fact


@dataclass(frozen=True, slots=True)
class Told:
    """How one fact reads: a title, an icon (tabler.io), and perhaps a text under it."""

    title: Label
    icon: str = "point"
    text: Label = ""
    tone: Tone = ""


class Names:
    """What ids are called. The first telling only collects what is asked for; the second gets the answers."""

    def __init__(self) -> None:
        self._wanted: dict[str, set[int]] = {}
        self._known: dict[str, Mapping[int, str]] = {}
        self._ruled: dict[str, set[int]] = {}
        self._words: dict[str, Mapping[int, Words]] = {}

    def of(self, kind: str, id_: int | None) -> str:
        """The name of `id_`, empty for None, `#7` for one that is gone."""
        if id_ is None:
            return ""
        if kind in self._known:
            return self._known[kind].get(id_) or f"#{id_}"
        self._wanted.setdefault(kind, set()).add(id_)
        return ""

    def words(self, rule: str) -> "Words":
        """How the codes that rule `mql/3` leaves behind read; empty where its room does not say. Of `rule:answer` the
        answer is asked for with its colon, so that it is not taken for a rule of the same code."""
        book, _slash, version = rule.partition("/")
        if book not in _rules or _rules[book].words is None or not version.isdecimal():
            return {}
        self._ruled.setdefault(book, set()).add(int(version))
        return self._words.get(book, {}).get(int(version), {})

    def fetch(self) -> None:
        """Look up everything that was asked for."""
        for kind, ids in self._wanted.items():
            self._known[kind] = _names[kind](sorted(ids))
        for book, versions in self._ruled.items():
            if words := _rules[book].words:
                self._words[book] = {version: words(version) for version in sorted(versions)}


type Teller = Callable[[Any, Names], Told]
type NameSource = Callable[[Sequence[int]], Mapping[int, str]]
type Words = Mapping[str, str]
type WordSource = Callable[[int], Words]


@dataclass(frozen=True, slots=True)
class _Rules:
    label: Label
    words: WordSource | None
    versioned: bool


_tellers: dict[str, Teller] = {}
_names: dict[str, NameSource] = {}
_rules: dict[str, _Rules] = {}


def register_teller(payload_type: type[Any], teller: Teller) -> None:
    """Say how facts with this payload read."""
    _tellers[kind_of(payload_type).name] = teller


def register_names(kind: str, source: NameSource) -> None:
    """Say what ids of `kind` are called: `source(ids)` answers for all of them in one query."""
    _names[kind] = source


def register_rules(
    book: str, label: Label, words: WordSource | None = None, *, versioned: bool = True
) -> None:
    """Say what the rules `book` are called as an actor, and how the codes of one of their versions read (one query)."""
    _rules[book] = _Rules(label, words, versioned)


def told_kinds() -> list[str]:
    """The kinds that somebody tells."""
    return list(_tellers)


def tell(facts: Iterable[Fact]) -> list[Event]:
    """The facts as entries of a timeline, in their order. Facts of kinds that nobody tells are left out."""
    stored = [fact for fact in facts if fact.kind in _tellers]
    payloads = [_payload(fact) for fact in stored]
    names = Names()
    for fact, payload in zip(stored, payloads, strict=True):
        _tellers[fact.kind](payload, names)
        _actor(fact.actor, names)
    names.fetch()
    events = []
    for fact, payload in zip(stored, payloads, strict=True):
        told = _tellers[fact.kind](payload, names)
        events.append(
            Event(
                at=fact.occurred_at,
                title=told.title,
                icon=told.icon,
                tone=told.tone,
                text=told.text,
                actor=_actor(fact.actor, names),
            )
        )
    return events


def _payload(fact: Fact) -> Any:
    kind = kind_named(fact.kind)
    if kind is None:
        raise KeyError(fact.kind)
    return kind.decode(fact.payload, fact.version)


def actor_names(actors: Iterable[str]) -> dict[str, str]:
    """What actors (`user:7`, `rule:mql/3`) are called, by their codes. One query."""
    wanted = list(actors)
    names = Names()
    for actor in wanted:
        _actor(actor, names)
    names.fetch()
    return {actor: str(_actor(actor, names)) for actor in wanted}


_ACTORS: dict[str, Label] = {
    "visitor": _("Visitor"),
    "rule": _("Rule"),
    "import": _("Import"),
    "api": _("API"),
    "system": _("Huoju"),
    "reader": _("Huoju"),
}


def _actor(actor: str, names: Names) -> Label:
    """`user:7` by name, `rule:mql/3` as "MQL criteria v3"."""
    kind, _colon, rest = actor.partition(":")
    if kind == "user" and rest.isdigit():
        return names.of("user", int(rest))
    if kind == "rule":
        book, _slash, version = rest.partition("/")
        if book in _rules:
            label = _rules[book].label
            return f"{label} v{version}" if _rules[book].versioned and version.isdecimal() else label
    label = _ACTORS.get(kind, "")
    if not label:
        return actor
    return f"{label} {rest}".strip() if kind in {"rule", "import"} else label
