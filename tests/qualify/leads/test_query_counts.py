"""However many rows a page shows, it asks the database as often."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huoju.core.access.models import User

from ..factory import make_lead

pytestmark = pytest.mark.django_db

LIST, LEAD = 15, 17


def _client(role: str) -> tuple[Client, User]:
    user = User.objects.create(username=f"counts-{role}", name=role, role=role)
    client = Client()
    client.force_login(user)
    client.get("/leads/")  # what a process loads once
    return client, user


def _count(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("role", ["admin", "sales", "sales_manager"])
@pytest.mark.parametrize(
    "address",
    [
        "/leads/",
        "/leads/?sort=-score",
        "/leads/?stage=lead&channel=-&sort=mql_at",
        "/leads/?region=44&warnings=false",
    ],
)
def test_the_list_asks_as_often_for_many_leads_as_for_few(
    role: str, address: str, django_assert_max_num_queries: Any
) -> None:
    """For every role: the rows, their people, companies and owners come with one query."""
    client, user = _client(role)
    for _ in range(2):
        make_lead(owner=user, region="4403")
    few = _count(client, address)
    for number in range(60):
        make_lead(company=f"Firma {number}", owner=user, region="4403")
    with django_assert_max_num_queries(LIST):
        client.get(address)
    assert _count(client, address) <= few


def test_a_lead_asks_as_often_for_a_long_story_as_for_a_short_one(django_assert_max_num_queries: Any) -> None:
    """Forty facts are told with the queries of one."""
    client, user = _client("admin")
    short = make_lead(owner=user)
    long = make_lead(owner=user)
    for number in range(40):
        make_lead(person=long.person, stage="lost", company=f"Firma {number}")
    few = _count(client, f"/leads/{short.lead.pk}/")
    with django_assert_max_num_queries(LEAD):
        client.get(f"/leads/{long.lead.pk}/")
    assert _count(client, f"/leads/{long.lead.pk}/") <= few + 1
