"""Persons, companies and leads as intake would have made them, with their facts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction

from huoju.acquire.campaigns.models import Channel
from huoju.core.access.models import User
from huoju.core.facts.operations import NewFact, append
from huoju.hub.companies.models import Company
from huoju.hub.identity.models import Person
from huoju.qualify.leads.facts import LeadCaptured
from huoju.qualify.leads.models import Lead

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_numbers: Iterator[int] = count(1)


@dataclass(frozen=True)
class Known:
    """A lead with its person and company."""

    lead: Lead
    person: Person
    company: Company | None


def days_ago(days: float) -> datetime:
    """That many days before `NOW`."""
    return NOW - timedelta(days=days)


def make_lead(
    *,
    company: Company | str | None = "Acme 数据",
    person: Person | None = None,
    title: str = "CTO",
    email: str = "wang@acme-data.cn",
    mobile: str = "",
    size: str = "",
    captured_at: datetime = NOW,
    channel: str = "",
    fact: bool = True,
    via: str = "form",
    purpose: str = "",
    **fields: Any,
) -> Known:
    """A lead; with `fact` its capture is in the log, recorded when it happened."""
    if isinstance(company, str):
        company, _ = Company.objects.get_or_create(
            key=company, defaults={"name": company, "size": size, "created_at": NOW}
        )
    if person is None:
        person = Person.objects.create(
            name=f"王{next(_numbers)}",
            title=title,
            email=email,
            mobile=mobile,
            company=company,
            created_at=NOW,
        )
    if channel:
        fields["channel"], _ = Channel.objects.get_or_create(
            code=channel, defaults={"name": channel, "kind": "free"}
        )
    lead = Lead.objects.create(
        person=person, company=company,
        **({"stage": "lead", "stage_at": captured_at, "stage_actor": "visitor"} | fields),
        captured_at=captured_at, created_at=captured_at,
    )  # fmt: skip
    if fact:
        tell(LeadCaptured(lead_id=lead.pk, via=via, purpose=purpose), person=person, at=captured_at)
    return Known(lead, person, company)


def tell(
    payload: Any, *, person: Person | None, at: datetime = NOW, recorded_at: datetime | None = None
) -> None:
    """Append one fact about a person."""
    with transaction.atomic():
        append(
            [NewFact(payload=payload, occurred_at=at, person_id=person.pk if person else None)],
            actor="visitor", source="test", now=recorded_at or at,
        )  # fmt: skip


def make_user(name: str, role: str = "sales", **fields: Any) -> User:
    """Somebody who works here."""
    return User.objects.create(username=f"{name}{next(_numbers)}", name=name, role=role, **fields)
