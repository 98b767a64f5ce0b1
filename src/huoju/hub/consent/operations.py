"""Writing consent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentAnswer:
    """A person's yes or no for one channel and purpose, and the proof: form, version, text shown, page, address."""

    person_id: int
    channel: str
    purpose: str
    granted: bool
    at: datetime
    proof: Mapping[str, str] = field(default_factory=dict)


def record_batch(answers: Sequence[ConsentAnswer], *, actor: str, source: str, now: datetime) -> None:
    """Keep the answers, one row and one fact each. Needs a transaction."""
    raise NotImplementedError
