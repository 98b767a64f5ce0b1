"""Tags: by hand, by rule, in bulk, until they expire."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from huoju.core.errors import UserError
from huoju.core.facts import delivery
from huoju.core.facts.models import Fact
from huoju.core.facts.operations import NewFact, append_one
from huoju.hub.identity.models import Alias, Person
from huoju.hub.identity.queries import members_of
from huoju.hub.profile import jobs, operations
from huoju.hub.profile.facts import FieldChanged
from huoju.hub.profile.models import Tag, TagAssignment
from huoju.hub.profile.policy import Field
from huoju.hub.profile.queries import tags_of
from huoju.hub.profile.readers import profile_reader
from tests.races import count_queries

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def person(**fields: str) -> int:
    return Person.objects.create(created_at=NOW, **fields).pk


def tag(name: str = "VIP", **values: Any) -> int:
    saved = operations.save_tag(tag_id=None, values={"name": name, **values}, actor="user:7", now=NOW)
    return saved.pk


def give(ids: list[int], tag_id: int, *, at: datetime = NOW, **more: Any) -> list[int]:
    return operations.tag_batch(ids, tag_id=tag_id, source="hand", actor="user:7", now=at, **more)


def names(person_id: int, *, at: datetime = NOW) -> list[str]:
    return [each.name for each in tags_of(members_of([person_id]), now=at)[person_id]]


def told(kind: str) -> list[tuple[int | None, str]]:
    facts = Fact.objects.filter(kind=kind).order_by("id")
    return [(fact.person_id, fact.payload["source"]) for fact in facts]


def test_a_name_belongs_to_one_tag() -> None:
    tag("VIP")
    with pytest.raises(UserError) as refused:
        tag("VIP")
    assert refused.value.code == "taken"


def test_set_once_and_told_once() -> None:
    one, other, vip = person(), person(), tag()
    assert give([one], vip) == [one]
    assert give([one, other, 999_999], vip) == [other]
    assert told("tag.added") == [(one, "hand"), (other, "hand")]
    assert operations.untag_batch([one], tag_id=vip, source="hand", actor="user:7", now=NOW) == [one]
    assert operations.untag_batch([one], tag_id=vip, source="hand", actor="user:7", now=NOW) == []
    assert told("tag.removed") == [(one, "hand")]
    assert (names(one), names(other)) == ([], ["VIP"])


def test_a_tag_ends_by_the_clock_and_is_swept() -> None:
    who, hot = person(), tag("Hot", days=7)
    give([who], hot)
    assert (names(who, at=NOW + 6 * DAY), names(who, at=NOW + 7 * DAY)) == (["Hot"], [])
    assert give([who], hot, at=NOW + 2 * DAY) == [who]  # longer
    assert give([who], hot, at=NOW + DAY) == []  # not shorter
    assert operations.sweep_expired(now=NOW + 8 * DAY, limit=10) == 0
    assert operations.sweep_expired(now=NOW + 9 * DAY, limit=10) == 1
    assert told("tag.removed") == [(who, "expired")]
    assert TagAssignment.objects.count() == 0


def test_a_profile_shows_the_tags_of_its_members_which_stay_theirs() -> None:
    old, new, vip, hot = person(), person(), tag("VIP"), tag("Hot")
    give([old, new], vip)
    give([new], hot)
    merge = Alias.objects.create(person_id=new, profile_id=old)
    assert names(old) == ["Hot", "VIP"]
    merge.delete()
    assert (names(old), names(new)) == (["VIP"], ["Hot", "VIP"])
    Alias.objects.create(person_id=new, profile_id=old)
    operations.untag_batch([old], tag_id=hot, source="hand", actor="user:7", now=NOW)
    assert names(old) == ["VIP"]


def test_as_many_queries_for_many_as_for_one() -> None:
    vip = tag()

    def cost(ids: list[int]) -> int:
        return count_queries(lambda: give(ids, vip))

    assert cost([person()]) == cost([person() for _ in range(50)])


class TestRules:
    CTO = ({"field": "person.title", "op": "contains", "value": "CTO"},)

    def test_follow_the_traits(self) -> None:
        boss, clerk = person(title="CTO"), person(title="Clerk")
        tag("Technical", conditions=list(self.CTO))
        assert operations.apply_rules([boss, clerk], now=NOW) == 1
        assert (names(boss), names(clerk)) == (["Technical"], [])
        Person.objects.filter(pk=boss).update(title="Advisor")
        Person.objects.filter(pk=clerk).update(title="CTO")
        assert operations.apply_rules([boss, clerk], now=NOW) == 2
        assert (names(boss), names(clerk)) == ([], ["Technical"])
        assert told("tag.added") == [(boss, "rule"), (clerk, "rule")]
        assert told("tag.removed") == [(boss, "rule")]

    def test_leave_alone_what_somebody_set(self) -> None:
        clerk = person(title="Clerk")
        technical = tag("Technical", conditions=list(self.CTO))
        give([clerk], technical)
        assert operations.apply_rules([clerk], now=NOW) == 0
        assert names(clerk) == ["Technical"]

    def test_ask_the_profile(self) -> None:
        old, new = person(title="Clerk"), person(title="Clerk")
        operations.set_fields(person_id=new, values={Field.TITLE: "CTO"}, actor="user:1", now=NOW)
        tag("Technical", conditions=list(self.CTO))
        Alias.objects.create(person_id=new, profile_id=old)
        operations.combine_batch([new], actor="test", now=NOW)
        operations.apply_rules([new], now=NOW)
        assert names(old) == ["Technical"]
        assert TagAssignment.objects.get().person_id == old

    def test_are_asked_when_a_trait_changes_and_when_they_are_saved(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        boss = person(title="CTO")
        asked: list[int] = []
        using = type(jobs.apply_rule.using())
        monkeypatch.setattr(using, "defer", lambda _self, tag_id: asked.append(tag_id))
        technical = tag("Technical", conditions=list(self.CTO))
        changed = FieldChanged(field="title", value="CTO", previous="", source="form")
        append_one(
            NewFact(payload=changed, occurred_at=NOW, person_id=boss), actor="x", source="test", now=NOW
        )
        delivery.drain([profile_reader()], horizon="own")
        assert asked == [technical]
        assert names(boss) == ["Technical"]

    def test_reach_everybody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jobs, "CHUNK", 2)
        people = [person(title="CTO") for _ in range(5)]
        technical = tag("Technical", conditions=list(self.CTO))
        jobs.apply_rule(tag_id=technical)
        assert [names(each) for each in people] == [["Technical"]] * 5

    def test_a_rule_over_a_trait_that_is_gone_rests(self) -> None:
        boss = person(title="CTO")
        tag("Odd", conditions=[{"field": "moon.phase", "op": "is", "value": "full"}])
        assert operations.apply_rules([boss], now=NOW) == 0
        assert Tag.objects.count() == 1
