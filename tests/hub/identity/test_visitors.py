"""Anonymous visits belong to whoever turns out to have made them."""

from datetime import timedelta

import pytest

from huoju.core.facts.operations import NewFact, append
from huoju.core.facts.queries import list_facts_of_persons
from huoju.hub.identity import queries
from huoju.hub.identity.facts import PersonMerged
from huoju.hub.identity.operations import NewMerge, merge_batch, unmerge_batch
from tests.hub.identity.people import NOW, mobile, person, visitor

pytestmark = pytest.mark.django_db

HERS, HIS = "visitor-hers", "visitor-his-1"


def note(number: int, *, person_id: int | None = None, visitor_id: str | None = None) -> None:
    """A fact of some kind, `number` minutes after noon."""
    payload = PersonMerged(merge_id=number, profile_id=0, evidence=[])
    at = NOW + timedelta(minutes=number)
    append(
        [NewFact(payload=payload, occurred_at=at, person_id=person_id, visitor_id=visitor_id)],
        actor="test", source="test", now=NOW,
    )  # fmt: skip


def history(profile_id: int, **page: object) -> list[int]:
    persons = queries.members_of([profile_id])[profile_id]
    visitors = queries.visitors_of([profile_id])[profile_id]
    found = list_facts_of_persons(persons, visitor_ids=visitors, kinds=["person.merged"], **page)  # type: ignore[arg-type]
    return [fact.payload["merge_id"] for fact in found if fact.source == "test"]


def test_what_a_browser_did_before_is_her_history_once_she_is_known() -> None:
    note(1, visitor_id=HERS)
    note(2, visitor_id=HIS)
    her = person(mobile(1), visitor(HERS))
    note(3, visitor_id=HERS)
    note(4, visitor_id=HERS, person_id=her)
    assert history(her) == [4, 3, 1]
    assert history(person(mobile(2))) == []


def test_a_fact_of_somebody_else_in_her_browser_stays_theirs() -> None:
    her, him = person(mobile(1), visitor(HERS)), person(mobile(2))
    note(1, visitor_id=HERS, person_id=him)
    assert (history(her), history(him)) == ([], [1])


def test_visits_follow_a_merge_and_go_back_with_it() -> None:
    her, him = person(mobile(1), visitor(HERS)), person(mobile(2), visitor(HIS))
    note(1, visitor_id=HERS)
    note(2, visitor_id=HIS)
    (done,) = merge_batch([NewMerge(person_id=him, into_id=her)], actor="user:7", now=NOW)
    assert queries.visitors_of([her, him]) == {her: [HERS, HIS], him: []}
    assert history(her) == [2, 1]
    unmerge_batch([done.merge_id or 0], actor="user:7", reason="", now=NOW)
    assert (history(her), history(him)) == ([1], [2])


def test_it_pages() -> None:
    her = person(mobile(1), visitor(HERS))
    for number in range(6):
        note(number, visitor_id=HERS if number % 2 else None, person_id=None if number % 2 else her)
    first = list_facts_of_persons([her], visitor_ids=[HERS], limit=4)
    rest = list_facts_of_persons([her], visitor_ids=[HERS], before=(first[-1].occurred_at, first[-1].id))
    assert [fact.payload["merge_id"] for fact in (*first, *rest)] == [5, 4, 3, 2, 1, 0]
