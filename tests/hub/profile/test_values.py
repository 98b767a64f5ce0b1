"""Values from many mouths: which is shown, where each came from, and what taking one back leaves."""

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from huoju.core.facts import delivery
from huoju.core.facts.models import Fact
from huoju.hub.identity import operations as identity
from huoju.hub.identity.models import Alias, Identifier, MergeProposal, Person
from huoju.hub.identity.queries import members_of
from huoju.hub.profile import jobs, operations
from huoju.hub.profile.models import Combined, FieldValue
from huoju.hub.profile.operations import Said
from huoju.hub.profile.policy import Criterion, Field
from huoju.hub.profile.queries import golden_of, lacks_combined, show_golden, traits_of
from huoju.hub.profile.readers import profile_reader
from huoju.site.commands import migrate
from tests.races import count_queries

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def person(**fields: str) -> Person:
    return Person.objects.create(**{"source": "import:1", "created_at": NOW - timedelta(days=30), **fields})


def hear(who: Person, *, source: str = "form", day: int = 0, **values: str) -> None:
    said = Said(person_id=who.pk, values=values, source=source)
    operations.hear_batch([said], actor="reader:intake", now=NOW + timedelta(days=day))
    who.refresh_from_db()


def rows(who: Person) -> list[tuple[str, str, str]]:
    return [
        (row.field, row.value, row.source) for row in FieldValue.objects.filter(person=who).order_by("id")
    ]


def shown(who: Person, name: Field) -> tuple[str, Criterion | None]:
    known = golden_of(members_of([who.pk]))[who.pk][name]
    return known.value, known.golden.why if known.golden else None


class TestHearing:
    def test_what_agrees_leaves_no_trace_and_costs_one_query(self) -> None:
        people = [person(name=f"P{each}", title="CTO") for each in range(20)]
        said = [
            Said(person_id=each.pk, values={"title": "CTO", "name": ""}, source="form") for each in people
        ]
        assert count_queries(lambda: operations.hear_batch(said, actor="x", now=NOW)) == 1
        assert FieldValue.objects.count() == 0

    def test_a_second_value_brings_the_first_ones_row_and_the_better_one_is_shown(self) -> None:
        who = person(title="Engineer")
        hear(who, title="CTO")
        assert rows(who) == [("title", "Engineer", "import:1"), ("title", "CTO", "form")]
        assert who.title == "CTO"
        (fact,) = Fact.objects.filter(kind="profile.field_changed")
        assert fact.payload == {"field": "title", "value": "CTO", "previous": "Engineer", "source": "form"}
        assert fact.person_id == who.pk

    def test_a_worse_value_is_kept_and_not_shown(self) -> None:
        who = person(title="Engineer")
        hear(who, title="Assistant", source="import:2")
        assert len(rows(who)) == 2
        assert who.title == "Engineer"
        assert Fact.objects.filter(kind="profile.field_changed").count() == 0

    def test_a_repeat_is_no_news(self) -> None:
        who = person(title="Engineer")
        for day in range(3):
            hear(who, title="CTO", day=day)
        hear(who, title="Engineer", source="import:2")
        assert len(rows(who)) == 2

    def test_what_filled_an_empty_field_keeps_its_source(self) -> None:
        who = person(title="CTO")
        said = Said(person_id=who.pk, values={"title": "CTO"}, source="import:9", filled={"title"})
        operations.hear_batch([said], actor="x", now=NOW)
        assert rows(who) == [("title", "CTO", "import:9")]

    def test_many_are_as_cheap_as_few(self) -> None:
        def cost(count: int) -> int:
            people = [person(title="Engineer") for _ in range(count)]
            said = [Said(person_id=each.pk, values={"title": "CTO"}, source="form") for each in people]
            return count_queries(lambda: operations.hear_batch(said, actor="x", now=NOW))

        assert cost(2) == cost(40)


class TestByHand:
    def test_what_a_user_sets_beats_what_forms_say_later(self) -> None:
        who = person(title="Engineer")
        operations.set_fields(person_id=who.pk, values={Field.TITLE: "Chief"}, actor="user:7", now=NOW)
        hear(who, title="CTO", day=1)
        assert who.title == "Chief"
        assert shown(who, Field.TITLE) == ("Chief", Criterion.HAND)

    def test_an_earlier_value_can_be_restored(self) -> None:
        who = person(title="Engineer")
        for day, value in enumerate(("Chief", "Engineer")):
            values = {Field.TITLE: value}
            operations.set_fields(
                person_id=who.pk, values=values, actor="user:7", now=NOW + timedelta(days=day)
            )
        who.refresh_from_db()
        assert who.title == "Engineer"
        assert [value for _, value, _ in rows(who)] == ["Engineer", "Chief", "Engineer"]

    def test_a_number_of_somebody_else_proposes_a_merge_and_merges_nothing(self) -> None:
        other, who = person(name="A"), person(name="B")
        number = "+8613800000001"
        Identifier.objects.create(
            person=other, kind="mobile", value=number, source="form", first_seen=NOW, last_seen=NOW
        )
        operations.set_fields(person_id=who.pk, values={Field.MOBILE: number}, actor="user:7", now=NOW)
        who.refresh_from_db()
        assert who.mobile == number
        proposal = MergeProposal.objects.get()
        assert {proposal.left_id, proposal.right_id} == {other.pk, who.pk}
        assert Alias.objects.count() == 0


class TestTakingBack:
    def test_without_an_import_the_value_before_it_is_shown(self) -> None:
        who = person(title="Engineer", source="form")
        hear(who, title="CTO", source="form")
        hear(who, title="Boss", source="import:3", day=1)
        operations.forget_batch([who.pk], source="import:3", now=NOW)
        who.refresh_from_db()
        assert [value for _, value, _ in rows(who)] == ["Engineer", "CTO"]
        assert who.title == "CTO"


class TestMerged:
    def test_the_profile_chooses_among_all_members_and_a_split_restores_both(self) -> None:
        old, new = person(title="Engineer"), person(title="Boss", source="form")
        assert shown(old, Field.TITLE) == ("Engineer", Criterion.FIRST)
        Alias.objects.create(person=new, profile=old)
        assert shown(old, Field.TITLE) == ("Boss", Criterion.TRUSTED)
        hear(new, title="Chief", day=1)
        assert shown(old, Field.TITLE) == ("Chief", Criterion.TRUSTED)
        Alias.objects.all().delete()
        assert shown(old, Field.TITLE) == ("Engineer", Criterion.FIRST)
        assert shown(new, Field.TITLE) == ("Chief", Criterion.TRUSTED)

    def test_traits_and_lists_show_the_choice_as_long_as_they_are_one(self) -> None:
        """The reader combines both sides of a merge and of its end; what becomes another choice is a fact."""
        kept, other = person(title="Clerk", country="CN"), person(title="Clerk", name="李娜")
        operations.set_fields(person_id=other.pk, values={Field.TITLE: "CTO"}, actor="user:1", now=NOW)
        codes = ["person.title", "person.country", "person.named"]
        merge_id = identity.merge(person_id=other.pk, into_id=kept.pk, actor="user:1", now=NOW)
        assert merge_id is not None
        delivery.drain([profile_reader()], horizon="own")
        assert list(traits_of([kept.pk], codes)[kept.pk].values()) == ["CTO", "CN", True]
        row = Person.objects.get(pk=kept.pk)
        show_golden([row])
        assert (row.name, row.title) == ("李娜", "CTO")
        operations.set_fields(person_id=other.pk, values={Field.TITLE: "CEO"}, actor="user:1", now=NOW)
        delivery.drain([profile_reader()], horizon="own")
        assert traits_of([kept.pk], codes)[kept.pk]["person.title"] == "CEO"
        identity.unmerge(merge_id=merge_id, actor="user:1", now=NOW)
        delivery.drain([profile_reader()], horizon="own")
        assert list(traits_of([kept.pk], codes)[kept.pk].values()) == ["Clerk", "CN", False]
        assert not Combined.objects.exists()
        facts = Fact.objects.filter(kind="profile.combined").order_by("tx", "id")
        assert {fact.person_id for fact in facts} == {kept.pk}
        assert [fact.payload["fields"] == ["title"] for fact in facts] == [False, True, False]

    def test_a_verified_number_beats_a_newer_one(self) -> None:
        old, new = person(mobile="+8613800000001"), person(mobile="+8613800000002", source="form")
        Identifier.objects.create(
            person=old,
            kind="mobile",
            value=old.mobile,
            verified=True,
            source="x",
            first_seen=NOW,
            last_seen=NOW,
        )
        Alias.objects.create(person=new, profile=old)
        assert shown(old, Field.MOBILE) == ("+8613800000001", Criterion.VERIFIED)


def test_other_rules_choose_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    who = person(title="Engineer")
    hear(who, title="Assistant", source="import:2")
    rules = {"order": ["newest"], "trusted": [], "fields": []}
    version = operations.save_version(rules=rules, note="", user_id=None, now=NOW)
    assert operations.activate(version=version.version, actor="user:7", now=NOW)
    asked: list[bool] = []
    monkeypatch.setattr(type(jobs.choose_again.using()), "defer", lambda _self: asked.append(True))
    delivery.drain([profile_reader()], horizon="own")
    assert asked == [True, True]  # persons, and profiles of several
    jobs.combine_again()
    jobs.choose_again()
    who.refresh_from_db()
    assert who.title == "Assistant"


@pytest.mark.django_db
def test_an_upgrade_combines_what_was_merged_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that an older version left out, or left without what lists ask for, are derived once by one job."""
    kept, other, older = person(title="Clerk"), person(title="CTO"), person()
    Alias.objects.create(person=other, profile=kept)
    asked: list[bool] = []
    monkeypatch.setattr(type(jobs.combine_again.using()), "defer", lambda _self: asked.append(True))
    assert lacks_combined()
    migrate.run(argparse.Namespace())
    assert len(asked) == 2  # and whoever has no lead is put into the search
    jobs.combine_again()
    row = Combined.objects.get()
    assert (row.pk, row.known_first, lacks_combined()) == (kept.pk, kept.pk, False)
    Combined.objects.update(known_first=None)
    Alias.objects.create(person=older, profile=kept)
    assert lacks_combined()
    jobs.combine_again()
    told = Fact.objects.filter(kind="profile.combined").count()
    jobs.combine_again()
    assert (lacks_combined(), Fact.objects.filter(kind="profile.combined").count()) == (False, told)
