"""Whatever happens, in whatever order: memberships kept from the log are those of a full evaluation, at every step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from huoju.convert.deals.facts import PaymentRecorded, PaymentWithdrawn
from huoju.convert.deals.models import Opportunity, Payment
from huoju.core.errors import UserError
from huoju.core.facts.delivery import drain
from huoju.core.facts.models import DeadLetter, Fact
from huoju.core.facts.operations import NewFact, append
from huoju.hub.companies import operations as companies
from huoju.hub.companies.models import Company, CompanyMerge
from huoju.hub.consent.operations import ConsentAnswer, record_batch
from huoju.hub.identity import operations as identity
from huoju.hub.identity.models import Merge, Person
from huoju.hub.privacy.facts import PersonErased
from huoju.hub.profile.models import Tag, TagAssignment
from huoju.hub.profile.operations import set_fields, tag_batch, untag_batch
from huoju.hub.profile.policy import Field
from huoju.hub.profile.readers import profile_reader
from huoju.hub.segments.asking import company_zone, compiler, offset_at, set_now, sources, statement
from huoju.hub.segments.membership import build, follow_due
from huoju.hub.segments.models import ListEntry, PersonList, Segment
from huoju.hub.segments.operations import create_segment
from huoju.hub.segments.policy.formula import normalise
from huoju.hub.segments.queries import count_members, list_members, vocabulary
from huoju.hub.segments.readers import segments_reader
from huoju.qualify.leads.models import Lead

from .kinds import CONDITIONS, NOW, Asked, Visited

PEOPLE, COMPANIES = 4, 3


@dataclass
class _Watched:
    """A segment, the question of a full evaluation, and who was in at each moment."""

    segment: Segment
    question: str
    seen: list[tuple[datetime, set[int]]] = field(default_factory=list)


@dataclass
class _Run:
    """A company at a moment of its history."""

    now: datetime = NOW
    watched: list[_Watched] = field(default_factory=list)

    def tell(
        self, payload: Any, person_id: int, ago: timedelta = timedelta(), company_id: int | None = None
    ) -> None:
        """Append a fact, perhaps a late one."""
        new = NewFact(payload=payload, occurred_at=self.now - ago, person_id=person_id, company_id=company_id)
        append([new], actor="test", source="test", now=self.now)

    def watch(self, condition: dict[str, Any]) -> None:
        """Make a segment."""
        name = f"S{len(self.watched)}"
        made = create_segment(name=name, definition={"where": condition}, user_id=None, now=self.now)
        build(segment_id=made.pk, now=self.now)
        known = vocabulary()
        formula = normalise(known.segments[made.pk], known, company_zone())
        asked = compiler(sources(), offset_at(self.now), restricted=False).members(formula)
        self.watched.append(_Watched(made, statement(asked).whole()))

    def check(self) -> None:
        """Let the reader and the clock do their work, and compare with everybody evaluated afresh."""
        drain([profile_reader(), segments_reader()], horizon="own")
        while follow_due(now=self.now):
            pass
        set_now(self.now)
        for each in self.watched:
            with connection.cursor() as cursor:
                cursor.execute(each.question)
                expected = {row[0] for row in cursor.fetchall()}
            inside = set(list_members(each.segment).values_list("profile_id", flat=True))
            assert inside == expected
            each.seen.append((self.now, inside))

    def check_history(self) -> None:
        """Who was in then: as memberships say, and as the facts of entering and leaving say when they are replayed."""
        facts = list(Fact.objects.filter(kind__startswith="segment.").order_by("tx", "id"))
        for each in self.watched:
            told = [fact for fact in facts if fact.payload["segment_id"] == each.segment.pk]
            for moment, seen in each.seen:
                at = list_members(each.segment, at=moment)
                assert set(at.values_list("profile_id", flat=True)) == seen
                replayed: set[int | None] = set()
                for fact in told:
                    if fact.occurred_at <= moment:
                        (replayed.add if fact.kind == "segment.entered" else replayed.discard)(fact.person_id)
                assert replayed == seen
            assert count_members([each.segment.pk]) == {each.segment.pk: len(each.seen[-1][1])}
        assert [letter.traceback for letter in DeadLetter.objects.all()] == []


type Step = Callable[[_Run], object]

PERSONS = st.integers(1, PEOPLE)
SECOND = timedelta(seconds=1)
AGES = st.builds(
    lambda days, beside: timedelta(days=days, microseconds=beside),
    st.sampled_from([0, 1, 3, 7, 30]),
    st.sampled_from([-1, 0, 1]),
)


def _visited(person: int, page: str, ago: timedelta) -> Step:
    return lambda run: run.tell(Visited(page=page, seconds=5), person, ago)


def _asked(person: int, ago: timedelta) -> Step:
    return lambda run: run.tell(Asked(), person, ago)


def _called(person: int, title: str, country: str) -> Step:
    values = {Field.TITLE: title, Field.COUNTRY: country}
    return lambda run: set_fields(person_id=person, values=values, actor="test", now=run.now)


def _tagged(person: int, days: int | None) -> Step:
    def step(run: _Run) -> None:
        until = None if days is None else run.now + timedelta(days=days)
        tag_batch([person], tag_id=1, source="hand", actor="test", now=run.now, expires_at=until)

    return step


def _untagged(person: int) -> Step:
    return lambda run: untag_batch([person], tag_id=1, source="hand", actor="test", now=run.now)


def _merged(person: int, into: int) -> Step:
    def step(run: _Run) -> None:
        with suppress(UserError):  # they are one already
            identity.merge(person_id=person, into_id=into, actor="test", now=run.now)

    return step


def _unmerged(which: int) -> Step:
    def step(run: _Run) -> None:
        made = Merge.objects.filter(undone_at=None).order_by("id")
        if made:
            identity.unmerge(merge_id=made[which % len(made)].pk, actor="test", now=run.now)

    return step


def _industry(company: int, industry: str) -> Step:
    changes: dict[str, str | int | None] = {"industry": industry}
    return lambda run: companies.update_company(
        company_id=company, changes=changes, actor="test", now=run.now
    )


def _joined(company: int, into: int) -> Step:
    def step(run: _Run) -> None:
        with suppress(UserError):  # they are one already
            companies.merge(company_id=company, into_id=into, actor="test", now=run.now)

    return step


def _split(which: int) -> Step:
    def step(run: _Run) -> None:
        made = CompanyMerge.objects.filter(unmerged_at=None).order_by("id")
        if made:
            companies.unmerge(merge_id=made[which % len(made)].pk, actor="test", now=run.now)

    return step


def _erased(person: int) -> Step:
    def step(run: _Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL huoju.erasing = 'on'")
            cursor.execute(
                "DELETE FROM facts_fact WHERE person_id = %s AND kind LIKE 'segment_test.%%'", [person]
            )
            cursor.execute("SET LOCAL huoju.erasing = 'off'")
        Person.objects.filter(pk=person).update(title="", country="", company_id=None)
        TagAssignment.objects.filter(person_id=person).delete()
        run.tell(PersonErased(request_id=1), person)

    return step


def _answered(person: int, *, granted: bool, ago: timedelta) -> Step:
    def step(run: _Run) -> None:
        answer = ConsentAnswer(
            person_id=person, channel="email", purpose="marketing", granted=granted, at=run.now - ago
        )
        record_batch([answer], actor="test", source="test", now=run.now)

    return step


def _paid(person: int, amount: int, ago: timedelta, company: int | None = None) -> Step:
    def step(run: _Run) -> None:
        deal = Opportunity.objects.get(lead__person_id=person)
        payment = Payment.objects.create(
            opportunity=deal, company_id=company, amount=Decimal(amount), paid_at=run.now - ago
        )
        run.tell(_told_of(PaymentRecorded, payment), person, ago, company)

    return step


def _unpaid(which: int) -> Step:
    def step(run: _Run) -> None:
        made = Payment.objects.select_related("opportunity__lead").order_by("id")
        if made:
            payment = made[which % len(made)]
            told = _told_of(PaymentWithdrawn, payment, reason="mistake")
            run.tell(told, payment.opportunity.lead.person_id, company_id=payment.company_id)
            payment.delete()

    return step


def _told_of(payload: type[Any], payment: Payment, **more: str) -> Any:
    deal = payment.opportunity
    return payload(
        lead_id=deal.lead_id, opportunity_id=deal.pk, payment_id=payment.pk, amount=payment.amount, currency="CNY",
        **more,
    )  # fmt: skip


def _passed(time: timedelta) -> Step:
    def step(run: _Run) -> None:
        run.now += time

    return step


STEPS = st.one_of(
    st.builds(_visited, PERSONS, st.sampled_from(["a", "B", "ab"]), AGES),
    st.builds(_visited, PERSONS, st.sampled_from(["a", "B", "ab"]), AGES),
    st.builds(_asked, PERSONS, AGES),
    st.builds(_called, PERSONS, st.sampled_from(["a", "B", ""]), st.sampled_from(["CN", "US", ""])),
    st.builds(_tagged, PERSONS, st.sampled_from([None, 1, 3])),
    st.builds(_untagged, PERSONS),
    st.builds(_merged, PERSONS, PERSONS),
    st.builds(_merged, PERSONS, PERSONS),
    st.builds(_unmerged, st.integers(0, 3)),
    st.builds(_industry, st.integers(1, COMPANIES), st.sampled_from(["internet", "retail", ""])),
    st.builds(_joined, st.integers(1, COMPANIES), st.integers(1, COMPANIES)),
    st.builds(_split, st.integers(0, 2)),
    st.builds(_erased, PERSONS),
    st.builds(_answered, PERSONS, granted=st.booleans(), ago=AGES),
    st.builds(_paid, PERSONS, st.sampled_from([5, 10]), AGES, st.sampled_from([None, 1, 2, 3])),
    st.builds(_unpaid, st.integers(0, 3)),
    # Windows end to the microsecond: a step begins a second after the one before.
    st.builds(_passed, st.sampled_from([timedelta(days=1) - SECOND, timedelta(days=3), timedelta(days=30)])),
)


@contextmanager
def _world() -> Iterator[_Run]:
    """A few people of a few companies, and a clock that stands still between steps. Nothing of it stays."""
    run = _Run()
    with transaction.atomic(), patch("django.utils.timezone.now", lambda: run.now):
        Company.objects.bulk_create(
            Company(id=number, name=f"C{number}", key=f"c{number}", industry="internet", created_at=NOW)
            for number in range(1, COMPANIES + 1)
        )
        Person.objects.bulk_create(
            Person(id=number, title="a", country="CN", company_id=1 + number % COMPANIES, created_at=NOW)
            for number in range(1, PEOPLE + 1)
        )
        Lead.objects.bulk_create(
            Lead(
                id=number, person_id=number, stage="won", stage_at=NOW, stage_actor="test", captured_at=NOW,
                created_at=NOW,
            )
            for number in range(1, PEOPLE + 1)
        )  # fmt: skip
        Opportunity.objects.bulk_create(
            Opportunity(lead_id=number, name="o", opened_at=NOW, state="won", won_at=NOW)
            for number in range(1, PEOPLE + 1)
        )
        Tag.objects.create(id=1, name="t", created_at=NOW)
        PersonList.objects.create(id=1, name="l", created_at=NOW)
        ListEntry.objects.create(list_id=1, person_id=1)
        yield run
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=5, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(
    conditions=st.lists(CONDITIONS, min_size=2, max_size=2),
    history=st.lists(STEPS, min_size=6, max_size=14),
)
def test_memberships_follow_whatever_happens(conditions: list[dict[str, Any]], history: list[Step]) -> None:
    """Random definitions, one built on another, over random histories."""
    with _world() as run:
        for condition in conditions:
            run.watch(condition)
        inner = {"type": "segment", "segment": run.watched[0].segment.pk}
        run.watch({"type": "any", "of": [{"type": "not", "of": inner}, conditions[1]]})
        run.check()
        for step in history:
            run.now += SECOND
            step(run)
            run.check()
        run.check_history()


@pytest.mark.django_db
def test_totals_and_permission_are_followed() -> None:
    """What is paid, taken back and said moves people, with the persons that they turn out to be."""
    total: dict[str, Any] = {"type": "trait", "trait": "payments.total", "op": "at_least", "value": 10}
    said: dict[str, Any] = {"type": "trait", "trait": "news_email.yes", "op": "is", "value": True}
    steps: list[tuple[Step, set[int], set[int]]] = [
        (_paid(1, 5, timedelta(days=3)), set(), set()),
        (_paid(2, 5, timedelta()), set(), set()),
        (_answered(2, granted=True, ago=timedelta(days=1)), set(), {2}),
        (_merged(2, 1), {1}, {1}),
        (_answered(1, granted=False, ago=timedelta()), {1}, set()),
        (_unmerged(0), set(), {2}),
        (_paid(2, 10, timedelta()), {2}, {2}),
        (_unpaid(2), set(), {2}),
    ]
    with _world() as run:
        run.watch(total)
        run.watch(said)
        run.check()
        for step, paid, willing in steps:
            run.now += SECOND
            step(run)
            run.check()
            assert [each.seen[-1][1] for each in run.watched] == [paid, willing]
        run.check_history()


@pytest.mark.django_db
def test_what_one_person_of_a_company_brings_moves_all_of_it() -> None:
    """1 and 4 work for company 2, 2 for company 3: a payment on a deal of theirs counts for everybody there."""
    total: dict[str, Any] = {
        "type": "trait", "trait": "company_payments.total", "op": "at_least", "value": 10
    }  # fmt: skip
    steps: list[tuple[Step, set[int]]] = [
        (_paid(1, 10, timedelta(), 2), {1, 4}),
        (_unpaid(0), set()),
        (_paid(1, 5, timedelta(), 2), set()),
        (_paid(2, 5, timedelta(), 3), set()),
        (_joined(3, 2), {1, 2, 4}),
        (_split(0), set()),
        (_paid(3, 10, timedelta(), 3), {2}),
    ]
    with _world() as run:
        run.watch(total)
        run.check()
        for step, inside in steps:
            run.now += SECOND
            step(run)
            run.check()
            assert run.watched[0].seen[-1][1] == inside
        run.check_history()
