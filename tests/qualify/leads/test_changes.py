from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from huoju.core.access.models import User
from huoju.core.facts.models import Fact
from huoju.hub.identity.models import Person
from huoju.qualify.leads.models import Lead
from huoju.qualify.leads.operations import Assignment, LeadChange, assign_batch, update_batch
from tests.races import count_queries

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def lead(**fields: Any) -> Lead:
    person = Person.objects.create(created_at=NOW)
    times = {"stage_at": NOW, "captured_at": NOW, "created_at": NOW}
    return Lead.objects.create(person=person, stage_actor="test", **times, **fields)


def user(name: str) -> User:
    return User.objects.create(username=name)


def assign(*assignments: Assignment, now: datetime = NOW) -> list[bool]:
    return assign_batch(assignments, actor="user:1", now=now)


@pytest.mark.django_db
class TestAssign:
    def test_gives_a_lead_to_somebody_and_takes_it_back(self) -> None:
        one, zhao, qian = lead(), user("zhao"), user("qian")
        assert assign(Assignment(lead_id=one.pk, owner_id=zhao.pk, rule="routing/2", trace=("north", "turn")))
        one.refresh_from_db()
        assert (one.owner_id, one.assigned_at, one.sdr_id) == (zhao.pk, NOW, None)
        assert Fact.objects.get().payload == {
            "lead_id": one.pk,
            "owner_id": zhao.pk,
            "previous_owner_id": None,
            "sdr_id": None,
            "rule": "routing/2",
            "trace": ["north", "turn"],
        }
        assign(Assignment(lead_id=one.pk, owner_id=zhao.pk, sdr_id=qian.pk), now=LATER)
        one.refresh_from_db()
        assert (one.sdr_id, one.assigned_at) == (qian.pk, NOW)
        assert assign(Assignment(lead_id=one.pk, owner_id=None), now=LATER) == [True]
        one.refresh_from_db()
        assert (one.owner_id, one.assigned_at, one.sdr_id) == (None, None, qian.pk)
        assert Fact.objects.count() == 3

    def test_says_where_nothing_changed(self) -> None:
        zhao, qian = user("zhao"), user("qian")
        taken, free = lead(owner=zhao), lead()
        assert assign(
            Assignment(lead_id=taken.pk, owner_id=zhao.pk),
            Assignment(lead_id=free.pk, owner_id=qian.pk),
            Assignment(lead_id=0, owner_id=qian.pk),
        ) == [False, True, False]
        taken.refresh_from_db()
        assert taken.owner_id == zhao.pk
        assert Fact.objects.count() == 1

    def test_the_number_of_statements_does_not_depend_on_the_leads(self) -> None:
        zhao = user("zhao")

        def batch(size: int) -> int:
            given = [Assignment(lead_id=lead().pk, owner_id=zhao.pk) for _ in range(size)]
            return count_queries(lambda: assign(*given))

        assert batch(2) == batch(50)


@pytest.mark.django_db
class TestUpdate:
    def test_changes_dimensions_and_tells_what_changed(self) -> None:
        one, two = lead(region="11", keyword="cdp"), lead()
        answers = update_batch(
            [
                LeadChange(lead_id=one.pk, changes={"region": "31", "keyword": "cdp", "grade": "interested"}),
                LeadChange(lead_id=two.pk, changes={"region": ""}),
                LeadChange(lead_id=0, changes={"region": "31"}),
            ],
            actor="user:1",
            now=NOW,
        )
        assert answers == [True, False, False]
        one.refresh_from_db()
        assert (one.region, one.keyword, one.grade, one.stage) == ("31", "cdp", "interested", "lead")
        fact = Fact.objects.get()
        assert (fact.kind, fact.person_id) == ("lead.updated", one.person_id)
        assert fact.payload == {"lead_id": one.pk, "changes": {"region": "31", "grade": "interested"}}

    def test_refuses_what_is_no_dimension(self) -> None:
        with pytest.raises(ValueError, match="stage"):
            update_batch([LeadChange(lead_id=1, changes={"stage": "won"})], actor="user:1", now=NOW)

    def test_leaves_everything_else_as_it_was(self) -> None:
        one = lead(external_id="crm:1", warnings=["out_of_order"], extra={"a": "b"}, mql_at=NOW)
        before = Lead.objects.filter(pk=one.pk).values().get()
        update_batch([LeadChange(lead_id=one.pk, changes={"region": "31"})], actor="user:1", now=NOW)
        assert Lead.objects.filter(pk=one.pk).values().get() == {**before, "region": "31"}
