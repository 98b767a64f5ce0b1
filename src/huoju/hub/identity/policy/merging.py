"""Two persons that are one: the evidence, what forbids it, and which persons are read as whom.

A merge is an edge between two persons; nothing else changes. Whom a person is read as follows from the edges in
force alone, so taking an edge away, whichever and whenever, gives what would be without it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from huoju.core.text import msgid

from .grouping import Block
from .kinds import KIND_RULES, Identifier, IdentifierKind, slot_of


class Agreement(StrEnum):
    """How far two persons agree in one field."""

    EXACT = "exact"
    CLOSE = "close"  # a spelling, an abbreviation, another script
    WEAK = "weak"
    DIFFERENT = "different"
    UNKNOWN = "unknown"  # at least one of them has no value


AGREEMENT_LABELS: dict[Agreement, str] = {
    Agreement.EXACT: msgid("Same"),
    Agreement.CLOSE: msgid("Nearly the same"),
    Agreement.WEAK: msgid("Somewhat alike"),
    Agreement.DIFFERENT: msgid("Different"),
    Agreement.UNKNOWN: msgid("Not known"),
}
"""English msgids, translated where they are shown."""


class Evidence(NamedTuple):
    """What one field says for or against two persons being one.

    `field` is an identifier's kind or a column ("name", "company", "region"); `left` and `right` the values as they
    were compared. `weight` is the base-2 logarithm of the Bayes factor: +1 doubles the odds, 0 says nothing.
    """

    field: str
    left: str = ""
    right: str = ""
    level: Agreement = Agreement.EXACT
    weight: float = 0.0

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {**self._asdict(), "level": self.level.value}

    def turned(self) -> "Evidence":
        """The same, seen from the other person."""
        return self._replace(left=self.right, right=self.left)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Evidence":
        """From JSON that `stored` made."""
        return cls(**{**stored, "level": Agreement(stored["level"])})


class Method(StrEnum):
    """Who found that two persons may be one."""

    RULE = "rule"  # one input named identifiers of both
    SPLINK = "splink"  # a probability, from names, companies and the like
    HAND = "hand"  # somebody looked for the other one


METHOD_LABELS: dict[Method, str] = {
    Method.RULE: msgid("Named together"),
    Method.SPLINK: msgid("Alike"),
    Method.HAND: msgid("Found by hand"),
}
"""English msgids, translated where they are shown."""


class Decision(StrEnum):
    """What became of a proposed merge; an open one has none."""

    MERGED = "merged"
    DIFFERENT = "different"  # two people: never ask again


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two persons, in any order, that may be one; `score` is the probability, 0 to 1.

    `verified`: the input proved that both persons' identifiers belong to whoever sent it.
    """

    left: int
    right: int
    score: float
    evidence: tuple[Evidence, ...] = ()
    verified: bool = False


def profiles(edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Whom each person of `edges` is read as, themselves included. An edge is (person, into), the oldest first.

    The edges are replayed: each joins two groups, and whoever the group of `into` is read as is kept. So what is shown
    is what was chosen last, and it depends on nothing but the edges.
    """
    group: dict[int, list[int]] = {}
    profile: dict[int, int] = {}
    for person, into in edges:
        going, staying = (group.setdefault(each, [each]) for each in (person, into))
        kept = profile.get(into, into)
        if going is not staying:
            staying += going
            for each in going:
                group[each] = staying
        for each in staying:
            profile[each] = kept
    return profile


MAX_MEMBERS = 50
"""So many persons a profile may be at most: more is a mistake at work, not a human being."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a profile is known by, all its persons together."""

    members: int
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why two profiles cannot be one. `kind` is None where it is about no kind of identifier.

    Nobody may pass a `hard` one: two unique identifiers that disagree are two people. A soft one stops rules, and
    warns people: someone may well have had four telephone numbers.
    """

    reason: Block
    hard: bool
    kind: IdentifierKind | None = None
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()


def obstacles(left: Known, right: Known) -> list[Obstacle]:
    """What speaks against two profiles being one: the hard ones first, each in the order of belief."""
    hard: list[Obstacle] = []
    soft: list[Obstacle] = []
    for kind, rule in sorted(KIND_RULES.items(), key=lambda item: item[1].priority):
        ours, theirs = _values(left, kind), _values(right, kind)
        theirs_by = {slot_of(kind, value): value for value in theirs} if rule.single else {}
        clashes = [
            Obstacle(Block.DISAGREE, True, kind, (mine,), (other,))
            for mine in ours
            if (other := theirs_by.get(slot_of(kind, mine), mine)) != mine
        ]
        hard += clashes
        if not clashes and len({*ours, *theirs}) > rule.max_per_person:
            soft.append(Obstacle(Block.LIMIT, False, kind, ours, theirs))
    if left.members + right.members > MAX_MEMBERS:
        hard.append(Obstacle(Block.LIMIT, True))
    return hard + soft


def _values(known: Known, kind: IdentifierKind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.value for each in known.identifiers if each.kind is kind))
