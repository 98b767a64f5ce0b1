"""The only writer of stages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..policy import Mover, Refusal, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step that somebody or some rule wants to take with a lead, at `at` (None: now)."""

    lead_id: int
    to: Stage
    at: datetime | None = None
    reason: str = ""
    rule: str = ""  # "mql/3": the rule and version that decided
    expect: Stage | None = None  # refuse unless the lead stands there


@dataclass(frozen=True, slots=True)
class Moved:
    """The lead took the step."""

    lead_id: int
    source: Stage
    target: Stage
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """The lead did not take the step. `source` is where it stands (None: there is no such lead)."""

    lead_id: int
    source: Stage | None
    target: Stage
    reason: Refusal


def advance_batch(
    moves: Sequence[Move], *, mover: Mover, actor: str, now: datetime, source: str = "leads"
) -> list[Moved | Refused]:
    """Take the steps that the transition table permits to `mover`; the answers are in the order of `moves`."""
    raise NotImplementedError
