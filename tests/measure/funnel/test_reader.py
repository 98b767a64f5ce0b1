"""The reader: rows equal to the leads they tell of, however the facts came, and again after a replay."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huoju.convert.deals.facts import OpportunityWon, PaymentRecorded, PaymentWithdrawn
from huoju.core.access.models import User
from huoju.core.facts import delivery
from huoju.core.facts.models import DeadLetter
from huoju.core.facts.operations import NewFact, append
from huoju.core.facts.replay import replay
from huoju.hub.identity.models import Person
from huoju.measure.funnel.models import FunnelPayment, FunnelRow
from huoju.measure.funnel.readers import FUNNEL
from huoju.qualify.leads.facts import LeadCaptured, LeadStageChanged, LeadWarned, LeadWithdrawn
from huoju.qualify.leads.models import Lead
from huoju.qualify.leads.operations import (
    Assignment,
    LeadChange,
    Move,
    NewInterest,
    advance_batch,
    assign_batch,
    capture_batch,
    update_batch,
)
from huoju.qualify.leads.policy import By, Stage

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WRITTEN = ("region", "industry", "size", "segment", "product", "keyword", "landing_page")
SAME = (
    *WRITTEN,
    *("channel_id", "campaign_id", "owner_id", "sdr_id", "stage"),
    *("captured_at", "mql_at", "sql_at", "opportunity_at", "poc_at", "won_at", "lost_at"),
)

pytestmark = pytest.mark.django_db


def tell(*payloads: Any, person: int = 1, day: int = 0) -> None:
    with transaction.atomic():
        append(
            [NewFact(payload=each, person_id=person, occurred_at=NOW + timedelta(days=day)) for each in payloads],
            actor="system", source="test", now=NOW,
        )  # fmt: skip


def read() -> None:
    delivery.drain([FUNNEL], horizon="own")


def rows() -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if name != "changed_tx"}
        for row in FunnelRow.objects.order_by("lead_id").values()
    ]


def payments() -> list[Any]:
    return list(
        FunnelPayment.objects.order_by("payment_id").values("payment_id", "paid_at", "amount", "withdrawn")
    )


@st.composite
def happenings(draw: st.DrawFn) -> list[tuple[str, int, Any]]:
    """What happens to three leads, in any order: moves, owners, corrections, a withdrawal."""
    return draw(
        st.lists(
            st.one_of(
                st.tuples(
                    st.just("move"), st.integers(0, 2), st.tuples(st.sampled_from(list(Stage)), st.integers(-9, 9))
                ),
                st.tuples(st.just("assign"), st.integers(0, 2), st.sampled_from([None, 0, 1])),
                st.tuples(
                    st.just("update"), st.integers(0, 2),
                    st.tuples(st.sampled_from(WRITTEN), st.sampled_from(["44", "software", ""])),
                ),
            ),
            max_size=15,
        )
    )  # fmt: skip


@given(happenings(), st.integers(1, 7))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_rows_equal_the_leads_and_a_replay_changes_nothing(
    happened: list[tuple[str, int, Any]], batch: int
) -> None:
    with transaction.atomic():
        people = [Person.objects.create(name=f"王{n}", created_at=NOW) for n in range(3)]
        users = [User.objects.create_user(f"u{n}") for n in range(2)]
        made = capture_batch(
            [
                NewInterest(
                    origin=f"test:{n}", person_id=person.pk, via="form", at=NOW - timedelta(days=30), region="31"
                )
                for n, person in enumerate(people)
            ],
            actor="system", source="test", now=NOW,
        )  # fmt: skip
        ids = [each.lead_id for each in made]
        for what, which, how in happened:
            if what == "move":
                move = Move(lead_id=ids[which], to=how[0], at=NOW + timedelta(days=how[1]))
                advance_batch([move], mover=By.HISTORY, actor="system", now=NOW)
            elif what == "assign":
                owner = users[how].pk if how is not None else None
                assign_batch([Assignment(lead_id=ids[which], owner_id=owner)], actor="system", now=NOW)
            else:
                change = LeadChange(lead_id=ids[which], changes=dict([how]))
                update_batch([change], actor="system", now=NOW)
        delivery.ensure_cursors([FUNNEL])
        while any(delivery.run_shards(FUNNEL, [shard], horizon="own", limit=batch) for shard in range(8)):
            pass
        assert not DeadLetter.objects.exists()
        expected = list(Lead.objects.filter(pk__in=ids).order_by("pk").values("pk", *SAME))
        found = list(FunnelRow.objects.order_by("lead_id").values("lead_id", *SAME))
        assert [{**row, "pk": row["lead_id"]} for row in found] == [
            {**row, "lead_id": row["pk"]} for row in expected
        ]
        before = rows()
        replay(FUNNEL, horizon="own")
        assert rows() == before
        transaction.set_rollback(True)


def test_a_withdrawn_lead_stays_as_a_row_that_does_not_count() -> None:
    tell(LeadCaptured(lead_id=5, via="import"), LeadWithdrawn(lead_id=5, reason="rolled back", import_id=1))
    read()
    assert FunnelRow.objects.get().withdrawn


def test_money_of_a_deal() -> None:
    tell(LeadCaptured(lead_id=5, via="form"), day=0)
    tell(
        LeadStageChanged(lead_id=5, from_stage="lead", to_stage="won"),
        OpportunityWon(lead_id=5, opportunity_id=1, amount=Decimal("900.10"), currency="USD"),
        PaymentRecorded(lead_id=5, opportunity_id=1, payment_id=8, amount=Decimal("0.10"), currency="USD"),
        day=3,
    )
    read()
    tell(
        PaymentWithdrawn(
            lead_id=5, opportunity_id=1, payment_id=8, amount=Decimal("0.10"), currency="USD", reason="twice"
        ),
        PaymentRecorded(lead_id=5, opportunity_id=1, payment_id=9, amount=Decimal("900.00"), currency="USD"),
        day=7,
    )
    read()
    row = FunnelRow.objects.get()
    assert (row.won_amount, row.won_currency, row.stage) == (Decimal("900.10"), "USD", "won")
    assert payments() == [
        {"payment_id": 8, "paid_at": NOW + timedelta(days=3), "amount": Decimal("0.10"), "withdrawn": True},
        {
            "payment_id": 9,
            "paid_at": NOW + timedelta(days=7),
            "amount": Decimal("900.00"),
            "withdrawn": False,
        },
    ]
    before = rows(), payments()
    replay(FUNNEL, horizon="own")
    assert (rows(), payments()) == before


def test_a_fact_about_an_unknown_lead_becomes_a_dead_letter() -> None:
    tell(LeadWarned(lead_id=404, codes=["x"]), LeadCaptured(lead_id=5, via="form"))
    read()
    assert DeadLetter.objects.get().kind == "lead.warned"
    assert FunnelRow.objects.get().lead_id == 5


def test_the_number_of_statements_does_not_grow() -> None:
    def one_batch(first: int, count: int) -> int:
        for lead in range(first, first + count):
            tell(
                LeadCaptured(lead_id=lead, via="form"),
                LeadStageChanged(lead_id=lead, from_stage="lead", to_stage="mql"),
                PaymentRecorded(
                    lead_id=lead, opportunity_id=lead, payment_id=lead, amount=Decimal(1), currency="CNY"
                ),
                person=8,
            )
        delivery.ensure_cursors([FUNNEL])
        with CaptureQueriesContext(connection) as sent:
            delivery.run_shards(FUNNEL, [0], horizon="own")
        return len(sent)

    assert one_batch(1, 1) == one_batch(10, 60)
    assert FunnelRow.objects.count() == 61
