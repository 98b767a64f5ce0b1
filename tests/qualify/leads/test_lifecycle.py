from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.db import connection, transaction

from huoju.core.access.policy import Role
from huoju.core.facts.models import Fact
from huoju.hub.identity.models import Person
from huoju.qualify.leads import policy
from huoju.qualify.leads.models import Lead, StageChange
from huoju.qualify.leads.operations import Move, Moved, Refused, advance_batch
from huoju.qualify.leads.operations.lifecycle import Answer
from huoju.qualify.leads.policy import By, Mover, Refusal, Stage, check_transition
from tests.races import committed_log, count_queries, race

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CAPTURED = NOW - timedelta(days=10)
_S = Stage


def lead(stage: Stage = _S.LEAD, person: Person | None = None) -> Lead:
    person = person or Person.objects.create(created_at=NOW)
    return Lead.objects.create(
        person=person,
        stage=stage.value,
        stage_at=CAPTURED,
        stage_actor="test",
        captured_at=CAPTURED,
        created_at=CAPTURED,
    )


def advance(*moves: Move, mover: Mover = Role.ADMIN) -> list[Answer]:
    return advance_batch(moves, mover=mover, actor="user:1", now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("mover", [*Role, *By])
def test_the_database_follows_the_transition_table(mover: Mover) -> None:
    """Every pair of stages, with and without a reason: what the policy permits is written, what it refuses is not."""
    cases = list(product(Stage, Stage, ["", "because"]))
    leads = [lead(source) for source, _, _ in cases]
    moves = [
        Move(lead_id=each.pk, to=target, reason=reason)
        for each, (_, target, reason) in zip(leads, cases, strict=True)
    ]
    answers = advance(*moves, mover=mover)
    stored = Lead.objects.in_bulk([each.pk for each in leads])
    for each, (source, target, reason), answer in zip(leads, cases, answers, strict=True):
        expected = check_transition(source, target, mover=mover, reason=reason)
        if isinstance(expected, policy.Refused):
            assert answer == Refused(each.pk, source, target, expected.reason)
            assert stored[each.pk].stage == source.value
        else:
            assert answer == Moved(each.pk, source, target, NOW)
            assert stored[each.pk].stage == target.value


@pytest.mark.django_db
class TestAdvance:
    def test_writes_when_who_and_why(self) -> None:
        one = lead()
        at = NOW - timedelta(hours=1)
        advance(
            Move(lead_id=one.pk, to=_S.MQL, at=at, reason="fits", rule="mql/3"),
            mover=By.RULE,
        )
        one.refresh_from_db()
        assert (one.stage, one.stage_at, one.stage_actor, one.stage_reason) == ("mql", at, "user:1", "fits")
        assert (one.mql_at, one.sql_at, one.captured_at) == (at, None, CAPTURED)
        change = StageChange.objects.filter(lead=one).latest("id")
        assert (change.from_stage, change.to_stage, change.at, change.actor, change.reason) == (
            *("lead", "mql", at, "user:1", "fits"),
        )
        fact = Fact.objects.get()
        assert (fact.kind, fact.occurred_at, fact.person_id) == ("lead.stage_changed", at, one.person_id)
        assert fact.payload == {
            "lead_id": one.pk,
            "from_stage": "lead",
            "to_stage": "mql",
            "reason": "fits",
            "rule": "mql/3",
        }

    def test_the_first_time_of_a_stage_stays(self) -> None:
        one = lead()
        later = NOW + timedelta(days=1)
        advance(Move(lead_id=one.pk, to=_S.MQL))
        advance(Move(lead_id=one.pk, to=_S.LEAD, reason="by mistake"))
        advance(Move(lead_id=one.pk, to=_S.MQL, at=later))
        one.refresh_from_db()
        assert (one.mql_at, one.stage_at) == (NOW, later)

    def test_a_chain_of_moves_in_one_batch(self) -> None:
        one, two = lead(), lead()
        answers = advance(
            Move(lead_id=one.pk, to=_S.MQL),
            Move(lead_id=two.pk, to=_S.WON),
            Move(lead_id=one.pk, to=_S.SQL),
            Move(lead_id=two.pk, to=_S.SQL),
            Move(lead_id=one.pk, to=_S.OPPORTUNITY),
        )
        assert [type(answer) for answer in answers] == [Moved, Refused, Moved, Moved, Moved]
        one.refresh_from_db()
        assert (one.stage, one.mql_at, one.sql_at, one.opportunity_at) == ("opportunity", NOW, NOW, NOW)
        assert [change.to_stage for change in StageChange.objects.filter(lead=one).order_by("id")] == [
            *("mql", "sql", "opportunity"),
        ]

    def test_refuses_what_is_gone_or_has_moved(self) -> None:
        one = lead(_S.SQL)
        assert advance(
            Move(lead_id=0, to=_S.MQL), Move(lead_id=one.pk, to=_S.OPPORTUNITY, expect=_S.MQL)
        ) == [
            Refused(0, None, _S.MQL, Refusal.GONE),
            Refused(one.pk, _S.SQL, _S.OPPORTUNITY, Refusal.MOVED_MEANWHILE),
        ]
        assert not Fact.objects.exists()

    def test_does_not_open_a_lead_beside_an_open_one(self) -> None:
        li = Person.objects.create(created_at=NOW)
        closed, _open = lead(_S.LOST, li), lead(_S.LEAD, li)
        other_closed = lead(_S.LOST)
        answers = advance(
            Move(lead_id=closed.pk, to=_S.NURTURING, reason="again"),
            Move(lead_id=other_closed.pk, to=_S.NURTURING, reason="again"),
        )
        assert answers == [
            Refused(closed.pk, _S.LOST, _S.NURTURING, Refusal.OTHER_OPEN_LEAD),
            Moved(other_closed.pk, _S.LOST, _S.NURTURING, NOW),
        ]

    def test_of_two_closed_leads_of_a_person_one_opens(self) -> None:
        li = Person.objects.create(created_at=NOW)
        older, newer = lead(_S.LOST, li), lead(_S.LOST, li)
        answers = advance(
            *[Move(lead_id=each.pk, to=_S.NURTURING, reason="again") for each in (older, newer)]
        )
        assert [type(answer) for answer in answers] == [Moved, Refused]

    def test_nothing(self) -> None:
        assert advance() == []

    def test_the_number_of_statements_does_not_depend_on_the_leads(self) -> None:
        def batch(size: int) -> int:
            leads = [lead() for _ in range(size)]
            return count_queries(lambda: advance(*[Move(lead_id=each.pk, to=_S.MQL) for each in leads]))

        assert batch(2) == batch(60)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_sales_people_accept_at_once(self) -> None:
        one = lead(_S.MQL)
        with committed_log(NOW):
            answers = race(*[lambda: advance(Move(lead_id=one.pk, to=_S.SQL, expect=_S.MQL))] * 4)
            assert sorted(type(each).__name__ for (each,) in answers) == ["Moved", *["Refused"] * 3]
            assert Fact.objects.count() == 1

    def test_batches_in_opposite_order(self) -> None:
        ids = [lead().pk for _ in range(100)]

        def run(order: list[int]) -> list[Answer]:
            return advance(*[Move(lead_id=each, to=_S.MQL) for each in order])

        with committed_log(NOW):
            forward, backward = race(lambda: run(ids), lambda: run(ids[::-1]))
            assert sum(isinstance(each, Moved) for each in [*forward, *backward]) == 100

    def test_the_stage_is_compared_where_it_is_written(self) -> None:
        """Not even code that forgets to lock can overwrite a stage that changed under it."""
        one = lead(_S.MQL)
        with committed_log(NOW), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE leads_lead SET stage = 'sql' WHERE id = %s AND stage = 'lead'", [one.pk])
            assert cursor.rowcount == 0
