"""A sales person answers leads and logs what was said, through the pages."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from huoju.convert.workbench.models import Activity
from huoju.core.access.models import User
from huoju.core.facts.models import Fact
from huoju.qualify.leads.models import Lead
from huoju.qualify.leads.policy import Stage
from tests.convert.selling import lead_at, person_of_role

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def seller(client: Client) -> User:
    user = person_of_role("sales")
    client.force_login(user)
    return user


def events(answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.headers["HX-Trigger"])
    return told


def test_the_inbox_shows_what_waits_for_me(client: Client, seller: User) -> None:
    assert "Nothing waits for you" in client.get("/sales/inbox/").content.decode()
    mine, others = lead_at(Stage.MQL, seller), lead_at(Stage.MQL, person_of_role("sales"))
    html = client.get("/sales/inbox/").content.decode()
    assert str(mine.person) in html
    assert str(others.person) not in html
    case = client.get(f"/sales/inbox/{mine.pk}/", headers=HTMX)
    assert f"/sales/leads/{mine.pk}/accept/" in case.content.decode()
    assert client.get(f"/sales/inbox/{others.pk}/").status_code == 404


def test_accepted_in_the_inbox_the_next_case_opens(client: Client, seller: User) -> None:
    lead = lead_at(Stage.MQL, seller)
    answer = client.post(f"/sales/leads/{lead.pk}/accept/", {"from": "inbox"}, headers=HTMX)
    assert events(answer)["toast"]["text"] == f"{lead.person} is yours now."
    assert "case-done" in events(answer)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("sql", seller.pk)


def test_picked_from_the_pool_on_the_page_of_the_lead(client: Client, seller: User) -> None:
    lead = lead_at(Stage.POOL)
    assert "pick it to make it yours" in client.get(f"/leads/{lead.pk}/").content.decode()
    answer = client.post(f"/sales/leads/{lead.pk}/accept/", headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"/leads/{lead.pk}/"
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("sql", seller.pk)
    again = client.post(f"/sales/leads/{lead.pk}/accept/", headers=HTMX)
    assert again.status_code == 409
    assert events(again)["toast"]["level"] == "danger"


def test_what_was_put_into_the_pool_is_nobodys(client: Client, seller: User) -> None:
    lead = lead_at(Stage.SQL, seller)
    client.post(f"/leads/{lead.pk}/move/", {"to": "pool", "reason": "没有时间"})
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("pool", None)
    assert "Put into the public pool" in client.get(f"/leads/{lead.pk}/").content.decode()
    other = person_of_role("sales")
    # What came into the pool with an owner, from another system, is as free.
    Lead.objects.filter(pk=lead.pk).update(owner=seller)
    client.force_login(other)
    assert client.post(f"/sales/leads/{lead.pk}/accept/", headers=HTMX).status_code == 204
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("sql", other.pk)


def test_a_nurtured_lead_of_mine_is_taken_up_again(client: Client, seller: User) -> None:
    mine, nobodys = lead_at(Stage.NURTURING, seller), lead_at(Stage.NURTURING)
    html = client.get(f"/leads/{mine.pk}/").content.decode()
    assert f"/sales/leads/{mine.pk}/accept/" in html
    assert f"/sales/leads/{mine.pk}/log/" in html
    client.post(f"/sales/leads/{mine.pk}/accept/", headers=HTMX)
    assert Lead.objects.get(pk=mine.pk).stage == "sql"
    assert client.post(f"/sales/leads/{nobodys.pk}/accept/", headers=HTMX).status_code == 404


def test_given_back_with_a_reason(client: Client, seller: User) -> None:
    lead = lead_at(Stage.MQL, seller)
    url = f"/sales/leads/{lead.pk}/reject/"
    wrong = client.post(url, {"reason": "no_such", "note": "电话打不通"})
    assert wrong.status_code == 422
    assert "电话打不通" in wrong.content.decode()
    assert Lead.objects.get(pk=lead.pk).owner_id == seller.pk
    done = client.post(url, {"reason": "no_need", "note": "电话打不通"})
    assert (done.status_code, done.headers["Location"]) == (303, "/sales/inbox/")
    fact = Fact.objects.get(kind="lead.rejected")
    assert (fact.payload["reason"], fact.payload["note"]) == ("no_need", "电话打不通")
    assert Lead.objects.get(pk=lead.pk).owner_id is None


def test_given_back_in_the_inbox(client: Client, seller: User) -> None:
    lead = lead_at(Stage.MQL, seller)
    posted = {"reason": "not_mine", "note": "", "from": "inbox"}
    answer = client.post(f"/sales/leads/{lead.pk}/reject/", posted, headers=HTMX)
    assert events(answer)["toast"]["text"] == "Given back."
    assert Lead.objects.get(pk=lead.pk).owner_id is None


def test_a_call_is_logged_and_the_next_one_planned(client: Client, seller: User) -> None:
    lead = lead_at(Stage.SQL, seller)
    url = f"/sales/leads/{lead.pk}/log/"
    assert 'value="visit" selected' in client.get(url + "?kind=visit").content.decode()
    soon = timezone.localtime() + timedelta(minutes=1)
    call = {"kind": "call", "outcome": "reached", "text": "有预算", "next_at": f"{soon:%Y-%m-%dT%H:%M}"}
    past = client.post(url, call | {"next_at": "2020-01-01T09:00"})
    assert past.status_code == 422
    html = past.content.decode()
    assert "The next contact must come after this one." in html
    assert "有预算" in html
    assert "2020-01-01T09:00" in html
    assert (
        client.post(url, call | {"next_at": f"{soon + timedelta(days=1):%Y-%m-%dT%H:%M}"}).status_code == 303
    )
    activity = Activity.objects.get()
    assert (activity.kind, activity.outcome, activity.text, activity.by_id) == (
        "call", "reached", "有预算", seller.pk,
    )  # fmt: skip
    assert "有预算" in client.get(f"/leads/{lead.pk}/").content.decode()


def test_an_empty_note_is_none(client: Client, seller: User) -> None:
    lead = lead_at(Stage.SQL, seller)
    answer = client.post(f"/sales/leads/{lead.pk}/log/", {"kind": "note", "outcome": "", "text": " "})
    assert answer.status_code == 422
    assert "Please write something." in answer.content.decode()
    assert not Activity.objects.exists()


def test_my_day_lists_leads_that_nobody_spoke_to(client: Client, seller: User) -> None:
    fresh, quiet = lead_at(Stage.SQL, seller), lead_at(Stage.SQL, seller)
    Lead.objects.filter(pk=fresh.pk).update(stage_at=timezone.now())
    Lead.objects.filter(pk=quiet.pk).update(stage_at=timezone.now() - timedelta(days=30))
    html = client.get("/sales/day/").content.decode()
    assert f'"/leads/{quiet.pk}/"' in html
    assert f'"/leads/{fresh.pk}/"' not in html


def test_no_button_works_on_a_lead_of_somebody_else(client: Client, seller: User) -> None:
    lead = lead_at(Stage.MQL, person_of_role("sales"))
    assert client.post(f"/sales/leads/{lead.pk}/accept/").status_code == 404
    assert client.post(f"/sales/leads/{lead.pk}/reject/", {"reason": "no_need"}).status_code == 404
    assert client.post(f"/sales/leads/{lead.pk}/log/", {"kind": "call"}).status_code == 404


@pytest.mark.parametrize("role", ["marketing", "telemarketing", "executive"])
def test_only_sales(client: Client, role: str) -> None:
    lead = lead_at(Stage.MQL)
    client.force_login(person_of_role(role))
    for url in (
        "/sales/inbox/",
        "/sales/day/",
        f"/sales/inbox/{lead.pk}/",
        f"/sales/leads/{lead.pk}/reject/",
    ):
        assert client.get(url).status_code == 403
    assert client.post(f"/sales/leads/{lead.pk}/accept/").status_code == 403
