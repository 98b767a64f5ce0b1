"""Interest becomes leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..policy import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInterest:
    """One interest of a known person, from whatever door.

    `origin` ("submission:12", "import:3/77") makes it count once. `external_id` ("system:id") names a lead of
    another system: a known one is updated instead. `reached`, `outcome` and `reason` are imported history; without
    them the lead begins at the first stage. `at` is the first contact. Codes and ids are those of the rooms that own
    them.
    """

    origin: str
    person_id: int
    via: str  # form, api, import, hand
    at: datetime
    company_id: int | None = None
    channel_id: int | None = None
    campaign_id: int | None = None
    keyword: str = ""
    landing_page: str = ""
    referrer: str = ""
    product: str = ""
    region: str = ""
    industry: str = ""
    size: str = ""
    segment: str = ""
    message: str = ""
    owner_id: int | None = None
    sdr_id: int | None = None
    external_id: str | None = None
    reached: Mapping[Stage, datetime] = field(default_factory=dict)
    outcome: Stage | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    submission_id: int | None = None
    import_id: int | None = None
    purpose: str = ""  # what the form was for


@dataclass(frozen=True, slots=True)
class Captured:
    """What became of one interest: a new lead, a touch that joined an open one, an update of a known external id, or
    (none of the three) nothing new, because its origin was taken in before or says nothing new.

    `before` is what an update overwrote, as JSON values; `changes.restore_batch` writes it back.
    """

    lead_id: int
    created: bool = False
    joined: bool = False
    updated: bool = False
    before: Mapping[str, Any] | None = None


def capture_batch(
    interests: Sequence[NewInterest], *, actor: str, source: str, now: datetime
) -> list[Captured]:
    """Make leads of `interests`, or let them join. Needs a transaction."""
    raise NotImplementedError
