"""Who gets which lead."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.convert.routing.policy import (
    DEFAULT_RULES,
    Assign,
    Decision,
    Outcome,
    Rep,
    RoutingRule,
    RoutingRules,
    RoutingState,
    ToRoute,
    TraceLine,
    Why,
    route_batch,
    rules_as_json,
    rules_from_json,
    validate,
)
from huoju.core.conditions import Condition, Op
from huoju.qualify.leads.policy import Profile

SOUTH = Condition("region", Op.IN, ("44", "45"))
RULES = RoutingRules(
    2,
    (
        RoutingRule("owner", "Owner", assign=Assign.OWNER),
        RoutingRule("account", "Account", (Condition("account", Op.KNOWN),), Assign.ACCOUNT_OWNER),
        RoutingRule("south", "South", (SOUTH,), reps=(1, 2)),
        RoutingRule("rest", "Rest", reps=(3,)),
    ),
)
REPS = [Rep(1, "Li"), Rep(2, "Wang"), Rep(3, "Zhao")]
EMPTY = RoutingState()


def leads(count: int, profile: Profile = Profile(region="44")) -> list[ToRoute]:  # noqa: B008
    return [ToRoute(number, profile) for number in range(1, count + 1)]


def owners(items: list[ToRoute], reps: list[Rep] = REPS, state: RoutingState = EMPTY) -> list[int | None]:
    return [decision.rep for decision in route_batch(items, RULES, reps, state).decisions]


def test_a_decision_explains_itself() -> None:
    (decision,) = route_batch(leads(1), RULES, REPS, EMPTY).decisions
    assert decision == Decision(
        lead=1,
        outcome=Outcome.ASSIGNED,
        rep=1,
        rule="south",
        version=2,
        load=1,
        trace=(
            TraceLine("owner", Why.NO_OWNER),
            TraceLine("account", Why.NOT_MATCHED),
            TraceLine("south", Why.TURN),
        ),
    )


@pytest.mark.parametrize(
    ("profile", "reps", "rule", "rep", "last"),
    [
        (Profile(owner=2, region="44"), REPS, "owner", 2, Why.OWNER),
        (Profile(account="acme", account_owner=3, region="44"), REPS, "account", 3, Why.OWNER),
        (Profile(account="acme", region="44"), REPS, "south", 1, Why.TURN),
        (Profile(region="11"), REPS, "rest", 3, Why.TURN),
        (Profile(), REPS, "rest", 3, Why.TURN),
        # The owner is on leave, or has left: the next rule decides.
        (Profile(owner=2, region="44"), [Rep(1), Rep(2, available=False)], "south", 1, Why.TURN),
        (Profile(owner=99, region="44"), REPS, "south", 1, Why.TURN),
        # The owner keeps their own customers, however many they have.
        (Profile(owner=2), [Rep(2, capacity=0)], "owner", 2, Why.OWNER),
        # Everybody of a group is away or full: the next rule decides.
        (Profile(region="44"), [Rep(1, capacity=0), Rep(2, available=False), Rep(3)], "rest", 3, Why.TURN),
    ],
)
def test_the_first_rule_that_can_decides(
    profile: Profile, reps: list[Rep], rule: str, rep: int, last: Why
) -> None:
    (decision,) = route_batch([ToRoute(1, profile)], RULES, reps, EMPTY).decisions
    assert (decision.rule, decision.rep, decision.trace[-1]) == (rule, rep, TraceLine(rule, last))


def test_when_nobody_is_free_the_lead_waits() -> None:
    routed = route_batch(leads(1), RULES, [Rep(1, capacity=0), Rep(3, available=False)], EMPTY)
    (decision,) = routed.decisions
    assert (decision.outcome, decision.rep, decision.rule) == (Outcome.NOBODY_FREE, None, "")
    assert [line.why for line in decision.trace] == [
        Why.NO_OWNER,
        Why.NOT_MATCHED,
        Why.NOBODY_FREE,
        Why.NOBODY_FREE,
    ]


def test_when_no_rule_matches_that_is_said() -> None:
    only = RoutingRules(1, (RoutingRule("south", "South", (SOUTH,), reps=(1,)),))
    (decision,) = route_batch(leads(1, Profile(region="11")), only, REPS, EMPTY).decisions
    assert decision.outcome is Outcome.NO_RULE


def test_turns_go_round() -> None:
    assert owners(leads(5)) == [1, 2, 1, 2, 1]


def test_turns_are_weighted() -> None:
    reps = [Rep(1, weight=3), Rep(2, weight=1)]
    assert Counter(owners(leads(8), reps)) == {1: 6, 2: 2}


def test_a_weight_of_zero_gets_nothing() -> None:
    assert owners(leads(3), [Rep(1, weight=0), Rep(2)]) == [2, 2, 2]


def test_capacity_counts_what_is_in_hand_already() -> None:
    reps = [Rep(1, capacity=3), Rep(2, capacity=2), Rep(3, capacity=1)]
    routed = route_batch(leads(5), RULES, reps, RoutingState(loads={1: 1}))
    assert [d.rep for d in routed.decisions] == [1, 2, 1, 2, 3]
    assert routed.state.loads == {1: 3, 2: 2, 3: 1}


def test_a_load_is_shared_between_groups() -> None:
    rules = RoutingRules(
        1,
        (RoutingRule("south", "South", (SOUTH,), reps=(1,)), RoutingRule("rest", "Rest", reps=(1, 2))),
    )
    items = [ToRoute(1, Profile(region="44")), ToRoute(2, Profile())]
    routed = route_batch(items, rules, [Rep(1, capacity=1), Rep(2)], EMPTY)
    assert [d.rep for d in routed.decisions] == [1, 2]


def test_who_comes_back_from_leave_gets_no_backlog() -> None:
    away = [Rep(1), Rep(2, available=False)]
    state = route_batch(leads(10), RULES, away, EMPTY).state
    assert Counter(owners(leads(10), state=state)) == {1: 5, 2: 5}


def test_who_is_new_to_a_group_starts_level() -> None:
    rules = RoutingRules(1, (RoutingRule("all", "All", reps=(1,)),))
    state = route_batch(leads(10), rules, REPS, EMPTY).state
    wider = RoutingRules(2, (RoutingRule("all", "All", reps=(1, 2)),))
    routed = route_batch(leads(10), wider, REPS, state)
    assert Counter(d.rep for d in routed.decisions) == {1: 5, 2: 5}


STATES = st.builds(RoutingState, loads=st.dictionaries(st.integers(1, 3), st.integers(0, 4)))
TEAMS = st.lists(
    st.builds(
        Rep,
        id=st.integers(1, 3),
        weight=st.integers(0, 4),
        capacity=st.none() | st.integers(0, 6),
        available=st.booleans(),
    ),
    unique_by=lambda rep: rep.id,
)
PROFILES = st.builds(
    Profile,
    region=st.sampled_from(["44", "11", ""]),
    owner=st.sampled_from([0, 0, 1, 9]),
    account=st.sampled_from(["", "a"]),
)
BATCHES = st.lists(PROFILES, max_size=15).map(lambda ps: [ToRoute(n, p) for n, p in enumerate(ps)])


@given(BATCHES, TEAMS, STATES)
def test_the_same_input_gives_the_same_decisions(
    batch: list[ToRoute], team: list[Rep], state: RoutingState
) -> None:
    assert route_batch(batch, RULES, team, state) == route_batch(batch, RULES, team, state)


@given(BATCHES, TEAMS, STATES)
def test_one_by_one_is_the_same_as_all_at_once(
    batch: list[ToRoute], team: list[Rep], state: RoutingState
) -> None:
    at_once = route_batch(batch, RULES, team, state)
    decisions = []
    for item in batch:
        routed = route_batch([item], RULES, team, state)
        decisions += routed.decisions
        state = routed.state
    assert decisions == at_once.decisions
    assert state.loads == at_once.state.loads


@given(BATCHES, TEAMS, STATES)
def test_nobody_gets_more_than_they_can_take(
    batch: list[ToRoute], team: list[Rep], state: RoutingState
) -> None:
    reps = {rep.id: rep for rep in team}
    for decision in route_batch(batch, RULES, team, state).decisions:
        if decision.rep is None:
            continue
        rep = reps[decision.rep]
        assert rep.available
        if decision.trace[-1].why is Why.TURN:
            assert rep.weight > 0
            assert rep.capacity is None or decision.load <= rep.capacity


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 60))
def test_turns_are_fair_at_every_moment(one: int, two: int, count: int) -> None:
    got = Counter(owners(leads(count), [Rep(1, weight=one), Rep(2, weight=two)]))
    assert abs(got[1] * two - got[2] * one) <= max(one, two)


def test_a_simulation_changes_nothing() -> None:
    state = RoutingState(loads={1: 2}, turns={"south": {1: 10}})
    route_batch(leads(5), RULES, REPS, state)
    assert state == RoutingState(loads={1: 2}, turns={"south": {1: 10}})


def test_rules_survive_their_row_and_the_default_is_sound() -> None:
    assert validate(DEFAULT_RULES) == []
    assert rules_from_json(1, rules_as_json(DEFAULT_RULES)).rules == DEFAULT_RULES.rules
    assert rules_from_json(2, rules_as_json(RULES)).rules == RULES.rules


def test_rules_that_make_no_sense_are_named() -> None:
    bad = RoutingRules(
        1,
        (
            RoutingRule("a", "A"),
            RoutingRule("a", "A", (Condition("no", Op.KNOWN),), reps=(1, 1)),
            RoutingRule("b", "B", assign=Assign.OWNER, reps=(1,)),
        ),
    )
    assert validate(bad) == [
        "rule 'a' stands twice",
        "a: unknown field 'no'",
        "a: a sales person stands twice; use the weight",
        "b: only a pool has sales people of its own",
    ]


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"code": "a", "label": "A", "reps": ["x"]},
        {"code": "a", "label": "A", "reps": [True]},
        {"code": "a", "label": "A", "when": {}},
        {"code": "a", "label": "A", "assign": "nobody"},
    ],
)
def test_a_malformed_row_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        rules_from_json(1, [row])


def test_a_stopped_rep_is_skipped_within_the_batch() -> None:
    reps = [replace(REPS[0], capacity=1), REPS[1]]
    assert owners(leads(4), reps) == [1, 2, 2, 2]


# --- by region, by product, by company ------------------------------------------------------------------------------

NORTH = Rep(1, "Li", regions=frozenset({"11", "12"}))
EAST = Rep(2, "Wang", regions=frozenset({"31"}), products=frozenset({"lake"}))
ANYWHERE = Rep(3, "Zhao")
TEAM = [NORTH, EAST, ANYWHERE]


def by_default(
    profiles: list[Profile], team: list[Rep] = TEAM, **fields: Any
) -> list[tuple[int | None, str]]:
    items = [ToRoute(number, profile, **fields) for number, profile in enumerate(profiles)]
    return [(d.rep, d.rule) for d in route_batch(items, DEFAULT_RULES, team, EMPTY).decisions]


@pytest.mark.parametrize(
    ("profile", "rep", "rule"),
    [
        (Profile(region="12"), 1, "region"),
        (Profile(region="31"), 2, "region"),
        (Profile(region="31", product="lake"), 2, "region"),
        (
            Profile(region="31", product="mesh"),
            3,
            "everybody",
        ),  # whoever serves the region does not sell that
        (Profile(region="44"), 3, "everybody"),
        (Profile(region="44", owner=1), 1, "owner"),
    ],
)
def test_the_default_asks_for_the_owner_then_the_region_then_everybody(
    profile: Profile, rep: int, rule: str
) -> None:
    assert by_default([profile]) == [(rep, rule)]


def test_a_lead_of_unknown_region_and_product_is_for_everybody() -> None:
    assert {rep for rep, _ in by_default([Profile()] * 3)} == {1, 2, 3}


def test_nobody_serves_is_not_nobody_free() -> None:
    (decision,) = route_batch([ToRoute(1, Profile(region="44"))], DEFAULT_RULES, [NORTH], EMPTY).decisions
    assert [line.why for line in decision.trace] == [Why.NO_OWNER, Why.NOBODY_SERVES, Why.NOBODY_SERVES]
    assert decision.outcome is Outcome.NO_RULE


def test_leads_of_one_company_stay_together() -> None:
    assert {rep for rep, _ in by_default([Profile()] * 6, company=7)} == {1}
    assert [rule for _, rule in by_default([Profile()] * 2, company=7)] == ["everybody", "owner"]


def test_whoever_gave_a_lead_back_does_not_get_it_again_and_keeps_the_turn() -> None:
    items = [ToRoute(1, Profile(owner=1), refused=frozenset({1})), ToRoute(2, Profile())]
    decisions = route_batch(items, DEFAULT_RULES, [Rep(1), Rep(2)], EMPTY).decisions
    assert [decision.rep for decision in decisions] == [2, 1]
    assert decisions[0].trace[0].why is Why.OWNER_AWAY
    alone = route_batch(items[:1], DEFAULT_RULES, [Rep(1)], EMPTY).decisions[0]
    assert alone.outcome is Outcome.NOBODY_FREE


CHOOSY = st.lists(
    st.builds(
        Rep,
        id=st.integers(1, 4),
        weight=st.integers(1, 3),
        capacity=st.none() | st.integers(0, 5),
        regions=st.frozensets(st.sampled_from(["11", "31", "44"]), max_size=2),
        products=st.frozensets(st.sampled_from(["lake", "mesh"]), max_size=1),
    ),
    unique_by=lambda rep: rep.id,
)
WANTED = st.builds(
    Profile, region=st.sampled_from(["11", "31", "44", ""]), product=st.sampled_from(["lake", "mesh", ""])
)


@given(st.lists(WANTED, max_size=20), CHOOSY)
def test_everybody_gets_only_what_they_serve_and_nobody_waits_in_vain(
    profiles: list[Profile], team: list[Rep]
) -> None:
    items = [ToRoute(number, profile) for number, profile in enumerate(profiles)]
    people = {rep.id: rep for rep in team}
    loads: Counter[int] = Counter()
    for item, decision in zip(items, route_batch(items, DEFAULT_RULES, team, EMPTY).decisions, strict=True):
        could = [
            rep.id
            for rep in team
            if rep.serves(item.profile.region, item.profile.product)
            and (rep.capacity is None or loads[rep.id] < rep.capacity)
        ]
        if decision.rep is None:
            assert could == []
        else:
            assert decision.rep in could
            loads[people[decision.rep].id] += 1
