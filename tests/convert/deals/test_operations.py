"""From opportunity to money: every step moves the lead, tells the log, and refuses what cannot be."""

from datetime import timedelta
from decimal import Decimal
from threading import Event

import pytest
from django.db import transaction

from huoju.convert.deals import operations, queries
from huoju.convert.deals.models import Opportunity, Payment, Poc
from huoju.convert.deals.policy import LostReason
from huoju.core.access.models import User
from huoju.core.errors import UserError
from huoju.core.facts.models import Fact
from huoju.hub.companies.models import Company
from huoju.qualify.leads import operations as leads
from huoju.qualify.leads.models import Lead
from huoju.qualify.leads.policy import Stage
from tests.convert.selling import NOW, lead_at, person_of_role
from tests.races import race, wait_for_a_waiting_session

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def seller() -> User:
    return person_of_role("sales")


def opened(seller: User) -> Opportunity:
    lead = lead_at(Stage.SQL, seller)
    return operations.open_opportunity(
        user=seller,
        lead_id=lead.pk,
        name="数据平台一期",
        amount=Decimal("380000"),
        expected_on=None,
        now=LATER,
    )


def stage_of(deal: Opportunity) -> str:
    return Lead.objects.get(pk=deal.lead_id).stage


def deal_kinds(deal: Opportunity) -> list[str]:
    found = Fact.objects.filter(payload__opportunity_id=deal.pk).order_by("tx", "id")
    return list(found.values_list("kind", flat=True))


def test_the_whole_way(seller: User) -> None:
    deal = opened(seller)
    assert stage_of(deal) == "opportunity"
    operations.start_poc(
        user=seller, opportunity_id=deal.pk, criteria="10 亿行 1 小时", due_on=None, now=LATER
    )
    assert stage_of(deal) == "poc"
    operations.end_poc(user=seller, opportunity_id=deal.pk, passed=True, failure_reason="", now=LATER)
    signed = LATER - timedelta(minutes=5)
    operations.win(user=seller, opportunity_id=deal.pk, amount=Decimal("360000"), won_at=signed, now=LATER)
    for amount in ("120000.50", "239999.50"):
        operations.record_payment(
            user=seller, opportunity_id=deal.pk, amount=Decimal(amount), paid_at=LATER, note="", now=LATER
        )
    found = queries.get_deal_of_lead(deal.lead_id)
    assert found is not None
    assert (found.paid, found.opportunity.state, found.opportunity.won_at) == (Decimal(360000), "won", signed)
    lead = Lead.objects.get(pk=deal.lead_id)
    assert (lead.stage, lead.won_at, lead.poc_at) == ("won", signed, LATER)
    assert deal_kinds(deal) == [
        *("opportunity.opened", "poc.started", "poc.ended", "opportunity.won"),
        *("payment.recorded", "payment.recorded"),
    ]


def test_a_failed_trial_goes_back_with_its_reason(seller: User) -> None:
    deal = opened(seller)
    operations.start_poc(user=seller, opportunity_id=deal.pk, criteria="x", due_on=None, now=LATER)
    with pytest.raises(UserError):
        operations.end_poc(user=seller, opportunity_id=deal.pk, passed=False, failure_reason=" ", now=LATER)
    poc = operations.end_poc(
        user=seller, opportunity_id=deal.pk, passed=False, failure_reason="性能", now=LATER
    )
    assert (poc.result, poc.failure_reason, stage_of(deal)) == ("failed", "性能", "opportunity")
    operations.start_poc(user=seller, opportunity_id=deal.pk, criteria="again", due_on=None, now=LATER)
    assert Poc.objects.filter(opportunity=deal).count() == 2


def test_a_loss_keeps_reason_and_competitor_and_the_customer_may_come_back(seller: User) -> None:
    deal = opened(seller)
    lose = {"user": seller, "opportunity_id": deal.pk, "reason": LostReason.COMPETITOR, "now": LATER}
    with pytest.raises(UserError):
        operations.lose(competitor="", **lose)  # type: ignore[arg-type]
    assert stage_of(deal) == "opportunity"
    lost = operations.lose(competitor="Databridge", **lose)  # type: ignore[arg-type]
    assert (lost.state, lost.competitor, stage_of(deal)) == ("lost", "Databridge", "lost")
    with pytest.raises(UserError):
        operations.open_opportunity(
            user=person_of_role("executive"),
            lead_id=deal.lead_id,
            name="x",
            amount=None,
            expected_on=None,
            now=LATER,
        )


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_amounts_must_be_more_than_nothing(seller: User, amount: str) -> None:
    deal = opened(seller)
    with pytest.raises(UserError):
        operations.win(user=seller, opportunity_id=deal.pk, amount=Decimal(amount), won_at=LATER, now=LATER)
    assert stage_of(deal) == "opportunity"


def test_nothing_is_signed_or_paid_in_the_future(seller: User) -> None:
    deal = opened(seller)
    tomorrow = LATER + timedelta(days=1)
    with pytest.raises(UserError):
        operations.win(user=seller, opportunity_id=deal.pk, amount=Decimal(1), won_at=tomorrow, now=LATER)
    operations.win(user=seller, opportunity_id=deal.pk, amount=Decimal(1), won_at=LATER, now=LATER)
    with pytest.raises(UserError):
        operations.record_payment(
            user=seller, opportunity_id=deal.pk, amount=Decimal(1), paid_at=tomorrow, note="", now=LATER
        )


def test_money_comes_in_only_on_a_won_deal_and_can_be_taken_back(seller: User) -> None:
    deal = opened(seller)
    pay = {
        "user": seller,
        "opportunity_id": deal.pk,
        "amount": Decimal(5),
        "paid_at": LATER,
        "note": "",
        "now": LATER,
    }
    with pytest.raises(UserError):
        operations.record_payment(**pay)  # type: ignore[arg-type]
    operations.win(user=seller, opportunity_id=deal.pk, amount=Decimal(9), won_at=LATER, now=LATER)
    payment = operations.record_payment(**pay)  # type: ignore[arg-type]
    operations.withdraw_payment(user=seller, payment_id=payment.pk, reason="重复", now=LATER)
    assert not Payment.objects.exists()
    assert deal_kinds(deal)[-2:] == ["payment.recorded", "payment.withdrawn"]


def test_a_payment_stays_with_the_company_whose_deal_it_was(seller: User) -> None:
    then, now = (Company.objects.create(name=name, key=name, created_at=NOW) for name in ("then", "now"))
    deal = opened(seller)
    operations.win(user=seller, opportunity_id=deal.pk, amount=Decimal(9), won_at=LATER, now=LATER)
    Opportunity.objects.filter(pk=deal.pk).update(company=then, external_id="crm:1")
    by_hand = operations.record_payment(
        user=seller, opportunity_id=deal.pk, amount=Decimal(5), paid_at=LATER, note="", now=LATER
    )
    line = operations.NewPayment(
        deal_external_id="crm:1", external_id="p:1", amount=Decimal(1), currency="CNY", paid_at=NOW
    )
    (read,) = operations.record_payments_batch([line], import_id=3, actor="import:3", now=LATER)
    Opportunity.objects.filter(pk=deal.pk).update(company=now)
    assert set(Payment.objects.values_list("company", flat=True)) == {then.pk}
    operations.withdraw_payment(user=seller, payment_id=by_hand.pk, reason="重复", now=LATER)
    operations.withdraw_imported_payments(payment_ids=[read or 0], import_id=3, actor="import:3", now=LATER)
    told = Fact.objects.filter(kind__startswith="payment.").values_list("company_id", flat=True)
    assert list(told) == [then.pk] * 4


def test_a_deal_of_somebody_else_cannot_be_touched(seller: User) -> None:
    deal = opened(seller)
    stranger = person_of_role("sales")
    with pytest.raises(Lead.DoesNotExist):
        operations.win(user=stranger, opportunity_id=deal.pk, amount=Decimal(1), won_at=LATER, now=LATER)
    assert list(queries.visible_to(stranger)) == []


def test_the_board_counts_and_adds_up(seller: User) -> None:
    first, second = opened(seller), opened(seller)
    operations.win(user=seller, opportunity_id=second.pk, amount=Decimal(100), won_at=LATER, now=LATER)
    columns = {column.stage: column for column in queries.board(seller)}
    assert (columns["opportunity"].count, columns["opportunity"].total) == (1, Decimal(380000))
    assert [deal.pk for deal in columns["opportunity"].deals] == [first.pk]
    assert (columns["won"].count, columns["won"].total, columns["lost"].count) == (1, Decimal(100), 0)


def history(lead: Lead, **changes: object) -> operations.Outcome:
    values = {
        "lead_id": lead.pk, "person_id": lead.person_id, "company_id": None, "name": "旧系统", "owner_id": None,
        "opened_at": NOW, "won_at": NOW, "amount": Decimal(10), "currency": "CNY", "external_id": f"crm:{lead.pk}",
    }  # fmt: skip
    return operations.Outcome(**(values | changes))  # type: ignore[arg-type]


def test_deals_of_a_file_come_in_once_and_payments_find_them() -> None:
    leads = [lead_at(Stage.WON), lead_at(Stage.WON)]
    outcomes = [history(lead) for lead in leads]
    first = operations.record_outcomes_batch(outcomes, import_id=1, actor="import:1", now=LATER)
    assert [each.created for each in first] == [True, True]
    again = operations.record_outcomes_batch(outcomes, import_id=2, actor="import:2", now=LATER)
    assert again == [operations.Recorded(each.opportunity_id, False, {}) for each in first]
    assert Fact.objects.filter(kind="opportunity.won").count() == 2

    def payment(number: int, deal: str) -> operations.NewPayment:
        return operations.NewPayment(
            deal_external_id=deal,
            external_id=f"p:{number}",
            amount=Decimal("1.10"),
            currency="CNY",
            paid_at=NOW,
        )

    lines = [payment(n, f"crm:{leads[n % 2].pk}") for n in range(4)] + [payment(9, "crm:unknown")]
    ids = operations.record_payments_batch(lines, import_id=3, actor="import:3", now=LATER)
    assert [pk is not None for pk in ids] == [True, True, True, True, False]
    assert operations.record_payments_batch(lines, import_id=4, actor="import:4", now=LATER) == ids
    assert Fact.objects.filter(kind="payment.recorded").count() == 4
    made = [pk for pk in ids if pk is not None]
    operations.withdraw_imported_payments(payment_ids=made, import_id=3, actor="import:3", now=LATER)
    operations.withdraw_imported_payments(payment_ids=made, import_id=3, actor="import:3", now=LATER)
    assert not Payment.objects.exists()
    assert Fact.objects.filter(kind="payment.withdrawn").count() == 4
    operations.undo_outcomes_batch([each.undo for each in first])
    assert not Opportunity.objects.exists()


def test_a_later_file_changes_a_deal_and_its_rollback_puts_it_back() -> None:
    lead = lead_at(Stage.WON)
    operations.record_outcomes_batch([history(lead)], import_id=1, actor="import:1", now=LATER)
    before = Opportunity.objects.values().get(lead=lead)
    change = history(lead, amount=Decimal("99.50"), won_at=LATER, external_id="crm:new")
    (changed,) = operations.record_outcomes_batch([change], import_id=2, actor="import:2", now=LATER)
    assert Opportunity.objects.get(lead=lead).amount == Decimal("99.50")
    operations.undo_outcomes_batch([changed.undo])
    assert Opportunity.objects.values().get(lead=lead) == before


def test_a_trial_of_an_old_system_ends_with_its_deal() -> None:
    won, lost, running = lead_at(Stage.WON), lead_at(Stage.LOST), lead_at(Stage.POC)
    outcomes = [
        history(won, poc_at=NOW),
        history(lost, poc_at=NOW, won_at=None, lost_at=LATER, lost_reason="price"),
        history(running, poc_at=NOW, won_at=None),
    ]
    operations.record_outcomes_batch(outcomes, import_id=1, actor="import:1", now=LATER)
    trials = Poc.objects.order_by("opportunity_id").values_list("result", "ended_at", "failure_reason")
    assert list(trials) == [("passed", NOW, ""), ("failed", LATER, "price"), ("", None, "")]


@pytest.mark.django_db(transaction=True)
def test_a_seller_and_an_import_that_win_the_same_deal_wait_for_each_other(seller: User) -> None:
    deal = opened(seller)
    held = Event()
    outcome = operations.Outcome(
        lead_id=deal.lead_id, person_id=deal.lead.person_id, company_id=None, name="", owner_id=None,
        opened_at=NOW, won_at=LATER, amount=Decimal("5"), currency="CNY",
    )  # fmt: skip

    def bring_in() -> None:
        with transaction.atomic():
            leads.hold(deal.lead_id)  # as taking in its row does
            held.set()
            wait_for_a_waiting_session()
            operations.record_outcomes_batch([outcome], import_id=1, actor="import:1", now=LATER)

    def win() -> str:
        held.wait(30)
        with pytest.raises(UserError) as refused:
            operations.win(user=seller, opportunity_id=deal.pk, amount=Decimal("7"), won_at=LATER, now=LATER)
        return refused.value.code

    assert race(bring_in, win) == [None, "state"]
    deal.refresh_from_db()
    assert (deal.state, deal.amount) == ("won", Decimal("5"))
