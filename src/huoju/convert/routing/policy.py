"""Who gets which lead: ordered rules, then weighted turns with capacity. Every decision explains itself.

Pure and deterministic: the same leads, rules, sales people and state give the same decisions, so a simulation
is the same call with another rule set. Linear in the number of leads.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from huoju.core.conditions import (
    Condition,
    Op,
    Test,
    compile_all,
    condition_from_json,
    record_fields,
)
from huoju.core.conditions import validate as validate_conditions
from huoju.core.text import msgid
from huoju.qualify.leads.policy import Profile

STRIDE = 1_000_000
"""A turn costs a sales person STRIDE divided by their weight; whoever has spent least is next."""


class Assign(StrEnum):
    """To whom a rule hands the leads that match it."""

    POOL = "pool"  # the rule's own group, in weighted turns
    OWNER = "owner"  # whoever already has this person's lead
    ACCOUNT_OWNER = "account_owner"  # whoever owns the named account


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Leads that meet every condition of `when` (none: all leads) go to `assign`; `reps` is the group of a
    pool."""

    code: str
    label: str  # English msgid for rules that ship with Huoju, free text for those of an administrator
    when: tuple[Condition, ...] = ()
    assign: Assign = Assign.POOL
    reps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RoutingRules:
    """One version of the rules, in the order in which they are tried. Compared by identity."""

    version: int
    rules: tuple[RoutingRule, ...]


@dataclass(frozen=True, slots=True)
class Rep:
    """A sales person at this moment. `weight` 2 gets twice the leads of weight 1; `capacity` bounds the leads
    in hand (None: no bound); `available` is false on leave or outside working time."""

    id: int
    name: str = ""
    weight: int = 1
    capacity: int | None = None
    available: bool = True


@dataclass(frozen=True, slots=True)
class RoutingState:
    """What the next decision depends on: leads in hand per sales person, and what each has spent per rule."""

    loads: Mapping[int, int] = field(default_factory=dict)
    turns: Mapping[str, Mapping[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToRoute:
    """A lead that needs an owner."""

    lead: int
    profile: Profile


class Outcome(StrEnum):
    """How routing a lead ended."""

    ASSIGNED = "assigned"
    NOBODY_FREE = "nobody_free"  # rules matched, but all of their people are away or full
    NO_RULE = "no_rule"


class Why(StrEnum):
    """What one rule said to a lead."""

    TURN = "turn"
    OWNER = "owner"
    NOT_MATCHED = "not_matched"
    NOBODY_FREE = "nobody_free"
    NO_OWNER = "no_owner"
    OWNER_AWAY = "owner_away"


WHY_LABELS: dict[Why, str] = {
    Why.TURN: msgid("Matched; next in turn"),
    Why.OWNER: msgid("Matched; stays with its owner"),
    Why.NOT_MATCHED: msgid("Does not match"),
    Why.NOBODY_FREE: msgid("Matched, but everybody is away or full"),
    Why.NO_OWNER: msgid("Nobody owns this contact or account yet"),
    Why.OWNER_AWAY: msgid("Its owner is away"),
}
"""English msgids, translated where they are shown."""


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One rule's answer."""

    rule: str
    why: Why


@dataclass(frozen=True, slots=True)
class Decision:
    """Where one lead goes. `rule` is the rule that decided (empty: none did), `load` what `rep` then has in
    hand, `trace` the answer of each rule up to it."""

    lead: int
    outcome: Outcome
    rep: int | None
    rule: str
    version: int
    load: int
    trace: tuple[TraceLine, ...]


@dataclass(frozen=True, slots=True)
class Routed:
    """The decisions, in the order of the leads, and the state after them."""

    decisions: list[Decision]
    state: RoutingState


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: RoutingRule
    test: Test | None
    answers: dict[Why, TraceLine]


@lru_cache(maxsize=32)
def _compile(rules: RoutingRules) -> tuple[_Compiled, ...]:
    return tuple(
        _Compiled(
            rule,
            compile_all(rule.when) if rule.when else None,
            {why: TraceLine(rule.code, why) for why in Why},
        )
        for rule in rules.rules
    )


class _Turns:
    """The turns of one rule during a batch: a heap of (spent, rep), the least spent first."""

    __slots__ = ("floor", "heap", "idle", "spent")

    def __init__(self, rule: RoutingRule, reps: Mapping[int, Rep], spent: Mapping[int, int]) -> None:
        # Whoever is new to the group starts level with the least spent, not with a backlog of free turns.
        start = min((spent[rep] for rep in rule.reps if rep in spent), default=0)
        self.spent = {rep: spent.get(rep, start) for rep in rule.reps}
        self.heap = [
            (self.spent[rep], rep)
            for rep in self.spent
            if rep in reps and reps[rep].available and reps[rep].weight > 0
        ]
        heapq.heapify(self.heap)
        self.floor = start

    def next(self, reps: Mapping[int, Rep], loads: Mapping[int, int]) -> int | None:
        """Take the next turn; whoever is full leaves the heap."""
        heap = self.heap
        while heap:
            spent, rep_id = heap[0]
            rep = reps[rep_id]
            if rep.capacity is not None and loads.get(rep_id, 0) >= rep.capacity:
                heapq.heappop(heap)
                continue
            self.floor = spent
            self.spent[rep_id] = after = spent + STRIDE // rep.weight
            heapq.heapreplace(heap, (after, rep_id))
            return rep_id
        return None

    def after(self) -> dict[int, int]:
        """What each has spent, from zero up. Turns missed while away or full are not made up for."""
        floor = self.floor
        return {rep: max(spent - floor, 0) for rep, spent in self.spent.items()}


def route_batch(
    leads: Iterable[ToRoute], rules: RoutingRules, reps: Sequence[Rep], state: RoutingState
) -> Routed:
    """Give each lead, in order, to a sales person. Nothing is written: hand over the decisions to the
    operation, or look at them and call it a simulation."""
    compiled = _compile(rules)
    people = {rep.id: rep for rep in reps}
    loads = dict(state.loads)
    turns: dict[str, _Turns] = {}
    decisions = [_route(item, compiled, rules.version, people, loads, turns, state) for item in leads]
    spent = {code: dict(row) for code, row in state.turns.items()}
    spent.update({code: queue.after() for code, queue in turns.items()})
    return Routed(decisions, RoutingState(loads, spent))


def _route(
    item: ToRoute,
    compiled: tuple[_Compiled, ...],
    version: int,
    people: Mapping[int, Rep],
    loads: dict[int, int],
    turns: dict[str, _Turns],
    state: RoutingState,
) -> Decision:
    trace: list[TraceLine] = []
    profile = item.profile
    matched = False
    for entry in compiled:
        rule, answers = entry.rule, entry.answers
        if entry.test is not None and not entry.test(profile):
            trace.append(answers[Why.NOT_MATCHED])
            continue
        rep_id: int | None
        if rule.assign is Assign.POOL:
            matched = True
            queue = turns.get(rule.code)
            if queue is None:
                queue = turns[rule.code] = _Turns(rule, people, state.turns.get(rule.code, {}))
            rep_id = queue.next(people, loads)
            why = Why.TURN if rep_id is not None else Why.NOBODY_FREE
        else:
            rep_id = profile.owner if rule.assign is Assign.OWNER else profile.account_owner
            if not rep_id:
                rep_id, why = None, Why.NO_OWNER
            elif (rep := people.get(rep_id)) is None or not rep.available:
                matched = True
                rep_id, why = None, Why.OWNER_AWAY
            else:
                why = Why.OWNER  # their own customer: capacity does not matter
        trace.append(answers[why])
        if rep_id is not None:
            loads[rep_id] = load = loads.get(rep_id, 0) + 1
            return Decision(item.lead, Outcome.ASSIGNED, rep_id, rule.code, version, load, tuple(trace))
    outcome = Outcome.NOBODY_FREE if matched else Outcome.NO_RULE
    return Decision(item.lead, outcome, None, "", version, 0, tuple(trace))


def validate(rules: RoutingRules) -> list[str]:
    """What is wrong with `rules`, one English sentence each; empty when they may be activated."""
    errors: list[str] = []
    known = record_fields(Profile)
    codes: set[str] = set()
    for rule in rules.rules:
        if rule.code in codes:
            errors.append(f"rule {rule.code!r} stands twice")
        codes.add(rule.code)
        errors += [f"{rule.code}: {error}" for error in validate_conditions(rule.when, known)]
        if rule.assign is Assign.POOL and not rule.reps:
            errors.append(f"{rule.code}: a pool needs at least one sales person")
        if rule.assign is not Assign.POOL and rule.reps:
            errors.append(f"{rule.code}: only a pool has sales people of its own")
        if len(set(rule.reps)) != len(rule.reps):
            errors.append(f"{rule.code}: a sales person stands twice; use the weight")
    return errors


def rules_as_json(rules: RoutingRules) -> list[dict[str, object]]:
    """`rules` (without the version) in the form in which a row keeps them."""
    return [
        {
            "code": rule.code,
            "label": rule.label,
            "when": [condition.as_json() for condition in rule.when],
            "assign": rule.assign.value,
            "reps": list(rule.reps),
        }
        for rule in rules.rules
    ]


def rules_from_json(version: int, data: Iterable[Mapping[str, object]]) -> RoutingRules:
    """The rules kept as `data`. Raises ValueError if a row is malformed (`validate` judges its sense)."""
    return RoutingRules(version, tuple(_rule_from_json(row) for row in data))


def _rule_from_json(row: Mapping[str, object]) -> RoutingRule:
    code, label, when, reps = row.get("code"), row.get("label"), row.get("when", []), row.get("reps", [])
    if not isinstance(code, str) or not isinstance(label, str):
        raise ValueError("a rule needs a code and a label")
    if not isinstance(when, list) or not isinstance(reps, list):
        raise ValueError(f"{code}: conditions and sales people must be lists")
    if not all(isinstance(rep, int) and not isinstance(rep, bool) for rep in reps):
        raise ValueError(f"{code}: sales people are given by their number")
    return RoutingRule(
        code,
        label,
        tuple(condition_from_json(condition) for condition in when),
        Assign(str(row.get("assign", Assign.POOL.value))),
        tuple(reps),
    )


def default_rules(everybody: Sequence[int]) -> RoutingRules:
    """A start: known customers stay with their owner, named accounts with theirs, the rest goes round."""
    return RoutingRules(
        version=1,
        rules=(
            RoutingRule("owner", msgid("Stays with its owner"), assign=Assign.OWNER),
            RoutingRule(
                "named_account",
                msgid("Named account"),
                (Condition("account", Op.KNOWN),),
                assign=Assign.ACCOUNT_OWNER,
            ),
            RoutingRule("everybody", msgid("Everybody in turn"), reps=tuple(everybody)),
        ),
    )
