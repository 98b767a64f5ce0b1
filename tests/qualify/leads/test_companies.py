"""What leads say of companies: who sees which, whom one meets, regions and trades, mail domains."""

from datetime import UTC, datetime

import pytest

from huoju.hub.companies import operations
from huoju.hub.companies.models import Company
from huoju.hub.companies.registry import Face
from huoju.hub.identity.models import Identifier
from huoju.hub.identity.queries import mail_domains_of_companies
from huoju.qualify.leads.companies import common_values, people_at, visible_companies
from tests.qualify.factory import make_lead, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_the_region_and_trade_of_most_leads() -> None:
    known = make_lead(company="火炬", region="31", industry="games")
    make_lead(company="火炬", region="31")
    make_lead(company="火炬", region="44", industry="media")
    make_lead(company="火炬", industry="media")
    assert known.company
    silent = make_lead(company="无声").company
    assert silent
    assert common_values([known.company.pk, silent.pk]) == {
        known.company.pk: {"region": "31", "industry": "media"}
    }
    operations.study_all(now=NOW)
    row = Company.objects.get(pk=known.company.pk)
    assert (row.region, row.industry) == ("31", "media")
    assert row.origins == {"region": "derived:people", "industry": "derived:people"}


def test_whom_one_meets() -> None:
    me = make_user("me", role="sales")
    known = make_lead(company="火炬", owner=me)
    other = make_lead(company="火炬")
    assert known.company
    ids = [known.company.pk]
    face = Face(known.person.pk, known.person.name, "CTO")
    assert people_at(me, ids, 5) == [face]
    everyone = people_at(make_user("boss", role="admin"), ids, 5)
    assert [each.person_id for each in everyone] == [other.person.pk, known.person.pk]
    assert visible_companies(make_user("ceo", role="executive")) is None


def test_mail_domains_leave_out_free_mail() -> None:
    known = make_lead(company="火炬")
    assert known.company
    for mail in ("li@mail.huoju.cn", "wang@huoju.cn", "li@qq.com"):
        Identifier.objects.create(
            person=known.person, kind="email", value=mail, source="test", first_seen=NOW, last_seen=NOW
        )
    assert set(mail_domains_of_companies([known.company.pk])[known.company.pk]) == {"huoju.cn"}
