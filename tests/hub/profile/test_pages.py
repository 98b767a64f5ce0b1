"""The list of people, a person's page, tags: who sees what, and every button."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from huoju.core import among
from huoju.core.facts.models import Fact
from huoju.core.facts.operations import NewFact, append_one
from huoju.core.search.operations import index
from huoju.hub.companies.models import Company
from huoju.hub.companies.search import COMPANIES
from huoju.hub.identity.models import Alias, Identifier, Person
from huoju.hub.profile import operations, timeline
from huoju.hub.profile.models import FieldValue, SurvivorshipRules, Tag, TagAssignment
from huoju.hub.profile.operations import Said
from huoju.hub.profile.policy import Field
from huoju.qualify.leads.facts import LeadTouched
from tests.entering import Enter
from tests.qualify.factory import Known, days_ago, make_lead, make_user, tell
from tests.races import count_queries

pytestmark = pytest.mark.django_db


def tag(name: str, **values: Any) -> Tag:
    return operations.save_tag(tag_id=None, values={"name": name, **values}, actor="x", now=timezone.now())


def give(known: Known, one: Tag) -> None:
    operations.tag_batch([known.person.pk], tag_id=one.pk, source="hand", actor="x", now=timezone.now())


def listed(answer: Any) -> list[int]:
    return [int(pk) for pk in re.findall(r'<tr[^>]*data-href="/people/(\d+)/"', answer.content.decode())]


def page(client: Client, known: Known, query: str = "") -> str:
    answer = client.get(f"/people/{known.person.pk}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


class TestList:
    def test_filters(self, enter: Enter) -> None:
        one = make_lead(region="44", stage="mql", company="云图数据")
        Person.objects.filter(pk=one.person.pk).update(region="4403")
        two = make_lead(title="Clerk", company="别家")
        vip = tag("VIP")
        give(one, vip)
        index(COMPANIES, Company.objects.values_list("pk", flat=True))
        client = enter("marketing")

        def found(query: str) -> list[int]:
            return listed(client.get(f"/people/?{query}"))

        assert found("") == [two.person.pk, one.person.pk]
        assert found(f"tag={vip.pk}") == [one.person.pk]
        assert found("stage=mql") == [one.person.pk]
        assert found("region=44") == [one.person.pk]
        assert found("company=云图") == [one.person.pk]
        assert found("title=clerk") == [two.person.pk]

    def test_merged_people_are_one_row_found_by_either_side(self, enter: Enter) -> None:
        old, new = make_lead(stage="lead"), make_lead(stage="won", captured_at=days_ago(-1))
        give(new, tag("VIP"))
        Alias.objects.create(person=new.person, profile=old.person)
        client = enter("marketing")
        answer = client.get("/people/")
        assert listed(answer) == [old.person.pk]
        assert "stage-won" in answer.content.decode()
        assert "VIP" in answer.content.decode()
        assert listed(client.get("/people/?stage=won")) == [old.person.pk]

    @pytest.mark.parametrize("few", [among.FEW, 0])
    def test_merged_people_are_found_sorted_and_exported_by_what_is_shown(
        self, enter: Enter, few: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(among, "FEW", few)
        first, second, third, fourth = (make_lead(title="Clerk", region="11") for _ in range(4))
        now, works = (
            timezone.now(),
            Company.objects.create(key="云图", name="云图数据", created_at=timezone.now()),
        )
        Person.objects.update(company=None, region="11")
        Person.objects.filter(pk=first.person.pk).update(
            title="Chief", region="4403", company=works, created_at=days_ago(9)
        )
        operations.set_fields(person_id=first.person.pk, values={Field.TITLE: "CTO"}, actor="user:1", now=now)
        Alias.objects.create(person=first.person, profile=third.person)
        index(COMPANIES, [works.pk])
        client = enter("marketing")
        merged, others = third.person.pk, [fourth.person.pk, second.person.pk]
        assert listed(client.get("/people/?title=clerk")) == [fourth.person.pk, merged, second.person.pk]
        operations.combine_batch([merged], actor="x", now=now)

        def found(query: str) -> list[int]:
            return listed(client.get(f"/people/?{query}"))

        assert found("") == [*others, merged]
        assert found("sort=created_at") == [merged, *reversed(others)]
        assert (found("title=cto"), found("title=clerk")) == ([merged], others)
        assert (found("region=44"), found("region=11")) == ([merged], others)
        assert found("company=云图") == [merged]
        day = days_ago(5).date().isoformat()
        assert (found(f"created_at_before={day}"), found(f"created_at_after={day}")) == ([merged], others)
        written = b"".join(client.get("/people/?export=csv&title=cto")).decode()
        assert ("CTO" in written, "云图数据" in written) == (True, True)
        assert "云图数据" in client.get(f"/people/{merged}/").content.decode()

    def test_sales_see_the_people_of_their_own_leads_and_of_the_pool(self, enter: Enter) -> None:
        seller = make_user("s", role="sales")
        mine, pool = make_lead(owner=seller), make_lead(stage="pool")
        foreign, merged = make_lead(), make_lead(owner=seller)
        Alias.objects.create(person=merged.person, profile=foreign.person)
        hidden = make_lead()
        client = enter(seller)
        assert set(listed(client.get("/people/"))) == {mine.person.pk, pool.person.pk, foreign.person.pk}
        assert client.get(f"/people/{hidden.person.pk}/").status_code == 404

    @pytest.mark.parametrize("few", [among.FEW, 0])
    def test_large_sets_find_the_same_people_as_small_ones(
        self, enter: Enter, few: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever is asked of few ids at once or of each row: merged people count by either side, and sales find
        by stages of leads that they see, not by those of others."""
        monkeypatch.setattr(among, "FEW", few)
        me = make_user("me", role="sales")
        mine, pooled, hidden = (
            make_lead(owner=me, stage="sql"),
            make_lead(stage="pool"),
            make_lead(stage="won"),
        )
        side = make_lead(owner=me, stage="mql")
        Alias.objects.create(person=side.person, profile=hidden.person)
        vip = tag("VIP")
        give(side, vip)
        give(mine, vip)
        seen = [hidden.person.pk, pooled.person.pk, mine.person.pk]
        for who, won in ((make_user("boss", role="admin"), [hidden.person.pk]), (me, [])):
            client = enter(who)
            assert listed(client.get("/people/")) == seen
            assert listed(client.get(f"/people/?tag={vip.pk}")) == [hidden.person.pk, mine.person.pk]
            assert listed(client.get("/people/?stage=mql")) == [hidden.person.pk]
            assert listed(client.get("/people/?stage=won")) == won
            assert listed(client.get(f"/people/?owner={me.pk}")) == [hidden.person.pk, mine.person.pk]
            assert listed(client.get("/people/?owner=nonsense")) == seen
        assert client.get(f"/people/{hidden.person.pk}/").status_code == 200

    def test_as_many_queries_for_many_as_for_few(self, enter: Enter) -> None:
        client = enter("marketing")
        for _ in range(2):
            make_lead()
        few = count_queries(lambda: client.get("/people/"))
        vip = tag("VIP")
        for _ in range(15):
            give(make_lead(), vip)
        assert count_queries(lambda: client.get("/people/")) == few

    def test_export_masks_contacts_for_those_who_may_not_see_them(self, enter: Enter) -> None:
        make_lead(email="li.na@yuntu.cn")
        assert "li.na@yuntu.cn" in b"".join(enter("marketing").get("/people/?export=csv")).decode()
        assert "li.na@yuntu.cn" not in b"".join(enter("executive").get("/people/?export=csv")).decode()
        assert enter("sales").get("/people/?export=csv").status_code == 403


class TestPage:
    def test_the_old_address_of_a_merged_person_leads_to_the_profile(self, enter: Enter) -> None:
        old, new = make_lead(), make_lead()
        Alias.objects.create(person=new.person, profile=old.person)
        answer = enter("marketing").get(f"/people/{new.person.pk}/?tab=values")
        assert (answer.status_code, answer["Location"]) == (302, f"/people/{old.person.pk}/?tab=values")

    def test_shows_leads_facts_and_tags_of_all_members(self, enter: Enter) -> None:
        old, new = make_lead(), make_lead(captured_at=days_ago(3))
        give(new, tag("VIP"))
        tell(LeadTouched(lead_id=new.lead.pk, via="form", message="请回电"), person=new.person)
        Alias.objects.create(person=new.person, profile=old.person)
        seen = page(enter("marketing"), old)
        for text in (f"/leads/{old.lead.pk}/", f"/leads/{new.lead.pk}/", "VIP", "请回电", "2 records merged"):
            assert text in seen
        assert "/people/" in enter("marketing").get(f"/leads/{new.lead.pk}/").content.decode()

    def test_a_long_life_costs_no_more_queries(self, enter: Enter) -> None:
        client, known = enter("marketing"), make_lead()
        page(client, known)
        few = count_queries(lambda: page(client, known))
        for day in range(60):
            tell(LeadTouched(lead_id=known.lead.pk, via="form"), person=known.person, at=days_ago(day))
        assert count_queries(lambda: page(client, known)) == few
        assert few <= 45, few

    def test_the_timeline_pages_to_the_first_fact_and_no_further(self, enter: Enter) -> None:
        client, known = enter("marketing"), make_lead(captured_at=days_ago(200))
        for day in range(90):
            tell(
                LeadTouched(lead_id=known.lead.pk, via="form", message=f"第{day}天"),
                person=known.person, at=days_ago(day),
            )  # fmt: skip
        seen, query = [], "?part=timeline"
        for _ in range(3):
            text = client.get(f"/people/{known.person.pk}/{query}", HTTP_HX_REQUEST="true").content.decode()
            seen += re.findall(r"第(\d+)天", text)
            older = re.search(r'href="(\?[^"]*before=[^"]*)"', text)
            query = older[1].replace("&amp;", "&") if older else ""
        assert seen == [str(day) for day in range(90)]
        assert query == ""

    def test_the_timeline_narrows_by_group_and_by_what_people_read(self, enter: Enter) -> None:
        client, known = enter("marketing"), make_lead()
        tell(LeadTouched(lead_id=known.lead.pk, via="form", message="请给报价"), person=known.person)
        give(known, tag("VIP"))

        def found(query: str) -> str:
            path = f"/people/{known.person.pk}/?part=timeline&{query}"
            return client.get(path, HTTP_HX_REQUEST="true").content.decode()

        assert "请给报价" in found("group=interest")
        assert "VIP" not in found("group=interest")
        assert "VIP" in found("group=profile")
        assert "请给报价" in found("text=报价")
        assert "VIP" in found("text=vip")
        assert "Nothing like this" in found("text=kangaroo")
        assert client.get(f"/people/{known.person.pk}/?before=x").status_code == 404

    def test_what_a_visitor_did_before_anybody_knew_is_part_of_it(self, enter: Enter) -> None:
        known, now = make_lead(), timezone.now()
        Identifier.objects.create(
            person=known.person, kind="visitor", value="v1", source="form", first_seen=now, last_seen=now
        )
        for visitor, message in (("v1", "匿名时"), ("v2", "别人")):
            touched = LeadTouched(lead_id=known.lead.pk, via="form", message=message)
            fact = NewFact(payload=touched, occurred_at=days_ago(9), visitor_id=visitor)
            append_one(fact, actor="visitor", source="test", now=now)
        seen = page(enter("marketing"), known)
        assert "匿名时" in seen
        assert "别人" not in seen


class TestFields:
    def test_edit_sets_by_hand_and_refuses_nonsense(self, enter: Enter) -> None:
        known = make_lead(title="Engineer")
        client = enter("marketing")
        url = f"/people/{known.person.pk}/edit/"
        assert client.get(url).status_code == 200
        wrong = client.post(url, {"name": "李娜", "title": "CTO", "mobile": "12", "email": "x@"})
        assert wrong.status_code == 422
        sent = {
            "name": known.person.name,
            "title": "Chief",
            "mobile": "136 5108 7243",
            "email": known.person.email,
        }
        assert client.post(url, sent).status_code == 303
        known.person.refresh_from_db()
        assert (known.person.title, known.person.mobile) == ("Chief", "+8613651087243")
        assert Identifier.objects.get().value == "+8613651087243"

    def test_values_can_be_restored(self, enter: Enter) -> None:
        known = make_lead(title="Engineer")
        said = Said(person_id=known.person.pk, values={"title": "CTO"}, source="form")
        operations.hear_batch([said], actor="reader:intake", now=timezone.now())
        client = enter("marketing")
        seen = page(client, known, "?tab=values")
        assert "Engineer" in seen
        answer = client.post(f"/people/{known.person.pk}/restore/", {"field": "title", "at": "1"})
        assert answer.status_code == 303
        known.person.refresh_from_db()
        assert known.person.title == "Engineer"
        assert FieldValue.objects.filter(source="hand").count() == 1
        assert (
            client.post(f"/people/{known.person.pk}/restore/", {"field": "title", "at": "9"}).status_code
            == 404
        )

    def test_who_may_not_edit_may_not(self, enter: Enter) -> None:
        known = make_lead()
        client = enter("executive")
        assert client.get(f"/people/{known.person.pk}/edit/").status_code == 403
        assert client.post(f"/people/{known.person.pk}/reveal/email/").status_code == 403

    def test_a_reveal_is_logged(self, enter: Enter) -> None:
        known = make_lead(email="li.na@yuntu.cn")
        client = enter("marketing")
        assert "li.na@yuntu.cn" not in page(client, known)
        assert "li.na@yuntu.cn" in client.post(f"/people/{known.person.pk}/reveal/email/").content.decode()
        assert Fact.objects.filter(kind="profile.field_revealed", person_id=known.person.pk).count() == 1


class TestTags:
    def test_on_one_person(self, enter: Enter) -> None:
        known, vip = make_lead(), tag("VIP")
        client = enter("marketing")
        url = f"/people/{known.person.pk}/tags/"
        assert client.post(url, {"tag": vip.pk}).status_code == 303
        assert TagAssignment.objects.count() == 1
        assert client.post(url, {"untag": vip.pk}).status_code == 303
        assert TagAssignment.objects.count() == 0

    @pytest.mark.parametrize("room", ["people", "leads"])
    def test_in_bulk_with_undo(self, enter: Enter, room: str) -> None:
        one, two, vip = make_lead(), make_lead(), tag("VIP")
        give(two, vip)
        client = enter("marketing")
        ids = [each.person.pk if room == "people" else each.lead.pk for each in (one, two)]
        answer = client.post(f"/{room}/tag/", {"ids": ids, "tag": vip.pk})
        assert json.loads(answer["HX-Trigger"])["toast"]["text"] == "1 people tagged."
        assert TagAssignment.objects.count() == 2
        client.post("/people/tag/undo/")
        assert [row.person_id for row in TagAssignment.objects.all()] == [two.person.pk]

    def test_a_new_tag_with_a_rule(self, enter: Enter) -> None:
        client = enter("marketing")
        assert client.get("/people/tags/new/").status_code == 200
        fields = {"name": "Technical", "color": "blue", "group": "", "note": "", "days": "7"}
        added = client.post("/people/tags/new/", {**fields, "do": "add:conditions"}, HTTP_HX_REQUEST="true")
        assert 'name="conditions.0.field"' in added.content.decode()
        rule = {
            "conditions": "0",
            "conditions.0.field": "person.title",
            "conditions.0.op": "contains",
            "conditions.0.value": "CTO",
        }
        assert client.post("/people/tags/new/", {**fields, **rule, "days": "soon"}).status_code == 422
        assert client.post("/people/tags/new/", {**fields, **rule, "name": " "}).status_code == 422
        assert client.post("/people/tags/new/", {**fields, **rule, "do": "save"}).status_code == 303
        made = Tag.objects.get()
        assert (made.name, made.days) == ("Technical", 7)
        assert made.conditions == [{"field": "person.title", "op": "contains", "value": "CTO"}]
        assert "Technical" in client.get("/people/tags/").content.decode()
        assert client.post(f"/people/tags/{made.pk}/", {**fields, **rule, "do": "archive"}).status_code == 303
        assert "Technical" not in client.get("/people/tags/").content.decode()


def test_rules_are_edited_tried_and_activated(enter: Enter) -> None:
    client, known = enter("admin"), make_lead(title="Engineer")
    said = Said(person_id=known.person.pk, values={"title": "Assistant"}, source="import:2")
    operations.hear_batch([said], actor="x", now=timezone.now() + timedelta(seconds=1))
    assert client.get("/people/rules/").status_code == 200
    sent = {"order": "0", "order.0.by": "newest", "trusted": "form", "note": "newest"}
    tried = client.post("/people/rules/edit/", {**sent, "do": "preview"})
    assert "Assistant" in tried.content.decode()
    assert client.post("/people/rules/edit/", {**sent, "do": "save"}).status_code == 303
    made = SurvivorshipRules.objects.get(version=2)
    assert made.rules == {"order": ["newest"], "trusted": ["form"], "fields": []}
    assert client.post("/people/rules/2/activate/").status_code in (204, 303)
    assert SurvivorshipRules.objects.get(active=True).version == 2


def test_a_rare_word_is_found_far_down_in_several_steps(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "CHUNK", 5)
    monkeypatch.setattr(timeline, "SCAN", 10)
    client, known = enter("marketing"), make_lead(fact=False)
    for day in range(25):
        message = "袋鼠" if day == 22 else "普通"
        touched = LeadTouched(lead_id=known.lead.pk, via="form", message=message)
        tell(touched, person=known.person, at=days_ago(day))
    query, steps = "?part=timeline&text=袋鼠", []
    while query:
        answer = client.get(f"/people/{known.person.pk}/{query}", HTTP_HX_REQUEST="true").content.decode()
        steps.append("hj-event" in answer)
        older = re.search(r'href="(\?[^"]*before=[^"]*)"', answer)
        query = older[1].replace("&amp;", "&") if older else ""
    assert steps == [False, False, True]
