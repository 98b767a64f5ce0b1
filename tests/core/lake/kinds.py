"""Kinds of facts for these tests."""

from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from huoju.core.facts.kinds import fact


@fact("lake_test.seen", personal=("page",))
class Seen:
    """A page was seen."""

    page: str
    seconds: int | None = None
    at: datetime | None = None
    tags: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)


@fact("lake_test.bought")
class Bought:
    """Something was bought."""

    amount: Decimal
    sure: bool = False
    on: date | None = None
    ratio: float | None = None
    id: UUID | None = None
