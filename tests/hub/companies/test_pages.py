"""The list of companies, a company's page, its forms, merging and the queue of duplicates: who sees and may what."""

import csv
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from huoju.convert.deals.models import Opportunity, Payment
from huoju.core import among
from huoju.core.facts import delivery
from huoju.core.facts.models import Fact
from huoju.core.search import queries as search
from huoju.core.search.readers import search_reader
from huoju.hub.companies import operations, queries
from huoju.hub.companies.models import Company, CompanyMerge, Suggestion
from tests.entering import Enter
from tests.qualify.factory import days_ago, make_lead, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def make(name: str, **fields: Any) -> Company:
    return Company.objects.create(name=name, key=fields.pop("key", name), created_at=NOW, **fields)


def listed(answer: Any) -> list[int]:
    return [int(pk) for pk in re.findall(r'data-href="/companies/(\d+)/"', answer.content.decode())]


def under(child: Company, parent: Company) -> None:
    operations.update_company(company_id=child.pk, changes={"parent": parent.pk}, actor="user:1", now=NOW)


def merged(gone: Company, main: Company) -> int:
    return operations.merge(company_id=gone.pk, into_id=main.pk, actor="user:1", now=NOW)


class TestList:
    def test_filters_and_order(self, enter: Enter) -> None:
        one = make("b", region="4403", industry="games", size="20-99")
        two = make("a", region="44", uscc="91440300708461136T")
        three = make("c", region="31", country="CN")
        under(two, one)
        client = enter("marketing")

        def found(query: str) -> list[int]:
            return listed(client.get(f"/companies/?{query}"))

        assert found("") == [three.pk, two.pk, one.pk]
        assert found("sort=name") == [two.pk, one.pk, three.pk]
        assert found("region=44") == [two.pk, one.pk]
        assert found("industry=games&size=20-99") == [one.pk]
        assert found("country=CN") == [three.pk]
        assert found("group=head") == [one.pk]
        assert found("group=member") == [two.pk]
        assert found("uscc=true") == [two.pk]
        assert found("uscc=false") == [three.pk, one.pk]
        assert found("q=" + "x" * 90) == []

    def test_search(self, enter: Enter) -> None:
        one = make("深圳火炬软件有限公司")
        make("别家")
        operations.study_all(now=NOW)
        client = enter("marketing")
        assert listed(client.get("/companies/?q=huoju")) == [one.pk]
        assert "深圳火炬软件有限公司" in client.get("/search/?q=火炬").content.decode()

    def test_export(self, enter: Enter) -> None:
        make("火炬", region="4403", industry="games")
        answer = enter("marketing").get("/companies/?export=csv")
        rows = list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))  # type: ignore[attr-defined]
        assert rows[0][1] == "Company"
        assert rows[1][1:6] == ["火炬", "", "", "Games", "Shenzhen"]

    @pytest.mark.parametrize("few", [among.FEW, 0])
    @pytest.mark.parametrize("role", ["sales", "sales_manager"])
    def test_sales_see_the_companies_of_the_leads_they_see(
        self, enter: Enter, role: str, few: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(among, "FEW", few)
        user = make_user("me", role=role)
        mine, pooled, other = (make(name) for name in ("mine", "pooled", "other"))
        make_lead(company=mine, owner=user)
        make_lead(company=pooled, stage="pool")
        make_lead(company=other, owner=make_user("you", role="sales"))
        hidden = make("hidden")
        main = make("main")
        member = make("member")
        make_lead(company=member, owner=user)
        merged(member, main)
        client = enter(user)
        assert listed(client.get("/companies/")) == [main.pk, pooled.pk, mine.pk]
        assert client.get(f"/companies/{other.pk}/").status_code == 404
        assert client.get(f"/companies/{hidden.pk}/").status_code == 404
        assert client.get(f"/companies/{main.pk}/").status_code == 200

    def test_as_many_queries_for_many_rows_as_for_few(self, enter: Enter) -> None:
        head = make("head")
        for at in range(3):
            make(f"few {at}", parent=head)
        client = enter("marketing")

        def count() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert client.get("/companies/").status_code == 200
            return len(captured)

        few = count()
        for at in range(60):
            make(f"many {at}", parent=head)
        assert count() <= few + 1
        assert few <= 8


class TestPage:
    def test_everything_on_it(self, enter: Enter) -> None:
        head, low = make("火炬集团", region="4403", industry="games"), make("火炬软件")
        under(low, head)
        known = make_lead(company=low, captured_at=days_ago(1))
        deal = Opportunity.objects.create(
            lead=known.lead,
            company=low,
            name="Roll-out",
            state="won",
            won_at=NOW,
            opened_at=NOW,
            amount=Decimal(900),
        )
        Payment.objects.create(opportunity=deal, amount=Decimal("123.45"), paid_at=NOW)
        client = enter("marketing")
        page = client.get(f"/companies/{head.pk}/").content.decode()
        for text in ("火炬集团", "火炬软件", "Shenzhen", "Games", str(known.person), "Roll-out", "123.45"):
            assert text in page, text
        assert str(known.person) in client.get(f"/companies/{low.pk}/").content.decode()

    def test_timeline_of_its_people_and_its_own(self, enter: Enter) -> None:
        company = make("火炬")
        make_lead(company=company)
        operations.update_company(company_id=company.pk, changes={"size": "20-99"}, actor="user:1", now=NOW)
        page = enter("marketing").get(f"/companies/{company.pk}/?tab=timeline").content.decode()
        assert "Became a lead" in page
        assert "Company changed" in page

    def test_timeline_pages(self, enter: Enter) -> None:
        company = make("火炬")
        for at in range(45):
            operations.update_company(
                company_id=company.pk,
                changes={"name": f"火炬 {at}"},
                actor="user:1",
                now=NOW.replace(minute=at),
            )
        client = enter("marketing")
        first = client.get(f"/companies/{company.pk}/?tab=timeline").content.decode()
        assert first.count("Company changed") == 40
        older = re.search(r'href="(\?[^"]*before=[^"]*)"', first)
        assert older
        rest = client.get(f"/companies/{company.pk}/" + older[1].replace("&amp;", "&")).content.decode()
        assert rest.count("Company changed") == 5
        assert client.get(f"/companies/{company.pk}/?tab=timeline&before=x").status_code == 404

    def test_old_numbers_lead_to_the_main_one(self, enter: Enter) -> None:
        gone, main = make("gone"), make("main")
        merged(gone, main)
        answer = enter("marketing").get(f"/companies/{gone.pk}/")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/companies/{main.pk}/")

    def test_a_few_queries(self, enter: Enter) -> None:
        head = make("head")
        client = enter("marketing")

        def count() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(f"/companies/{head.pk}/").status_code == 200
            return len(captured)

        for at in range(2):
            child = make(f"child {at}")
            under(child, head)
            make_lead(company=child)
            make_lead(company=head)
        few = count()
        for at in range(2, 20):
            child = make(f"child {at}")
            under(child, head)
            make_lead(company=child)
            make_lead(company=head)
        assert count() == few
        assert few <= 20

    def test_a_leads_page_and_list_link_to_it(self, enter: Enter) -> None:
        known = make_lead(company="火炬")
        assert known.company
        client = enter("marketing")
        link = f'href="/companies/{known.company.pk}/"'
        assert link in client.get(f"/leads/{known.lead.pk}/").content.decode()
        assert link in client.get("/leads/").content.decode()


class TestEdit:
    def test_saves(self, enter: Enter) -> None:
        company, head = make("火炬", region="31"), make("集团")
        client = enter("marketing")
        page = client.get(f"/companies/{company.pk}/edit/").content.decode()
        assert "Shanghai" in page
        typed = {"name": "火炬", "region": "深圳", "industry": "games", "uscc": "91440300708461136T"}
        answer = client.post(f"/companies/{company.pk}/edit/", {**typed, "parent": "集团"})
        assert answer.headers["Location"] == f"/companies/{company.pk}/"
        company.refresh_from_db()
        assert (company.region, company.industry, company.parent_id) == ("4403", "games", head.pk)
        (fact,) = Fact.objects.filter(company_id=company.pk)
        assert set(fact.payload["changes"]) == {"region", "industry", "uscc", "parent"}
        same = {**typed, "region": "Shenzhen", "parent": f"#{head.pk} 集团"}
        assert client.post(f"/companies/{company.pk}/edit/", same).status_code == 303

    @pytest.mark.parametrize(
        ("field", "value", "text"),
        [
            ("uscc", "123", "check digit"),
            ("region", "Atlantis", "no such region"),
            ("parent", "Nobody", "no company of this name"),
            ("parent", "火炬", "circle"),
            ("name", "无", "cannot be the name"),
        ],
    )
    def test_says_what_is_wrong(self, enter: Enter, field: str, value: str, text: str) -> None:
        company = make("火炬")
        answer = enter("marketing").post(f"/companies/{company.pk}/edit/", {"name": "火炬", field: value})
        assert answer.status_code == 422
        assert text in answer.content.decode()

    @pytest.mark.parametrize("address", ["edit/", "merge/", "domains/"])
    def test_not_for_everybody(self, enter: Enter, address: str) -> None:
        user = make_user("me", role="sales")
        company = make("火炬")
        make_lead(company=company, owner=user)
        assert enter(user).post(f"/companies/{company.pk}/{address}").status_code == 403

    def test_domains(self, enter: Enter) -> None:
        company = make("火炬")
        client = enter("marketing")
        client.post(f"/companies/{company.pk}/domains/", {"domain": "www.huoju.cn"})
        assert "huoju.cn" in client.get(f"/companies/{company.pk}/").content.decode()
        assert (
            "mailboxes"
            in client.post(
                f"/companies/{company.pk}/domains/", {"domain": "qq.com"}, HTTP_HX_REQUEST="true"
            ).headers["HX-Trigger"]
        )
        client.post(f"/companies/{company.pk}/domains/huoju.cn/remove/")
        assert queries.list_domains([company.pk]) == []


class TestMerge:
    def test_both_sides_then_merged_then_undone(self, enter: Enter) -> None:
        here, other = make("火炬", region="31"), make("火炬科技", uscc="91440300708461136T")
        client = enter("marketing")
        assert "Compare" in client.get(f"/companies/{here.pk}/merge/").content.decode()
        for named in (f"#{other.pk}", str(other.pk), "91440300708461136T", "火炬科技"):
            page = client.get(f"/companies/{here.pk}/merge/", {"with": named}).content.decode()
            assert "91440300708461136T" in page, named
        assert "no company of this name" in client.get(f"/companies/{here.pk}/merge/?with=x").content.decode()
        answer = client.post(
            f"/companies/{here.pk}/merge/", {"other": f"#{other.pk}", "keep": "here", "reason": "one"}
        )
        assert answer.headers["Location"] == f"/companies/{here.pk}/"
        page = client.get(f"/companies/{here.pk}/").content.decode()
        assert "It can be undone" in page
        undo = re.search(r'action="(/companies/merges/\d+/undo/)"', page)
        assert undo
        assert client.post(undo[1]).headers["Location"] == f"/companies/{other.pk}/"
        assert queries.mains_of([other.pk]) == {other.pk: other.pk}

    def test_the_other_may_stay(self, enter: Enter) -> None:
        here, other = make("火炬"), make("火炬科技")
        enter("marketing").post(f"/companies/{here.pk}/merge/", {"other": f"#{other.pk}", "keep": "other"})
        assert queries.mains_of([here.pk]) == {here.pk: other.pk}

    def test_says_why_not(self, enter: Enter) -> None:
        here, other = make("火炬", uscc="91110108551385082Q"), make("火炬科技", uscc="91440300708461136T")
        answer = enter("marketing").post(f"/companies/{here.pk}/merge/", {"other": f"#{other.pk}"})
        assert answer.status_code == 422
        assert "two legal persons" in answer.content.decode()

    def test_what_one_may_not_see_cannot_be_merged(self, enter: Enter) -> None:
        user = make_user("me", role="sales_manager")
        mine, hidden = make("mine"), make("hidden")
        make_lead(company=mine, owner=user)
        client = enter(user)
        answer = client.post(f"/companies/{mine.pk}/merge/", {"other": f"#{hidden.pk}", "keep": "here"})
        assert not CompanyMerge.objects.exists()
        assert answer.status_code == 200
        made = merged(hidden, make("main"))
        assert client.post(f"/companies/merges/{made}/undo/").status_code == 404
        assert client.post("/companies/merges/0/undo/").status_code == 404


class TestDuplicates:
    def waiting(self) -> Suggestion:
        make("深圳火炬科技有限公司", key="深圳火炬科技")
        make("火炬科技")
        operations.study_all(now=NOW)
        return Suggestion.objects.get()

    def test_queue_and_decisions(self, enter: Enter) -> None:
        found = self.waiting()
        client = enter("marketing")
        page = client.get("/companies/duplicates/").content.decode()
        assert "Same short name" in page
        assert "深圳火炬科技有限公司" in client.get(f"/companies/{found.right_id}/").content.decode()
        assert client.get(f"/companies/duplicates/{found.pk}/").status_code == 200
        decide = f"/companies/duplicates/{found.pk}/decide/"
        assert client.post(decide, {"answer": "perhaps"}).status_code == 303
        answer = client.post(decide, {"answer": "left"}, HTTP_HX_REQUEST="true")
        assert (answer.status_code, "case-done" in answer.headers["HX-Trigger"]) == (204, True)
        assert queries.mains_of([found.right_id]) == {found.right_id: found.left_id}
        assert "No duplicates" in client.get("/companies/duplicates/").content.decode()
        again = client.post(decide, {"answer": "different"}, HTTP_HX_REQUEST="true")
        assert "meanwhile" in again.headers["HX-Trigger"]

    def test_two_companies(self, enter: Enter) -> None:
        found = self.waiting()
        enter("marketing").post(f"/companies/duplicates/{found.pk}/decide/", {"answer": "different"})
        found.refresh_from_db()
        assert found.decision == "different"
        assert not CompanyMerge.objects.exists()

    def test_only_pairs_that_one_may_see(self, enter: Enter) -> None:
        found = self.waiting()
        user = make_user("me", role="sales_manager", language="en")
        make_lead(company=found.left, owner=user)
        client = enter(user)
        assert "No duplicates" in client.get("/companies/duplicates/").content.decode()
        assert client.get(f"/companies/duplicates/{found.pk}/").status_code == 404


def test_a_merge_keeps_the_search_in_step() -> None:
    from_log = make("火炬科技"), make("东方红")
    operations.study_all(now=NOW)
    with transaction.atomic():
        merged(*from_log)
    delivery.drain([search_reader()], horizon="own")
    assert search.list_ids("company", "火炬", audience=None, limit=5) == [from_log[1].pk]
