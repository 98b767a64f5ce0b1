"""Owners, dimensions, and taking an import back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A lead gets an owner (None: back to nobody), for a reason that `trace` explains line by line.

    `sdr_id` None leaves the telemarketer as is. With `only_if_free` nothing happens to a lead that has an owner by now.
    """

    lead_id: int
    owner_id: int | None
    sdr_id: int | None = None
    rule: str = ""
    trace: tuple[str, ...] = ()
    only_if_free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadChange:
    """New values of dimensions: `product`, `region`, `industry`, `size`, `segment`, `keyword`, `landing_page`,
    `channel_id`, `campaign_id`, `company_id`, `grade`."""

    lead_id: int
    changes: Mapping[str, str | int | None] = field(default_factory=dict)


def assign_batch(
    assignments: Sequence[Assignment], *, actor: str, now: datetime, source: str = "leads"
) -> list[bool]:
    """Give leads to people; True where the owner (or telemarketer) changed."""
    raise NotImplementedError


def update_batch(
    changes: Sequence[LeadChange], *, actor: str, now: datetime, source: str = "leads"
) -> list[bool]:
    """Correct dimensions of leads; True where something changed. Raises `ValueError` for a field that is none."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """One row of an import to be taken back: the lead, whether the row made it, its touch (`origin`), and what an
    update overwrote (`Captured.before`)."""

    lead_id: int
    origin: str
    created: bool = False
    before: Mapping[str, Any] | None = None


def withdraw_batch(
    rows: Sequence[Undo], *, import_id: int, actor: str, now: datetime, source: str = "leads"
) -> list[int]:
    """Take an import's leads back as if they had never been, and leads that it changed to what they were before.

    Returns the leads that had to stay because others have built on them since.
    """
    raise NotImplementedError
