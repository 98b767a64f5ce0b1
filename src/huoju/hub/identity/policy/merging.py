"""Two persons that are one: the evidence, what forbids it, and which persons are read as whom.

A merge is an edge between two persons; nothing else changes. Whom a person is read as follows from the edges in
force alone, so taking an edge away, whichever and whenever, gives what would be without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from huoju.core.text import msgid


class Agreement(StrEnum):
    """How far two persons agree in one field."""

    EXACT = "exact"
    CLOSE = "close"  # a spelling, an abbreviation, another script
    WEAK = "weak"
    DIFFERENT = "different"
    UNKNOWN = "unknown"  # at least one of them has no value


AGREEMENT_LABELS: dict[Agreement, str] = {
    Agreement.EXACT: msgid("Same"),
    Agreement.CLOSE: msgid("Close"),
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
