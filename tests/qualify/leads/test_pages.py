"""The list of leads and a lead's page: filters, files, who sees what, and every button."""

import csv
import io
import json
import re
from html import unescape
from typing import Any

import openpyxl
import pytest
from django.test import Client

from huoju.core.access.models import Team, User
from huoju.core.facts import delivery
from huoju.core.facts.models import Fact
from huoju.core.search.readers import search_reader
from huoju.qualify.leads.models import Lead
from huoju.qualify.recognition.readers import recognition_reader
from tests.entering import Enter
from tests.qualify.factory import Known, days_ago, make_lead, make_user

pytestmark = pytest.mark.django_db


def listed(answer: Any) -> list[int]:
    """The leads on the page, in order."""
    return [int(pk) for pk in re.findall(r'data-href="/leads/(\d+)/"', answer.content.decode())]


class TestList:
    def test_filters(self, enter: Enter) -> None:
        free = make_lead(channel="seo", region="4403", captured_at=days_ago(1)).lead
        blank = make_lead(region="44", stage="mql", captured_at=days_ago(2)).lead
        other = make_lead(channel="fair", region="31", industry="finance", captured_at=days_ago(3)).lead
        client = enter("marketing")

        def found(query: str) -> list[int]:
            return listed(client.get(f"/leads/?{query}"))

        assert found("") == [free.pk, blank.pk, other.pk]
        assert found("channel=-") == [blank.pk]
        assert found(f"channel={free.channel_id}") == [free.pk]
        assert found(f"channel=-&channel={free.channel_id}") == [free.pk, blank.pk]
        assert found("region=44") == [free.pk, blank.pk]
        assert found("region=31&region=44") == [free.pk, blank.pk, other.pk]
        assert found("stage=mql") == [blank.pk]
        assert found("owner=-&stage=lead") == [free.pk, other.pk]
        assert found("captured_at_after=2026-11-20&captured_at_before=2026-11-20") == [free.pk]

    def test_search_finds_person_and_company(self, enter: Enter) -> None:
        one = make_lead(company="云图数据", email="li.na@yuntu.cn")
        make_lead(company="别家")
        delivery.drain([search_reader()], horizon="own")
        client = enter("marketing")
        assert listed(client.get("/leads/?q=云图")) == [one.lead.pk]
        assert listed(client.get("/leads/?q=li.na@yuntu.cn")) == [one.lead.pk]
        assert listed(client.get("/leads/?q=没有这个人")) == []

    def test_order(self, enter: Enter) -> None:
        low = make_lead(score=10, captured_at=days_ago(1)).lead.pk
        high = make_lead(score=80, captured_at=days_ago(2)).lead.pk
        client = enter("marketing")
        assert listed(client.get("/leads/?sort=score")) == [low, high]
        assert listed(client.get("/leads/?sort=-score")) == [high, low]
        assert listed(client.get("/leads/?sort=captured_at")) == [high, low]
        assert listed(client.get("/leads/?sort=nonsense")) == [low, high]

    def test_as_many_queries_for_many_rows_as_for_few(
        self, enter: Enter, django_assert_max_num_queries: Any
    ) -> None:
        client = enter("marketing")
        owner = make_user("o")
        for number in range(30):
            make_lead(channel=f"c{number}", company=f"公司{number}", owner=owner, fact=False)
        client.get("/leads/")  # caches of content types and the like
        with django_assert_max_num_queries(14):
            assert len(listed(client.get("/leads/"))) == 30


def rows_of(answer: Any) -> list[list[str]]:
    text = answer.getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


class TestExport:
    @pytest.fixture
    def risky(self) -> Known:
        return make_lead(
            company="=HYPERLINK(1)", mobile="+8613651087243", email="li.na@yuntu.cn", keyword="-1+1"
        )

    def test_csv_defuses_formulas(self, enter: Enter, risky: Known) -> None:
        make_lead(stage="mql")
        header, row = rows_of(enter("marketing").get("/leads/?export=csv&stage=lead"))
        cells = dict(zip(header, row, strict=True))
        assert (cells["Number"], cells["Company"], cells["Keyword"]) == (
            str(risky.lead.pk), "'=HYPERLINK(1)", "'-1+1",
        )  # fmt: skip
        assert cells["Mobile"].lstrip("'") == "+8613651087243"

    def test_xlsx_holds_text_and_no_formulas(self, enter: Enter, risky: Known) -> None:
        answer = enter("marketing").get("/leads/?export=xlsx")
        book = openpyxl.load_workbook(io.BytesIO(answer.getvalue()))
        sheet = book.active
        assert sheet is not None
        header, row = list(sheet.iter_rows())
        named = {str(head.value): cell for head, cell in zip(header, row, strict=True)}
        assert (named["Company"].data_type, str(named["Company"].value).lstrip("'")) == ("s", "=HYPERLINK(1)")
        assert "formula" not in {cell.data_type for cell in row}
        assert named["Number"].value == risky.lead.pk

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_contacts_are_masked_for_executives(self, enter: Enter, risky: Known, kind: str) -> None:
        answer = enter("executive").get(f"/leads/?export={kind}")
        assert answer.status_code == 200
        if kind == "csv":
            text = "\n".join(",".join(row) for row in rows_of(answer))
        else:
            book = openpyxl.load_workbook(io.BytesIO(answer.getvalue()))
            sheet = book.active
            assert sheet is not None
            text = str([[cell.value for cell in row] for row in sheet.iter_rows()])
        assert risky.person.name in text
        assert "13651087243" not in text
        assert "li.na@yuntu.cn" not in text

    @pytest.mark.parametrize("role", ["sales", "telemarketing"])
    def test_others_may_not(self, enter: Enter, role: str) -> None:
        client = enter(role)
        assert client.get("/leads/?export=csv").status_code == 403
        assert "export=csv" not in client.get("/leads/").content.decode()


class TestVisibility:
    def test_each_role_sees_its_rows(self, client: Client) -> None:
        team = Team.objects.create(name="华东")
        seller, manager = make_user("s", team=team), make_user("m", role="sales_manager", team=team)
        stranger = make_user("t", team=Team.objects.create(name="华南"))
        mine, others = make_lead(owner=seller).lead.pk, make_lead(owner=stranger).lead.pk
        pool, nobody = make_lead(stage="pool", owner=stranger).lead.pk, make_lead().lead.pk
        every = {mine, others, pool, nobody}
        expected = {
            seller: {mine, pool}, manager: {mine, pool, nobody}, stranger: {others, pool},
            make_user("a", role="admin"): every, make_user("k", role="marketing"): every,
            make_user("d", role="telemarketing"): every, make_user("e", role="executive"): every,
        }  # fmt: skip
        for user, visible in expected.items():
            client.force_login(user)
            assert set(listed(client.get("/leads/"))) == visible, user.role
            for pk in every:
                answer = client.get(f"/leads/{pk}/")
                assert answer.status_code == (200 if pk in visible else 404), (user.role, pk)

    def test_no_button_works_on_a_lead_of_somebody_else(self, enter: Enter) -> None:
        pk = make_lead(owner=make_user("o"), mobile="+8613651087243").lead.pk
        client = enter("sales")
        assert client.post(f"/leads/{pk}/reveal/mobile/").status_code == 404
        assert client.post(f"/leads/{pk}/move/", {"to": "nurturing", "reason": "x"}).status_code == 404
        assert client.post(f"/leads/{pk}/edit/", {"product": "x"}).status_code == 403


class TestLeadPage:
    def test_says_why_and_hides_what_is_masked(self, enter: Enter) -> None:
        lead = make_lead(mobile="+8613651087243", title="CTO", size="500-999", purpose="trial").lead
        delivery.drain([recognition_reader()], horizon="own")
        pk = lead.pk
        html = enter("marketing").get(f"/leads/{pk}/").content.decode()
        assert "13651087243" not in html
        assert "Why this score" in html
        assert "Scoring rules v1" in html
        assert "MQL criteria v1" in html
        for tab in ("timeline", "touches"):
            assert enter("marketing").get(f"/leads/{pk}/?tab={tab}").status_code == 200
        assert enter("marketing").get(f"/leads/{pk}/?tab=x").status_code == 404
        assert enter("marketing").get(f"/leads/{pk}/?before=x").status_code == 404

    def test_looking_at_a_contact_is_logged(self, enter: Enter) -> None:
        known = make_lead(mobile="+8613651087243")
        user = make_user("马", role="marketing")
        answer = enter(user).post(f"/leads/{known.lead.pk}/reveal/mobile/")
        assert "13651087243" in answer.content.decode().replace(" ", "")
        fact = Fact.objects.get(kind="contact.revealed")
        assert (fact.actor, fact.person_id, fact.payload) == (
            f"user:{user.pk}", known.person.pk, {"lead_id": known.lead.pk, "field": "mobile"},
        )  # fmt: skip
        assert enter(user).get(f"/leads/{known.lead.pk}/reveal/mobile/").status_code == 405

    def test_there_is_nothing_else_to_reveal(self, enter: Enter) -> None:
        assert enter("marketing").post(f"/leads/{make_lead().lead.pk}/reveal/name/").status_code == 404

    def test_executives_see_no_contacts(self, enter: Enter) -> None:
        pk = make_lead(mobile="+8613651087243").lead.pk
        client = enter("executive")
        assert client.post(f"/leads/{pk}/reveal/mobile/").status_code == 403
        assert "reveal" not in client.get(f"/leads/{pk}/").content.decode()
        assert not Fact.objects.filter(kind="contact.revealed").exists()

    def test_a_move_that_needs_a_reason_asks_for_it(self, enter: Enter) -> None:
        pk = make_lead().lead.pk
        client = enter("marketing")
        answer = client.post(f"/leads/{pk}/move/", {"to": "nurturing", "reason": ""})
        assert answer.status_code == 422
        assert "Please give a reason." in answer.content.decode()
        assert re.search(r'value="nurturing"\s+selected', answer.content.decode())
        assert Lead.objects.get(pk=pk).stage == "lead"
        assert client.post(f"/leads/{pk}/move/", {"to": "nurturing", "reason": "明年"}).status_code == 303
        assert Lead.objects.get(pk=pk).stage == "nurturing"
        assert client.post(f"/leads/{pk}/move/", {"to": "mql", "reason": ""}).status_code == 303
        assert Lead.objects.get(pk=pk).stage == "mql"

    def test_a_step_that_the_role_may_not_take_is_no_choice(self, enter: Enter) -> None:
        pk = make_lead().lead.pk
        assert enter("marketing").post(f"/leads/{pk}/move/", {"to": "won"}).status_code == 422
        assert Lead.objects.get(pk=pk).stage == "lead"

    def test_details_are_corrected(self, enter: Enter) -> None:
        lead = make_lead(channel="seo", region="31").lead
        data = {
            "product": "Cloud",
            "region": "4403",
            "industry": "",
            "size": "",
            "segment": "",
            "grade": "interested",
            "channel": "",
        }
        user = make_user("马", role="marketing")
        assert enter(user).post(f"/leads/{lead.pk}/edit/", data).status_code == 303
        lead.refresh_from_db()
        assert (lead.product, lead.region, lead.grade, lead.channel_id) == (
            "Cloud",
            "4403",
            "interested",
            None,
        )
        assert Fact.objects.get(kind="lead.updated").actor == f"user:{user.pk}"
        again = enter(user).post(f"/leads/{lead.pk}/edit/", data | {"channel": "99999"})
        assert again.status_code == 422
        assert 'value="Cloud"' in again.content.decode()


class TestAssign:
    def test_ticked_leads_change_hands_and_come_back(self, enter: Enter) -> None:
        team = Team.objects.create(name="华东")
        old, new = make_user("旧", team=team), make_user("新", team=team)
        one, two, left = (make_lead(owner=owner).lead for owner in (old, None, old))
        client = enter(make_user("m", role="sales_manager", team=team, language="en"))
        assert f'<option value="{new.pk}">' in client.get("/leads/").content.decode()
        answer = client.post("/leads/assign/", {"ids": [one.pk, two.pk], "owner": str(new.pk)})
        assert answer.status_code == 204
        events = json.loads(answer.headers["HX-Trigger"])
        assert events["toast"]["text"] == "2 leads given to 新."
        assert "list-changed" in events
        assert owners(one, two, left) == [new.pk, new.pk, old.pk]
        assert client.post(events["toast"]["undo"]).status_code == 204
        assert owners(one, two, left) == [old.pk, None, old.pk]

    def test_all_of_a_filter_but_only_what_one_sees(self, enter: Enter) -> None:
        team = Team.objects.create(name="华东")
        seller, stranger = make_user("s", team=team), make_user("t")
        mine, other_stage = make_lead(owner=seller).lead, make_lead(owner=seller, stage="sql").lead
        foreign = make_lead(owner=stranger).lead
        client = enter(make_user("m", role="sales_manager", team=team))
        client.post("/leads/assign/", {"matching": "1", "query": "stage=lead", "owner": "-"})
        assert owners(mine, other_stage, foreign) == [None, seller.pk, stranger.pk]
        client.post("/leads/assign/", {"ids": [foreign.pk], "owner": str(seller.pk)})
        assert owners(foreign) == [stranger.pk]

    def test_one_lead_is_handed_over_from_its_page(self, enter: Enter) -> None:
        team = Team.objects.create(name="华东")
        old, new, far = make_user("旧", team=team), make_user("新", team=team), make_user("远")
        lead = make_lead(owner=old).lead
        client = enter(make_user("m", role="sales_manager", team=team, language="en"))
        url = f"/leads/{lead.pk}/assign/"
        assert url in client.get(f"/leads/{lead.pk}/").content.decode()
        assert f'<option value="{old.pk}" selected>' in client.get(url).content.decode()
        assert client.post(url, {"owner": str(new.pk)}).headers["Location"] == f"/leads/{lead.pk}/"
        assert owners(lead) == [new.pk]
        # Outside of the team the page would not be there any more.
        assert client.post(url, {"owner": str(far.pk)}).headers["Location"] == "/leads/"
        assert (owners(lead), client.get(url).status_code) == ([far.pk], 404)
        assert enter(far).get(url).status_code == 403

    def test_no_lead_of_somebody_who_has_left_goes_unseen(self, enter: Enter) -> None:
        team = Team.objects.create(name="华东")
        gone, here, far = make_user("去", team=team), make_user("在", team=team), make_user("远")
        talked, put_off = (make_lead(owner=gone, stage=stage).lead for stage in ("sql", "nurturing"))
        for owner, stage in ((gone, "won"), (here, "sql"), (far, "sql")):
            make_lead(owner=owner, stage=stage)
        client = enter(make_user("m", role="sales_manager", team=team, language="en"))
        assert "Leads without anybody" not in client.get("/").content.decode()
        User.objects.filter(pk__in=[gone.pk, far.pk]).update(is_active=False)
        html = client.get("/").content.decode()
        assert "2 open leads belong to people who cannot sign in any more." in html
        link = re.search(r'href="(/leads/\?owner=left[^"]*)"', html)
        assert link is not None
        assert set(listed(client.get(unescape(link[1])))) == {talked.pk, put_off.pk}

    @pytest.mark.parametrize("owner", [{}, {"owner": ""}, {"owner": "99999"}])
    def test_without_a_choice_nothing_happens(self, enter: Enter, owner: dict[str, str]) -> None:
        seller = make_user("s")
        lead = make_lead(owner=seller).lead
        client = enter("admin")
        answer = client.post("/leads/assign/", {"ids": [lead.pk], **owner}, headers={"HX-Request": "true"})
        assert json.loads(answer.headers["HX-Trigger"])["toast"]["text"] == "Choose who gets the leads."
        assert owners(lead) == [seller.pk]

    @pytest.mark.parametrize("role", ["sales", "marketing", "executive", "telemarketing"])
    def test_others_may_not(self, enter: Enter, role: str) -> None:
        client = enter(role)
        assert client.post("/leads/assign/", {"owner": "-"}).status_code == 403
        assert client.post("/leads/assign/undo/").status_code == 403
        assert "/leads/assign/" not in client.get("/leads/").content.decode()


def owners(*leads: Lead) -> list[int | None]:
    """Who has them now."""
    now = dict(Lead.objects.values_list("pk", "owner_id"))
    return [now[lead.pk] for lead in leads]
