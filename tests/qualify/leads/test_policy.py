"""The lifecycle of a lead."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.core.access.policy import Role
from huoju.qualify.leads.policy import (
    CLOSED,
    FUNNEL,
    OPEN,
    SIDE_STATES,
    TRANSITIONS,
    Allowed,
    By,
    DataWarning,
    Mover,
    Refusal,
    Refused,
    Stage,
    check_transition,
    first_times,
    is_open,
    next_stages,
    place_history,
)

S = Stage
T0 = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
MOVERS: list[Mover] = [*Role, By.RULE]


def day(number: int) -> datetime:
    return T0 + timedelta(days=number)


@pytest.mark.parametrize(
    ("source", "target", "mover", "reason", "answer"),
    [
        (S.LEAD, S.MQL, By.RULE, "", None),
        (S.LEAD, S.MQL, Role.TELEMARKETING, "", None),
        (S.LEAD, S.MQL, Role.SALES, "", Refusal.NOT_ALLOWED),
        (S.LEAD, S.SQL, Role.SALES, "", None),
        (S.LEAD, S.WON, Role.ADMIN, "", Refusal.NO_SUCH_STEP),
        (S.LEAD, S.LEAD, Role.ADMIN, "", Refusal.ALREADY_THERE),
        (S.LEAD, S.DISQUALIFIED, Role.MARKETING, "", Refusal.NEEDS_REASON),
        (S.LEAD, S.DISQUALIFIED, Role.MARKETING, "  ", Refusal.NEEDS_REASON),
        (S.LEAD, S.DISQUALIFIED, Role.MARKETING, "a student", None),
        (S.MQL, S.SQL, Role.SALES, "", None),
        (S.MQL, S.SQL, By.RULE, "", Refusal.NOT_ALLOWED),
        (S.MQL, S.NURTURING, Role.SALES, "no budget", None),
        (S.MQL, S.POOL, By.RULE, "not accepted in time", None),
        (S.MQL, S.OPPORTUNITY, Role.SALES, "", Refusal.NO_SUCH_STEP),
        (S.SQL, S.OPPORTUNITY, Role.SALES, "", None),
        (S.SQL, S.POOL, Role.SALES, "", Refusal.NEEDS_REASON),
        (S.OPPORTUNITY, S.POC, Role.SALES, "", None),
        (S.OPPORTUNITY, S.WON, Role.SALES, "", None),
        (S.OPPORTUNITY, S.LOST, Role.SALES, "price", None),
        (S.OPPORTUNITY, S.LOST, Role.MARKETING, "price", Refusal.NOT_ALLOWED),
        (S.POC, S.WON, Role.SALES_MANAGER, "", None),
        (S.POC, S.LOST, Role.SALES, "", Refusal.NEEDS_REASON),
        (S.WON, S.OPPORTUNITY, Role.SALES, "fell through", Refusal.NOT_ALLOWED),
        (S.WON, S.OPPORTUNITY, Role.SALES_MANAGER, "fell through", None),
        (S.NURTURING, S.MQL, By.RULE, "", None),
        (S.POOL, S.SQL, Role.SALES, "", None),
        (S.DISQUALIFIED, S.LEAD, Role.TELEMARKETING, "real after all", None),
        (S.LOST, S.WON, Role.ADMIN, "x", Refusal.NO_SUCH_STEP),
        (S.WON, S.LEAD, By.HISTORY, "", None),
        (S.MQL, S.SQL, Role.EXECUTIVE, "", Refusal.NOT_ALLOWED),
    ],
)
def test_who_may_take_which_step(
    source: Stage, target: Stage, mover: Mover, reason: str, answer: Refusal | None
) -> None:
    expected = Allowed(source, target) if answer is None else Refused(source, target, answer)
    assert check_transition(source, target, mover=mover, reason=reason) == expected


def test_the_table_and_the_buttons_agree() -> None:
    for source in Stage:
        for mover in MOVERS:
            offered = next_stages(source, mover=mover)
            allowed = [
                t for t in Stage if isinstance(check_transition(source, t, mover=mover, reason="r"), Allowed)
            ]
            assert sorted(offered) == sorted(allowed)


def test_an_executive_moves_nothing_and_an_administrator_leaves_no_stage_dead() -> None:
    assert all(next_stages(source, mover=Role.EXECUTIVE) == () for source in Stage)
    assert all(next_stages(source, mover=Role.ADMIN) for source in Stage)


def test_every_stage_can_be_reached_from_the_first_and_left_again() -> None:
    reached, frontier = {S.LEAD}, [S.LEAD]
    while frontier:
        source = frontier.pop()
        for start, target in TRANSITIONS:
            if start is source and target not in reached:
                reached.add(target)
                frontier.append(target)
    assert reached == set(Stage)


def test_going_back_always_needs_a_reason() -> None:
    for (source, target), transition in TRANSITIONS.items():
        backwards = source in FUNNEL and target in FUNNEL and FUNNEL.index(target) < FUNNEL.index(source)
        if backwards or target in (S.DISQUALIFIED, S.LOST):
            assert transition.needs_reason, (source, target)


def test_open_and_closed() -> None:
    assert {S.WON, S.LOST, S.DISQUALIFIED} == CLOSED
    assert set(Stage) == OPEN | CLOSED
    assert is_open("nurturing")
    assert not is_open("won")
    assert set(FUNNEL) | set(SIDE_STATES) == set(Stage)


@given(st.lists(st.tuples(st.sampled_from(Stage), MOMENTS), max_size=10))
def test_first_times_do_not_depend_on_the_order_of_facts(facts: list[tuple[Stage, datetime]]) -> None:
    forward: dict[Stage, datetime] = {}
    for stage, at in facts:
        forward = first_times(forward, stage, at)
    backward: dict[Stage, datetime] = {}
    for stage, at in reversed(facts):
        backward = first_times(backward, stage, at)
    assert forward == backward
    assert forward == {stage: min(at for s, at in facts if s is stage) for stage, _ in facts}


def test_a_history_in_order() -> None:
    history = place_history(day(0), {S.MQL: day(1), S.SQL: day(2), S.WON: day(9)})
    assert history.stage is S.WON
    assert history.times == {S.LEAD: day(0), S.MQL: day(1), S.SQL: day(2), S.WON: day(9)}
    assert [(c.source, c.target, c.at) for c in history.changes] == [
        (S.LEAD, S.MQL, day(1)),
        (S.MQL, S.SQL, day(2)),
        (S.SQL, S.WON, day(9)),
    ]
    assert history.warnings == ()


def test_a_deal_won_before_its_first_contact_is_kept_and_flagged() -> None:
    history = place_history(day(2), {S.WON: day(0)})
    assert (history.stage, history.times[S.WON], history.times[S.LEAD]) == (S.WON, day(0), day(2))
    assert history.warnings == (DataWarning.WON_BEFORE_CAPTURED,)


@pytest.mark.parametrize(
    ("reached", "outcome", "stage", "warnings"),
    [
        ({}, None, S.LEAD, ()),
        ({S.SQL: 3}, None, S.SQL, ()),
        ({S.MQL: 5, S.SQL: 3}, None, S.SQL, (DataWarning.OUT_OF_ORDER,)),
        ({S.MQL: -1}, None, S.MQL, (DataWarning.STAGE_BEFORE_CAPTURED,)),
        ({S.SQL: 3, S.LOST: 4}, None, S.LOST, ()),
        ({S.SQL: 3, S.NURTURING: 4}, None, S.NURTURING, ()),
        ({S.NURTURING: 3, S.SQL: 4}, None, S.SQL, ()),
        ({S.WON: 3, S.NURTURING: 4}, None, S.WON, ()),
        ({S.SQL: 3}, S.LOST, S.LOST, (DataWarning.UNDATED_OUTCOME,)),
        ({S.SQL: 3, S.LOST: 4}, S.LOST, S.LOST, ()),
        ({S.SQL: 400}, None, S.SQL, (DataWarning.IN_THE_FUTURE,)),
    ],
)
def test_where_a_history_ends(
    reached: dict[Stage, int], outcome: Stage | None, stage: Stage, warnings: tuple[DataWarning, ...]
) -> None:
    times = {s: day(n) for s, n in reached.items()}
    history = place_history(day(0), times, outcome=outcome, now=day(365))
    assert history.stage is stage
    assert history.warnings == warnings
    assert history.stage in history.times


@given(MOMENTS, st.dictionaries(st.sampled_from(Stage), MOMENTS), st.none() | st.sampled_from(Stage))
def test_replaying_the_steps_of_a_history_gives_its_stage_and_times(
    captured: datetime, reached: dict[Stage, datetime], outcome: Stage | None
) -> None:
    history = place_history(captured, reached, outcome=outcome)
    stage, times = S.LEAD, {S.LEAD: captured}
    for change in history.changes:
        assert change.source is stage
        stage, times = change.target, first_times(times, change.target, change.at)
    assert stage is history.stage
    assert times == history.times
    assert [c.at for c in history.changes] == sorted(c.at for c in history.changes)


def test_the_order_in_which_dates_arrive_does_not_matter() -> None:
    dates = [(S.MQL, day(1)), (S.SQL, day(2)), (S.LOST, day(3))]
    stages = {place_history(day(0), dict(p)).changes for p in permutations(dates)}
    assert len(stages) == 1
