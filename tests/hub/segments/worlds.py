"""Random small worlds: the same people in PostgreSQL and in memory."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from huoju.convert.deals.models import Opportunity, Payment
from huoju.core.facts.operations import NewFact, append
from huoju.hub.companies.models import Alias as CompanyAlias
from huoju.hub.companies.models import Company
from huoju.hub.consent.models import Consent
from huoju.hub.identity.models import Alias, Person
from huoju.hub.profile.models import Combined, Tag, TagAssignment
from huoju.hub.segments.models import ListEntry, PersonList
from huoju.qualify.leads.models import Lead

from .kinds import NOW, Asked, Visited
from .oracle import Happened, Row, World

PEOPLE = 6


def _ago(dice: random.Random) -> timedelta:
    """Often exactly at the edge of a window, or a moment beside it."""
    edge = dice.choice([0, 1, 3, 7, 30, 40])
    return timedelta(days=edge, microseconds=dice.choice([-1, 0, 1, 3_600_000_000]))


def make(seed: int) -> World:
    """People and companies, merged or not, with leads, tags, a list, and what they did."""
    dice = random.Random(seed)
    world = World(about_companies=frozenset({"company", "company_payments"}))
    companies = [
        Company(id=number, name=f"C{number}", key=f"c{number}", created_at=NOW,
                industry=dice.choice(["", "internet", "retail"]))
        for number in (1, 2, 3)
    ]  # fmt: skip
    Company.objects.bulk_create(companies)
    world.company_aliases = dice.choice([{}, {1: 2}, {3: 1}, {2: 3, 1: 3}])
    CompanyAlias.objects.bulk_create(
        [CompanyAlias(company_id=company, main_id=main) for company, main in world.company_aliases.items()]
    )
    world.rows["company"] = [
        Row(company.pk, (company.pk,), {"company.industry": company.industry}) for company in companies
    ]
    people = [
        Person(
            id=number,
            title=dice.choice(["", "a", "B", "ab", "价格"]),
            country=dice.choice(["", "CN", "SG", "US"]),
            email=dice.choice(["", "x@y.cn"]),
            company_id=dice.choice([None, 1, 2, 3]),
            created_at=NOW - _ago(dice),
        )
        for number in range(1, PEOPLE + 1)
    ]
    Person.objects.bulk_create(people)
    world.persons = {person.pk: person.company_id for person in people}
    world.rows["person"] = [
        Row(
            person.pk,
            (person.pk,),
            {
                "person.title": person.title,
                "person.country": person.country,
                "person.has_email": person.email != "",
                "person.created_at": person.created_at,
            },
        )
        for person in people
    ]
    merged = dice.sample(range(1, PEOPLE + 1), dice.choice([0, 2, 3]))
    world.aliases = dict.fromkeys(merged[1:], merged[0]) if merged else {}
    Alias.objects.bulk_create(
        [Alias(person_id=person, profile_id=other) for person, other in world.aliases.items()]
    )
    _combine(world, dice)
    _leads(world, dice)
    _facts(world, dice)
    _tags(world, dice)
    _payments(world, dice)
    _answers(world, dice)
    return world


def _combine(world: World, dice: random.Random) -> None:
    """What is shown of profiles of several persons; sometimes nobody has said so yet."""
    world.combined["person"] = {}
    for profile in set(world.aliases.values()) if dice.random() < 0.7 else ():
        made = Combined.objects.create(
            profile_id=profile,
            title=dice.choice(["", "a", "ab"]),
            country=dice.choice(["", "CN", "US"]),
            named=True,
            has_mobile=False,
            has_email=dice.choice([True, False]),
            created_at=NOW - _ago(dice),
        )
        world.combined["person"][profile] = {
            "person.title": made.title,
            "person.country": made.country,
            "person.has_email": made.has_email,
            "person.created_at": made.created_at,
        }


def _leads(world: World, dice: random.Random) -> None:
    leads = [
        Lead(
            id=number, person_id=person, stage=dice.choice(["lead", "mql"]), stage_at=NOW,
            stage_actor="test",
            captured_at=NOW - timedelta(days=dice.choice([1, 2])), score=dice.choice([0, 10, 50]), created_at=NOW,
        )
        for number, person in enumerate(dice.sample(range(1, PEOPLE + 1), 4), start=1)
    ]  # fmt: skip
    Lead.objects.bulk_create(leads)
    for source, code, name in (("lead", "lead.stage", "stage"), ("score", "lead.score", "score")):
        world.rows[source] = [
            Row(lead.person_id, (int(lead.captured_at.timestamp()), lead.pk), {code: getattr(lead, name)})
            for lead in leads
        ]


def _facts(world: World, dice: random.Random) -> None:
    facts = []
    for _ in range(dice.randint(0, 14)):
        payload: Any = Asked(topic="x")
        if dice.random() < 0.7:
            payload = Visited(
                page=dice.choice(["", "a", "B", "ab", "价格"]),
                seconds=dice.choice([None, 0, 5, 10]),
                form_id=dice.choice([None, 1, 2, 3]),
            )
        facts.append(
            NewFact(payload=payload, occurred_at=NOW - _ago(dice), person_id=dice.randint(1, PEOPLE + 1))
        )
    put(world, *facts)


def put(world: World, *facts: NewFact) -> None:
    """Append facts to the log and to the world."""
    with transaction.atomic():
        append(facts, actor="test", source="test", now=NOW)
    for fact in facts:
        if fact.person_id is not None:
            kind = "segment_test.visited" if isinstance(fact.payload, Visited) else "segment_test.asked"
            values = {name: getattr(fact.payload, name) for name in fact.payload.__dataclass_fields__}
            world.facts.append(Happened(fact.person_id, kind, fact.occurred_at, values))


def _tags(world: World, dice: random.Random) -> None:
    Tag.objects.create(id=1, name="t", created_at=NOW)
    holders = {
        person: dice.choice([None, NOW - timedelta(days=1), NOW, NOW + timedelta(days=2)])
        for person in dice.sample(range(1, PEOPLE + 1), 2)
    }
    TagAssignment.objects.bulk_create(
        TagAssignment(person_id=person, tag_id=1, source="hand", actor="test", at=NOW, expires_at=until)
        for person, until in holders.items()
    )
    world.tags = {1: holders}
    PersonList.objects.create(id=1, name="l", created_at=NOW)
    listed = dice.sample(range(1, PEOPLE + 1), 2)
    ListEntry.objects.bulk_create(ListEntry(list_id=1, person_id=person) for person in listed)
    world.lists = {1: set(listed)}


def _payments(world: World, dice: random.Random) -> None:
    """Money on the deals of some leads, some of it in another currency, which no total has."""
    leads = {lead.pk: lead.person_id for lead in Lead.objects.all()}
    Opportunity.objects.bulk_create(
        Opportunity(id=lead, lead_id=lead, name="o", opened_at=NOW, state="won", won_at=NOW) for lead in leads
    )
    payments = [
        Payment(
            id=number,
            opportunity_id=dice.choice(list(leads)),
            company_id=dice.choice([None, 1, 2, 3]),
            amount=Decimal(dice.choice(["0.50", "5", "10"])),
            currency=dice.choice(["CNY", "CNY", "USD"]),
            paid_at=NOW - _ago(dice),
        )
        for number in range(1, dice.randint(1, 6))
    ]
    Payment.objects.bulk_create(payments)
    for source in ("payments", "company_payments"):
        world.totals |= {f"{source}.total": sum, f"{source}.count": len, f"{source}.first_at": min}
        world.rows[source] = []
        for payment in payments:
            owner = leads[payment.opportunity_id] if source == "payments" else payment.company_id
            values = {
                f"{source}.total": payment.amount if payment.currency == "CNY" else None,
                f"{source}.count": payment.pk,
                f"{source}.first_at": payment.paid_at,
            }
            if owner is not None:
                world.rows[source].append(Row(owner, (payment.pk,), values))


def _answers(world: World, dice: random.Random) -> None:
    """Yes and no to news by mail; answers by other ways, for other ends or unconfirmed ones are no such answer."""
    answers = [
        Consent(
            id=number,
            person_id=dice.randint(1, PEOPLE),
            channel=dice.choice(["email", "email", "sms"]),
            purpose=dice.choice(["marketing", "marketing", "privacy"]),
            state=(state := dice.choice(["given", "confirmed", "pending", "withdrawn"])),
            granted=state in {"given", "confirmed"},
            at=NOW - _ago(dice),
        )
        for number in range(1, dice.randint(1, 10))
    ]
    Consent.objects.bulk_create(answers)
    world.rows["news_email"] = [
        Row(
            answer.person_id,
            (int(answer.at.timestamp() * 1_000_000), answer.pk),
            {"news_email.yes": answer.granted, "news_email.answered_at": answer.at},
        )
        for answer in answers
        if (answer.channel, answer.purpose) == ("email", "marketing") and answer.state != "pending"
    ]
