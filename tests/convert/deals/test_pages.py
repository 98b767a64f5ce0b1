"""The whole sale through the pages: opportunity, trial, contract, money; and every mistake on the way."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from huoju.convert.deals.models import Opportunity, Payment, Poc
from huoju.core.access.models import User
from huoju.qualify.leads.models import Lead
from huoju.qualify.leads.policy import Stage
from tests.convert.selling import lead_at, person_of_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(client: Client) -> User:
    user = person_of_role("sales")
    client.force_login(user)
    return user


@pytest.fixture
def lead(seller: User) -> Lead:
    return lead_at(Stage.SQL, seller)


@pytest.fixture
def deal(client: Client, lead: Lead) -> Opportunity:
    client.post(f"/deals/open/{lead.pk}/", {"name": "数据平台一期", "amount": "380000", "expected_on": ""})
    return Opportunity.objects.get()


def refused(answer: Any, *words: str) -> None:
    """The form came back, with the complaint and with what was typed."""
    assert answer.status_code == 422
    html = answer.content.decode()
    for word in words:
        assert word in html


def went_to(answer: Any, lead: Lead) -> None:
    """Done: back to the lead."""
    assert (answer.status_code, answer.headers.get("Location")) == (303, f"/leads/{lead.pk}/")


def stage_of(lead: Lead) -> str:
    return Lead.objects.get(pk=lead.pk).stage


def test_from_first_talk_to_money(client: Client, lead: Lead) -> None:
    today, tomorrow = timezone.localdate(), timezone.localdate() + timedelta(days=1)
    page = f"/leads/{lead.pk}/"
    assert f'href="/deals/open/{lead.pk}/"' in client.get(page).content.decode()
    url = f"/deals/open/{lead.pk}/"
    refused(client.post(url, {"name": "", "amount": "380000"}), 'value="380000"')
    refused(client.post(url, {"name": "数据平台一期", "amount": "-1"}), "数据平台一期", 'value="-1"')
    assert stage_of(lead) == "sql"
    went_to(client.post(url, {"name": "数据平台一期", "amount": "380000"}), lead)
    deal = Opportunity.objects.get()
    assert (stage_of(lead), deal.name, deal.amount) == ("opportunity", "数据平台一期", Decimal(380000))
    assert "数据平台一期" in client.get("/deals/?mine=1").content.decode()

    url = f"/deals/{deal.pk}/poc/"
    assert url in client.get(page).content.decode()
    refused(client.post(url, {"criteria": " ", "due_on": "2026-12-31"}), 'value="2026-12-31"')
    went_to(client.post(url, {"criteria": "99.9% 可用", "due_on": "2026-12-31"}), lead)
    assert stage_of(lead) == "poc"

    url = f"/deals/{deal.pk}/poc/end/"
    refused(client.post(url, {"result": "failed", "failure_reason": ""}), "Please give a reason.")
    refused(client.post(url, {"result": "maybe", "failure_reason": "太慢"}), 'value="太慢"')
    went_to(client.post(url, {"result": "passed", "failure_reason": ""}), lead)
    assert Poc.objects.get().result == "passed"

    url = f"/deals/{deal.pk}/win/"
    refused(
        client.post(url, {"amount": "0", "won_on": f"{today}"}), "Please give the amount of the contract."
    )
    refused(
        client.post(url, {"amount": "360000", "won_on": f"{tomorrow}"}),
        "This date lies in the future.", 'value="360000"', f'value="{tomorrow}"',
    )  # fmt: skip
    assert stage_of(lead) == "poc"
    went_to(client.post(url, {"amount": "360000", "won_on": f"{today}"}), lead)
    assert stage_of(lead) == "won"

    url = f"/deals/{deal.pk}/payment/"
    refused(client.post(url, {"amount": "0", "paid_on": f"{today}", "note": "首款"}), 'value="首款"')
    went_to(client.post(url, {"amount": "100000", "paid_on": f"{today}", "note": "首款"}), lead)
    payment = Payment.objects.get()
    assert (payment.amount, payment.note) == (Decimal(100000), "首款")
    url = f"/deals/payments/{payment.pk}/withdraw/"
    assert url in client.get(page).content.decode()
    refused(client.post(url, {"reason": ""}))
    went_to(client.post(url, {"reason": "重复"}), lead)
    assert not Payment.objects.exists()


def test_a_failed_trial_takes_the_lead_back(client: Client, lead: Lead, deal: Opportunity) -> None:
    client.post(f"/deals/{deal.pk}/poc/", {"criteria": "快"})
    went_to(client.post(f"/deals/{deal.pk}/poc/end/", {"result": "failed", "failure_reason": "太慢"}), lead)
    assert stage_of(lead) == "opportunity"
    assert "太慢" in client.get(f"/leads/{lead.pk}/").content.decode()


def test_lost_to_a_competitor_that_has_a_name(client: Client, lead: Lead, deal: Opportunity) -> None:
    url = f"/deals/{deal.pk}/lose/"
    refused(
        client.post(url, {"reason": "competitor", "competitor": "", "note": "低价"}),
        "Please name the competitor.", "低价",
    )  # fmt: skip
    assert stage_of(lead) == "opportunity"
    went_to(client.post(url, {"reason": "competitor", "competitor": "友商", "note": "低价"}), lead)
    assert stage_of(lead) == "lost"
    assert f'href="/deals/open/{lead.pk}/"' in client.get(f"/leads/{lead.pk}/").content.decode()


def test_a_lost_customer_comes_back(client: Client, lead: Lead, deal: Opportunity) -> None:
    client.post(f"/deals/{deal.pk}/lose/", {"reason": "competitor", "competitor": "友商", "note": ""})
    url = f"/deals/open/{lead.pk}/"
    again = client.get(url).content.decode()
    assert 'value="数据平台一期"' in again
    assert 'name="reason"' in again
    refused(client.post(url, {"name": "数据平台二期", "reason": ""}), "数据平台二期")
    assert stage_of(lead) == "lost"
    went_to(client.post(url, {"name": "数据平台二期", "amount": "9", "reason": "友商没有交付"}), lead)
    deal.refresh_from_db()
    assert (stage_of(lead), deal.state, deal.name) == ("opportunity", "open", "数据平台二期")
    assert (deal.lost_at, deal.lost_reason, deal.competitor) == (None, "", "")
    assert "友商没有交付" in client.get(f"/leads/{lead.pk}/").content.decode()


def test_a_trial_ends_with_a_deal_that_was_put_off(client: Client, lead: Lead, deal: Opportunity) -> None:
    client.post(f"/deals/{deal.pk}/poc/", {"criteria": "快"})
    went_to(client.post(f"/leads/{lead.pk}/move/", {"to": "nurturing", "reason": "明年再说"}), lead)
    client.post(f"/sales/leads/{lead.pk}/accept/")
    assert stage_of(lead) == "sql"
    went_to(client.post(f"/deals/open/{lead.pk}/", {"name": "二期"}), lead)
    assert Poc.objects.get().result == "failed"
    went_to(client.post(f"/deals/{deal.pk}/poc/", {"criteria": "更快"}), lead)
    assert stage_of(lead) == "poc"


def test_what_is_outstanding_and_what_is_too_much(client: Client, lead: Lead, deal: Opportunity) -> None:
    today = f"{timezone.localdate()}"
    client.post(f"/deals/{deal.pk}/win/", {"amount": "1000", "won_on": today})
    url, page = f"/deals/{deal.pk}/payment/", f"/leads/{lead.pk}/"
    assert "In CNY, the currency of the contract." in client.get(url).content.decode()
    refused(client.post(url, {"amount": "-5", "paid_on": today}), "Money paid back")
    client.post(url, {"amount": "600", "paid_on": today, "note": "首款六成"})
    assert "首款六成" in client.get(page).content.decode()
    assert "Outstanding" in client.get(page).content.decode()
    client.post(url, {"amount": "600", "paid_on": today})
    html = client.get(page).content.decode()
    assert "Outstanding" not in html
    assert "More than the contract by" in html


def test_the_board_follows_a_lead_to_its_new_owner(client: Client, lead: Lead, deal: Opportunity) -> None:
    successor = person_of_role("sales")
    Lead.objects.filter(pk=lead.pk).update(owner=successor)
    client.force_login(successor)
    html = client.get("/deals/?mine=1").content.decode()
    assert deal.name in html
    assert successor.name in html


def test_steps_out_of_turn_are_refused_in_words(client: Client, deal: Opportunity) -> None:
    today = f"{timezone.localdate()}"
    paid = client.post(f"/deals/{deal.pk}/payment/", {"amount": "1", "paid_on": today, "note": ""})
    refused(paid, "This opportunity is closed, or not yet won.")
    refused(client.post(f"/deals/{deal.pk}/poc/end/", {"result": "passed"}), "No trial is running.")
    refused(client.post(f"/deals/open/{deal.lead_id}/", {"name": "二期"}), "already", 'value="二期"')


def test_a_deal_of_somebody_else_does_not_exist(client: Client, deal: Opportunity) -> None:
    client.force_login(person_of_role("sales"))
    for step in ("poc/", "poc/end/", "win/", "lose/", "payment/"):
        assert client.get(f"/deals/{deal.pk}/{step}").status_code == 404
    assert client.get(f"/deals/open/{deal.lead_id}/").status_code == 404
    assert deal.name not in client.get("/deals/").content.decode()


@pytest.mark.parametrize("role", ["marketing", "telemarketing", "executive"])
def test_only_sales(client: Client, deal: Opportunity, role: str) -> None:
    client.force_login(person_of_role(role))
    for url in ("/deals/", f"/deals/{deal.pk}/win/", f"/deals/open/{deal.lead_id}/"):
        assert client.get(url).status_code == 403


def test_the_board_takes_as_many_queries_for_many_deals(
    client: Client, seller: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        found = lead_at(Stage.SQL, seller)
        client.post(f"/deals/open/{found.pk}/", {"name": f"项目{number}", "amount": "1"})
    client.get("/deals/")
    with django_assert_max_num_queries(14):
        html = client.get("/deals/").content.decode()
    assert "项目11" in html
