"""Memberships follow the log, the clock and merges, and a build finds nothing to change."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from huoju.core.facts.delivery import drain
from huoju.core.facts.models import DeadLetter, Fact
from huoju.core.facts.operations import NewFact, append
from huoju.core.jobs import run_waiting
from huoju.core.lake import operations as lake
from huoju.hub.identity.facts import PersonMerged, PersonUnmerged
from huoju.hub.identity.models import Alias, Person
from huoju.hub.segments import engines
from huoju.hub.segments.jobs import sum_tallies
from huoju.hub.segments.membership import build, follow_due
from huoju.hub.segments.models import Membership, Segment
from huoju.hub.segments.operations import archive_segment, create_segment, update_segment
from huoju.hub.segments.queries import count_members, list_members
from huoju.hub.segments.readers import segments_reader

from .kinds import Visited

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def segment(where: dict[str, Any], name: str = "S") -> Segment:
    """A segment, built."""
    made = create_segment(name=name, definition={"where": where}, user_id=None, now=timezone.now())
    build(segment_id=made.pk, now=timezone.now())
    made.refresh_from_db()
    return made


def people(count: int) -> list[int]:
    """Persons without anything."""
    made = Person.objects.bulk_create([Person(name=f"P{n}", created_at=timezone.now()) for n in range(count)])
    return [person.pk for person in made]


def tell(*facts: NewFact) -> None:
    """Append, and let the reader read."""
    with transaction.atomic():
        append(facts, actor="test", source="test", now=timezone.now())
    drain([segments_reader()], horizon="own")
    assert [letter.traceback for letter in DeadLetter.objects.all()] == []


def inside(of: Segment) -> set[int]:
    """Who is in now."""
    return set(list_members(of).values_list("profile_id", flat=True))


def visit(person: int, at: datetime | None = None, page: str = "a") -> NewFact:
    """A visit."""
    return NewFact(payload=Visited(page=page), occurred_at=at or timezone.now(), person_id=person)


TWICE = {"type": "fact", "fact": "segment_test.visited", "at_least": 2, "days": 7}
NEVER = {"type": "fact", "fact": "segment_test.visited", "at_least": 0, "at_most": 0, "days": 7}


def test_a_build_finds_everybody_and_says_so_in_the_log() -> None:
    """Facts, count and state."""
    first, second = people(2)
    tell(visit(first), visit(first), visit(second))
    made = segment(TWICE)
    assert (made.state, inside(made), count_members([made.pk])) == ("live", {first}, {made.pk: 1})
    fact = Fact.objects.get(kind="segment.entered")
    assert (fact.person_id, fact.payload) == (first, {"segment_id": made.pk, "version": 1, "cause": "build"})


def test_who_acts_enters_and_time_puts_out() -> None:
    """A window closes without any fact; the stay is kept with its end."""
    (person,) = people(1)
    made, silent = segment(TWICE), segment(NEVER, "silent")
    assert (inside(made), inside(silent)) == (set(), {person})
    now = timezone.now()
    tell(visit(person, now - 2 * DAY), visit(person, now - DAY))
    assert (inside(made), inside(silent)) == ({person}, set())
    assert follow_due(now=now + 4 * DAY) == 0
    later = now + 5 * DAY + timedelta(minutes=1)
    assert follow_due(now=later) == 1
    assert (inside(made), inside(silent)) == (set(), set())
    assert follow_due(now=now + 6 * DAY + timedelta(minutes=1)) == 1
    assert inside(silent) == {person}
    stay = Membership.objects.get(segment=made)
    assert stay.left_at == later
    assert [list_members(made, at=now + days * DAY).count() for days in (-1, 1, 6)] == [0, 1, 0]


def test_merged_people_count_together_and_apart_again() -> None:
    """Facts stay with their persons; the mapping decides."""
    first, second = people(2)
    made = segment(TWICE)
    tell(visit(first), visit(second))
    assert inside(made) == set()
    Alias.objects.create(person_id=second, profile_id=first)
    merged = PersonMerged(merge_id=1, profile_id=first, evidence=[])
    tell(NewFact(payload=merged, occurred_at=timezone.now(), person_id=second))
    assert inside(made) == {first}
    Alias.objects.all().delete()
    unmerged = PersonUnmerged(merge_id=1, profile_id=second, reason="", former_profile_id=first)
    tell(NewFact(payload=unmerged, occurred_at=timezone.now(), person_id=second))
    assert inside(made) == set()


def test_a_fact_that_cannot_matter_moves_nobody() -> None:
    """Conditions on the payload are part of the index."""
    (person,) = people(1)
    page = {"field": "page", "op": "is", "value": "pricing"}
    made = segment({"type": "fact", "fact": "segment_test.visited", "where": [page]})
    tell(visit(person, page="home"))
    assert inside(made) == set()
    tell(visit(person, page="pricing"))
    assert inside(made) == {person}


def test_a_change_of_definition_moves_those_built_on_it() -> None:
    """Both are built again; who left is told with the new version."""
    first, second = people(2)
    tell(visit(first), visit(first), visit(second))
    inner = segment(TWICE, "inner")
    outer = segment({"type": "not", "of": {"type": "segment", "segment": inner.pk}}, "outer")
    assert (inside(inner), inside(outer)) == ({first}, {second})
    once = {**TWICE, "at_least": 1}
    update_segment(segment_id=inner.pk, definition={"where": once}, user_id=None, now=timezone.now())
    outer.refresh_from_db()
    assert outer.state == "building"
    build(segment_id=inner.pk, now=timezone.now())
    build(segment_id=outer.pk, now=timezone.now())
    assert (inside(inner), inside(outer)) == ({first, second}, set())


def test_what_happens_during_a_build_is_looked_at_before_it_goes_live() -> None:
    """The reader only notes; the build evaluates. A second build finds nothing to change."""
    (person,) = people(1)
    made = segment(TWICE)
    Segment.objects.filter(pk=made.pk).update(state="building")
    tell(visit(person), visit(person))
    assert inside(made) == set()
    assert build(segment_id=made.pk, now=timezone.now()) == 1
    assert inside(made) == {person}
    assert build(segment_id=made.pk, now=timezone.now()) == 0


@pytest.mark.django_db
def test_a_build_over_the_lake_looks_again_at_whom_the_log_has_told_of(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lake is older than the log; nobody is missed."""
    settings.LAKE_URL = str(tmp_path / "lake")
    first, second = people(2)
    tell(visit(first), visit(first))
    lake.flow(now=timezone.now(), horizon="own")
    monkeypatch.setattr(engines, "_are_many", lambda: True)
    monkeypatch.setattr(lake, "flow", lambda now: None)
    tell(visit(second), visit(second))
    made = segment(TWICE)
    assert inside(made) == {first, second}
    assert Membership.objects.filter(segment=made).count() == 2


def test_an_archived_segment_is_left_by_everybody_and_said_so() -> None:
    """Its history remains, and taken back it is built anew."""
    first, second = people(2)
    tell(visit(first), visit(first), visit(second), visit(second))
    made = segment(TWICE)
    archive_segment(segment_id=made.pk, archived=True)
    run_waiting()
    assert (inside(made), count_members([made.pk])) == (set(), {made.pk: 0})
    assert Fact.objects.filter(kind="segment.left", person_id__in=[first, second]).count() == 2
    assert Membership.objects.filter(segment=made).count() == 2
    archive_segment(segment_id=made.pk, archived=False)
    run_waiting()
    assert inside(made) == {first, second}


def test_who_is_removed_is_counted_out_at_night() -> None:
    """A person may go without a fact: an import was taken back."""
    first, second = people(2)
    tell(visit(first), visit(first), visit(second), visit(second))
    made = segment(TWICE)
    Person.objects.filter(pk=first).delete()
    sum_tallies()
    assert (inside(made), count_members([made.pk])) == ({second}, {made.pk: 1})
