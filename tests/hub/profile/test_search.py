"""People without a lead in the global search: who finds them, by what, and when something else stands for them."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from huoju.core.facts import delivery
from huoju.core.search import queries as search
from huoju.core.search.kinds import kind_named
from huoju.core.search.models import Document
from huoju.core.search.readers import search_reader
from huoju.hub.companies import operations as companies
from huoju.hub.companies.models import Company
from huoju.hub.companies.queries import list_companies
from huoju.hub.identity import operations as identity
from huoju.hub.identity.models import Person
from huoju.hub.identity.policy import Identifier, IdentifierKind
from huoju.hub.profile import jobs
from tests.qualify.factory import make_lead, make_user
from tests.races import count_queries

pytestmark = pytest.mark.django_db


def card(*, name: str = "", email: str, mobile: str = "", company: Company | None = None) -> int:
    """Somebody gave us a business card: a person, and no lead."""
    hint = identity.PersonHint(
        identifiers=(Identifier(IdentifierKind.EMAIL, email),),
        name=name, email=email, mobile=mobile, company_id=company.pk if company else None,
    )  # fmt: skip
    (known,) = identity.resolve_batch([hint], actor="user:1", source="card", now=timezone.now())
    return known.person_id


def catch_up() -> None:
    delivery.drain([search_reader()], horizon="own")


def found(user: Any, query: str) -> list[tuple[str, str]]:
    return [(group.kind.code, hit.title) for group in search.find(user, query) for hit in group.hits]


def test_found_by_parts_of_name_company_mail_and_phone_by_those_who_see_everybody() -> None:
    firm = Company.objects.create(key="云图", name="云图数据有限公司", created_at=timezone.now())
    card(name="欧阳明日", email="ouyang@yuntu.cn", mobile="+8613651087243", company=firm)
    card(email="nobody.knows@acme.de")
    catch_up()
    marketing, executive, sales = (make_user(role, role=role) for role in ("marketing", "executive", "sales"))
    for query in ("明", "阳明", "ouyangming", "oymr", "云图", "ouyang@", "7243", "13651087243"):
        assert ("person", "欧阳明日") in found(marketing, query), query
        assert ("person", "欧阳明日") not in found(sales, query)
    for user in (marketing, executive):  # masked for everybody, as in lists: a look at the whole is noted
        assert found(user, "nobody.knows") == [("person", "n***@acme.de")]


def test_a_lead_stands_for_its_person_and_merged_people_are_one() -> None:
    user = make_user("m", role="marketing")
    one, two = card(name="欧阳明日", email="yuntu.a@acme.cn"), card(name="上官婉儿", email="yuntu.b@acme.cn")
    catch_up()
    merge_id = identity.merge(person_id=two, into_id=one, actor="user:1", now=timezone.now())
    catch_up()
    assert merge_id is not None
    for query in ("欧阳", "婉儿", "yuntu"):
        assert found(user, query) == [("person", "欧阳明日")], query
    identity.unmerge(merge_id=merge_id, actor="user:1", now=timezone.now())
    catch_up()
    assert found(user, "婉儿") == [("person", "上官婉儿")]
    lead = make_lead(person=Person.objects.get(pk=one))
    catch_up()
    assert found(user, "欧阳") == [("lead", "欧阳明日")]
    lead.lead.delete()
    jobs.index_people()
    assert [each.title for each in Document.objects.filter(kind="person").order_by("object_id")] == [
        "欧阳明日", "上官婉儿",
    ]  # fmt: skip


def test_the_list_of_people_finds_them_and_merged_people_by_either_name(client: Client) -> None:
    one, two = (
        card(name="欧阳明日", email="a@yuntu.cn"),
        make_lead(person=Person.objects.create(name="上官婉儿", created_at=timezone.now())),
    )
    catch_up()
    client.force_login(make_user("m", role="marketing"))

    def listed(query: str) -> list[bool]:
        text = client.get(f"/people/?q={query}").content.decode()
        return [f'data-href="/people/{pk}/"' in text for pk in (one, two.person.pk)]

    assert (listed("明日"), listed("婉儿")) == ([True, False], [False, True])
    identity.merge(person_id=two.person.pk, into_id=one, actor="user:1", now=timezone.now())
    catch_up()
    assert (listed("明日"), listed("婉儿")) == ([True, False], [True, False])


def test_a_company_without_a_lead_is_found_by_those_who_see_everybody() -> None:
    Company.objects.create(key="云图数据", name="深圳云图数据有限公司", created_at=timezone.now())
    companies.study_all(now=timezone.now())
    assert list_companies().count() == 1
    assert found(make_user("m", role="marketing"), "云图") == [("company", "深圳云图数据有限公司")]
    assert found(make_user("s", role="sales"), "云图") == []


def test_as_many_queries_for_many_as_for_few() -> None:
    def index(ids: Sequence[int]) -> int:
        return len(list(kind_named("person").fetch(ids)))

    ids = [card(name=f"欧阳{n}", email=f"x{n}@yuntu.cn") for n in range(9)]
    few = count_queries(lambda: index(ids[:1]))
    assert count_queries(lambda: index(ids)) == few
