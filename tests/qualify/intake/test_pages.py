"""The quarantine, worked through by hand."""

import json
from typing import Any

import pytest
from django.test import Client

from huoju.core.access.models import User
from huoju.qualify.intake.models import Quarantined
from huoju.qualify.intake.operations import confirm
from huoju.qualify.leads.models import Lead
from tests.qualify.factory import make_user

from .given import NOW, incoming, take

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def reviewer(client: Client) -> User:
    user = make_user("孙", role="telemarketing", language="en")
    client.force_login(user)
    return user


@pytest.fixture
def held() -> Quarantined:
    take(incoming("submission:1", name="asdfgh", phone="13651087243", company="云图", page="/trial"))
    return Quarantined.objects.get()


def events(answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.headers["HX-Trigger"])
    return told


def test_the_queue_opens_with_its_first_case(client: Client, reviewer: User, held: Quarantined) -> None:
    assert held.verdict == "quarantine"
    html = client.get("/quarantine/").content.decode()
    assert "asdfgh" in html
    assert "The name is a run of keys" in html
    assert f"/quarantine/{held.pk}/release/" in html
    case = client.get(f"/quarantine/{held.pk}/", headers=HTMX).content.decode()
    assert "13651087243" in case
    assert "/trial" in case
    assert client.get("/quarantine/99999/").status_code == 404
    assert "asdfgh" not in client.get("/quarantine/?verdict=drop").content.decode()


def test_what_was_thrown_out_has_a_queue_of_its_own(client: Client, reviewer: User) -> None:
    take(incoming("submission:2", name="http://buy.example", phone="13651087243"))
    assert "buy.example" not in client.get("/quarantine/").content.decode()
    assert "buy.example" in client.get("/quarantine/?verdict=drop").content.decode()


def test_an_empty_queue_says_so(client: Client, reviewer: User) -> None:
    assert "Nothing is held back" in client.get("/quarantine/").content.decode()


def test_let_through_it_becomes_a_lead(client: Client, reviewer: User, held: Quarantined) -> None:
    answer = client.post(f"/quarantine/{held.pk}/release/", headers=HTMX)
    lead = Lead.objects.get()
    assert answer.status_code == 204
    assert events(answer)["toast"]["text"] == f"Let through as lead #{lead.pk}."
    assert "case-done" in events(answer)
    held.refresh_from_db()
    assert (held.decision, held.decided_by_id, held.lead_id) == ("released", reviewer.pk, lead.pk)


def test_confirmed_it_becomes_none(client: Client, reviewer: User, held: Quarantined) -> None:
    answer = client.post(f"/quarantine/{held.pk}/confirm/", headers=HTMX)
    assert events(answer)["toast"]["text"] == "Confirmed as bad."
    held.refresh_from_db()
    assert (held.decision, Lead.objects.count()) == ("confirmed", 0)
    assert "Nothing is held back" in client.get("/quarantine/").content.decode()


@pytest.mark.parametrize("button", ["release", "confirm"])
def test_somebody_else_was_faster(client: Client, reviewer: User, held: Quarantined, button: str) -> None:
    other = make_user("李")
    confirm(quarantined_id=held.pk, user=other, now=NOW)
    answer = client.post(f"/quarantine/{held.pk}/{button}/", headers=HTMX)
    assert events(answer)["toast"]["text"] == "Somebody else has decided on this meanwhile."
    held.refresh_from_db()
    assert (held.decision, held.decided_by_id, Lead.objects.count()) == ("confirmed", other.pk, 0)


@pytest.mark.parametrize("role", ["sales", "sales_manager", "executive"])
def test_only_reviewers(client: Client, held: Quarantined, role: str) -> None:
    client.force_login(make_user("x", role=role))
    for url in ("/quarantine/", f"/quarantine/{held.pk}/"):
        assert client.get(url).status_code == 403
    for button in ("release", "confirm"):
        assert client.post(f"/quarantine/{held.pk}/{button}/").status_code == 403
