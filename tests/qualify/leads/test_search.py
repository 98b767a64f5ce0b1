"""Leads in the global search: found by what people remember, by those who may see them."""

import pytest
from django.db import transaction
from django.test import Client

from huoju.core.access.models import Team, User
from huoju.core.access.policy import Role
from huoju.core.facts import delivery
from huoju.core.search import queries
from huoju.core.search.readers import search_reader
from huoju.qualify.leads.operations import Assignment, Move, advance_batch, assign_batch
from huoju.qualify.leads.policy import By, Stage
from huoju.qualify.leads.search import LEADS
from tests.qualify.factory import NOW, Known, make_lead

pytestmark = pytest.mark.django_db


def user(name: str, role: Role = Role.ADMIN, team: Team | None = None) -> User:
    return User.objects.create_user(name, role=role, team=team, language="en")


def read() -> None:
    delivery.drain([search_reader()], horizon="own")


def found(viewer: User, query: str) -> list[str]:
    return [hit.title for group in queries.find(viewer, query) for hit in group.hits]


def wang() -> Known:
    known = make_lead(company="北京火炬科技有限公司", email="wang.wei@huoju-tech.cn", mobile="+8613812345678")
    known.person.name = "王小明"
    known.person.save()
    read()
    return known


@pytest.mark.parametrize(
    "query",
    [
        *("王小明", "小明", "明", "wangxm", "wang", "wxm", "火炬", "火炬科技有限公司", "huoju", "wang.wei", "5678"),
        *("13812345678", "王 火炬"),
    ],
)  # fmt: skip
def test_what_people_remember(query: str) -> None:
    wang()
    assert found(user("admin"), query) == ["王小明"]


def test_a_lead_is_found_by_its_number() -> None:
    known = wang()
    assert f"#{known.lead.pk}" in queries.find(user("admin"), str(known.lead.pk))[0].hits[0].subtitle


def test_sales_find_their_own_and_the_pool() -> None:
    known = wang()
    owner, other = user("owner", Role.SALES), user("other", Role.SALES)
    north = Team.objects.create(name="North")
    manager = user("manager", Role.SALES_MANAGER, north)
    assert found(owner, "王小明") == []
    assert found(manager, "王小明") == ["王小明"]
    with transaction.atomic():
        assign_batch([Assignment(lead_id=known.lead.pk, owner_id=owner.pk)], actor="user:1", now=NOW)
    read()
    assert found(owner, "王小明") == ["王小明"]
    assert found(other, "王小明") == []
    assert found(manager, "王小明") == []
    assert found(user("marketing", Role.MARKETING), "王小明") == ["王小明"]
    with transaction.atomic():
        advance_batch([Move(lead_id=known.lead.pk, to=Stage.POOL)], mover=By.HISTORY, actor="system", now=NOW)
    read()
    assert found(other, "王小明") == ["王小明"]


def test_a_stale_index_shows_nothing_that_is_no_longer_ones_own() -> None:
    known = wang()
    owner = user("owner", Role.SALES)
    with transaction.atomic():
        assign_batch([Assignment(lead_id=known.lead.pk, owner_id=owner.pk)], actor="user:1", now=NOW)
    read()
    known.lead.refresh_from_db()
    known.lead.owner = user("new", Role.SALES)
    known.lead.save()
    assert queries.list_ids(LEADS, "王小明", audience=[f"user:{owner.pk}"], limit=5) == [known.lead.pk]
    assert found(owner, "王小明") == []


def test_the_box_and_the_page(client: Client) -> None:
    known = wang()
    client.force_login(user("admin"))
    for address in ("/search/suggest/", "/search/"):
        page = client.get(address, {"q": "小明"}).content.decode()
        assert f"/leads/{known.lead.pk}/" in page
        assert "北京火炬科技有限公司" in page
        assert "13812345678" not in page
    assert "Nothing found" in client.get("/search/suggest/", {"q": "<b>"}).content.decode()
    assert "&lt;b&gt;" in client.get("/search/", {"q": "<b>"}).content.decode()
    assert client.get("/search/suggest/", {"q": ""}).content.strip() == b""
    client.logout()
    assert client.get("/search/", {"q": "小明"}).status_code == 302


def test_the_list_of_leads_finds_alike(client: Client) -> None:
    known = wang()
    make_lead(company="上海别家数据有限公司", email="li@bie.cn", mobile="+8613900000000")
    read()
    client.force_login(user("admin"))
    for query in ("小明", "火炬科技", "5678", "wxm"):
        page = client.get("/leads/", {"q": query}).content.decode()
        assert f"/leads/{known.lead.pk}/" in page
        assert "上海别家" not in page
    assert "王小明" not in client.get("/leads/", {"q": "，"}).content.decode()
