"""Files of leads and payments through the import engine: history, updates by external id, and all of it taken back."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from huoju.acquire.imports import operations as imports
from huoju.acquire.imports import queries as import_queries
from huoju.acquire.imports.models import Import
from huoju.acquire.imports.registry import Outcome, get_target
from huoju.acquire.imports.running import run_import
from huoju.acquire.imports.surveying import preview_import
from huoju.acquire.imports.undoing import roll_back_import
from huoju.convert.deals.models import Opportunity, Payment, Poc
from huoju.core.access.models import User
from huoju.core.facts import delivery
from huoju.core.facts.models import DeadLetter
from huoju.core.facts.readers import all_readers
from huoju.hub.companies.models import Company
from huoju.hub.identity.models import Person
from huoju.hub.identity.queries import KnownIdentifier, find_identifiers
from huoju.measure.funnel.models import FunnelRow
from huoju.qualify.intake.models import Quarantined
from huoju.qualify.leads.models import Lead

pytestmark = pytest.mark.django_db

HISTORY = {
    "mode": "history",
    "match_on": "external_id",
    "source_system": "crm",
    "create_unknown_owners": True,
}
LEADS = """id,name,mobile,company,source,created,owner
1,张伟,13912340001,杭州云帆数据有限公司,展会,2026-01-05,王芳
2,李娜,13912340002,上海鼎盛软件有限公司,展会,2026-01-06,王芳
3,,,,,2026-01-07,
"""
DEALS = """id,deal,won,amount,owner,poc
1,D1,2026-03-01,120000.50,李雷,2026-02-01
2,D2,2026-01-02,80000,李雷,
9,D9,2026-03-01,1,李雷,
"""
PAYMENTS = """deal,no,amount,paid
D1,P1,60000.25,2026-04-01
D1,P2,60000.25,2026-05-01
D7,P3,5,2026-05-01
D2,P4,-5,2026-05-01
"""
LEAD_COLUMNS = {
    "external_id": "id", "name": "name", "mobile": "mobile", "company": "company", "channel": "source",
    "captured_at": "created", "owner": "owner",
}  # fmt: skip
DEAL_COLUMNS = {
    "external_id": "id", "deal_id": "deal", "won_at": "won", "amount": "amount", "owner": "owner", "poc_at": "poc",
}  # fmt: skip
PAYMENT_COLUMNS = {"deal_id": "deal", "external_id": "no", "amount": "amount", "paid_at": "paid"}


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def run(target: str, text: str, columns: dict[str, str], options: dict[str, Any] | None = None) -> Import:
    record = imports.create_import(
        target=get_target(target),
        file_name="a.csv",
        content=[text.encode()],
        actor="system",
        now=timezone.now(),
    )
    mapping = {
        "version": 1,
        "target": target,
        "options": options if options is not None else HISTORY,
        "columns": [{"field": field, "from": column} for field, column in columns.items()],
    }
    imports.set_mapping(import_id=record.pk, mapping=mapping, now=timezone.now())
    imports.start_import(import_id=record.pk, actor="system", now=timezone.now())
    run_import(import_id=record.pk, clock=timezone.now)
    settle()
    record.refresh_from_db()
    return record


def take_back(record: Import) -> None:
    imports.start_rollback(import_id=record.pk, actor="system", now=timezone.now())
    roll_back_import(import_id=record.pk, clock=timezone.now)
    settle()
    record.refresh_from_db()
    assert record.state == "rolled_back"


def settle() -> None:
    delivery.drain(all_readers(), horizon="own")
    assert not DeadLetter.objects.exists()


def state() -> dict[str, Any]:
    """Everything that an import may change."""
    leads = Lead.objects.order_by("external_id").values_list(
        "external_id", "stage", "captured_at", "won_at", "poc_at", "owner__name", "segment", "warnings"
    )
    funnel = (
        FunnelRow.objects.filter(withdrawn=False)
        .order_by("lead_id")
        .values_list("lead_id", "stage", "won_at")
    )
    return {
        "leads": list(leads),
        "persons": Person.objects.count(),
        "companies": Company.objects.count(),
        "deals": list(
            Opportunity.objects.order_by("external_id").values_list("external_id", "state", "amount")
        ),
        "payments": Payment.objects.count(),
        "funnel": list(funnel),
    }


def reasons(record: Import) -> dict[str, int]:
    every = [outcome.value for outcome in Outcome]
    return {reason.code: count for reason, count in import_queries.count_reasons(record, every)}


def test_a_history_moves_in_and_each_file_can_be_taken_back() -> None:
    empty = state()
    leads = run("leads", LEADS, LEAD_COLUMNS)
    assert leads.counts == {"new": 3}
    captured = state()
    assert [row[:2] for row in captured["leads"]] == [("crm:1", "lead"), ("crm:2", "lead"), ("crm:3", "lead")]
    assert User.objects.get(external_ref="王芳").is_active is False

    deals = run("leads", DEALS, DEAL_COLUMNS)
    assert deals.counts == {"updates": 2, "rejected": 1}
    assert reasons(deals)["unknown_lead"] == 1
    first, second = Lead.objects.get(external_id="crm:1"), Lead.objects.get(external_id="crm:2")
    assert (first.stage, str(first.owner), first.warnings) == ("won", "李雷", [])
    assert second.warnings == ["won_before_captured"]
    deal = Opportunity.objects.get(external_id="crm:D1")
    assert (deal.state, deal.amount, deal.lead_id) == ("won", Decimal("120000.50"), first.pk)
    assert Poc.objects.get(opportunity=deal).result == "passed"
    won = state()

    payments = run("payments", PAYMENTS, PAYMENT_COLUMNS)
    assert payments.counts == {"new": 2, "rejected": 2}
    assert reasons(payments) == {"no_deal": 1, "not_positive": 1}
    assert sum(payment.amount for payment in deal_payments(deal)) == Decimal("120000.50")

    take_back(payments)
    assert state() == won
    take_back(deals)
    assert state() == captured
    take_back(leads)
    assert state() == empty


def deal_payments(deal: Opportunity) -> list[Payment]:
    return list(Payment.objects.filter(opportunity=deal))


def test_the_same_file_again_changes_nothing_and_its_rollback_neither() -> None:
    run("leads", LEADS, LEAD_COLUMNS)
    run("leads", DEALS, DEAL_COLUMNS)
    before = state()
    again = run("leads", DEALS, DEAL_COLUMNS)
    assert state() == before
    take_back(again)
    assert state() == before


def test_an_unknown_owner_is_said_and_the_lead_stays_without_one() -> None:
    record = run("leads", LEADS, LEAD_COLUMNS, HISTORY | {"create_unknown_owners": False})
    assert record.counts == {"new": 3}
    assert reasons(record)["unknown_owner"] == 2
    assert set(Lead.objects.values_list("owner", flat=True)) == {None}


def test_fresh_rows_are_cleaned_and_join_by_person() -> None:
    text = """name,mobile,company
王刚,13912340077,苏州恒通科技有限公司
王刚,139 1234 0077,
测试,13912340088,测试
周强,12345,
"""
    columns = {"name": "name", "mobile": "mobile", "company": "company"}
    record = run("leads", text, columns, {"mode": "fresh"})
    assert record.counts == {"new": 1, "joins": 1, "rejected": 1, "quarantined": 1}
    assert Lead.objects.count() == 1
    assert Quarantined.objects.count() == 2
    take_back(record)
    assert (Lead.objects.count(), Person.objects.count(), Quarantined.objects.count()) == (0, 0, 0)


def test_the_preview_says_what_will_happen() -> None:
    run("leads", LEADS, LEAD_COLUMNS)
    target = get_target("leads")
    assert {field.key for field in target.fields} >= {"external_id", "won_at", "amount", "owner"}
    record = imports.create_import(
        target=target, file_name="b.csv", content=[DEALS.encode()], actor="system", now=datetime.now(UTC)
    )
    mapping = {
        "version": 1, "target": "leads", "options": HISTORY,
        "columns": [{"field": field, "from": column} for field, column in DEAL_COLUMNS.items()],
    }  # fmt: skip
    imports.set_mapping(import_id=record.pk, mapping=mapping, now=timezone.now())
    preview = preview_import(import_id=record.pk)
    assert preview.counts == {"updates": 2, "rejected": 1}


def test_a_large_file_is_read_by_a_process_that_knows_translated_choices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That process has no apps loaded; the outcome of a lead is also known by its label."""
    monkeypatch.setattr("huoju.acquire.imports.feeder.CHILD_FROM_BYTES", 0)
    monkeypatch.setattr("huoju.acquire.imports.running.BATCH_ROWS", 2)
    rows = "".join(
        f"{number},张伟{number},139123400{number:02},{ends}\n"
        for number, ends in enumerate(("lost", "输单", "LOST", "", "lost"))
    )
    record = run(
        "leads",
        f"id,name,mobile,ends\n{rows}",
        {"external_id": "id", "name": "name", "mobile": "mobile", "outcome": "ends"},
        HISTORY,
    )
    assert (record.state, record.error) == ("done", None)
    assert sorted(Lead.objects.values_list("stage", flat=True)) == ["lead", "lost", "lost", "lost", "lost"]


def test_a_batch_that_loses_a_race_for_a_mobile_number_is_taken_in_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other transaction's person is not there yet when the batch looks, and is when it writes."""
    run("leads", "name,mobile\n张伟,13912340001\n", {"name": "name", "mobile": "mobile"}, {})
    blind = [True]

    def find(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], KnownIdentifier]:
        return {} if blind and blind.pop() else find_identifiers(keys)

    monkeypatch.setattr("huoju.hub.identity.operations.resolve.find_identifiers", find)
    text = "name,mobile\n李娜,13912340002\n张伟,13912340001\n"
    record = run("leads", text, {"name": "name", "mobile": "mobile"}, {})
    assert (blind, record.counts) == ([], {"new": 1, "joins": 1})
    assert (Person.objects.count(), Lead.objects.count()) == (2, 2)
