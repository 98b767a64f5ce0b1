"""Who gets which lead: ordered rules, then weighted turns with capacity. Every decision explains itself.

Pure and deterministic: the same leads, rules, sales people and state give the same decisions, so a simulation
is the same call with another rule set. Linear in the number of leads.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from huoju.core.conditions import (
    Condition,
    Test,
    compile_all,
    condition_from_json,
    record_fields,
)
from huoju.core.conditions import validate as validate_conditions
from huoju.core.problems import Problem, within
from huoju.core.text import msgid
from huoju.qualify.leads.policy import Profile

STRIDE = 1_000_000
"""A turn costs a sales person STRIDE divided by their weight; whoever has spent least is next."""


class Assign(StrEnum):
    """To whom a rule hands the leads that match it."""

    POOL = "pool"  # a group in weighted turns: the rule's own, or everybody who serves the lead
    REGION = "region"  # those who serve the lead's region by name, in weighted turns
    OWNER = "owner"  # whoever already has this person's lead
    ACCOUNT_OWNER = "account_owner"  # whoever owns the named account


ASSIGN_LABELS: dict[Assign, str] = {
    Assign.POOL: msgid("A group in turn (nobody chosen: everybody who serves the lead)"),
    Assign.REGION: msgid("Whoever serves the region, in turn"),
    Assign.OWNER: msgid("The owner of the person or company"),
    Assign.ACCOUNT_OWNER: msgid("The owner of the named account"),
}
"""English msgids, translated where they are shown."""


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Leads that meet every condition of `when` (none: all leads) go to `assign`; `reps` is the group of a pool,
    whatever regions and products they serve (empty: everybody who serves the lead)."""

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
    in hand (None: no bound); `available` is false on leave or outside working time. `regions` and `products` are
    what the person serves (empty: everything)."""

    id: int
    name: str = ""
    weight: int = 1
    capacity: int | None = None
    available: bool = True
    regions: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()

    def serves(self, region: str, product: str) -> bool:
        """Whether leads of this region and product line are for this person; what is unknown is for everybody."""
        return (not region or not self.regions or region in self.regions) and (
            not product or not self.products or product in self.products
        )


@dataclass(frozen=True, slots=True)
class RoutingState:
    """What the next decision depends on: leads in hand per sales person, and what each has spent per group.

    A group is a rule's code, for a rule by region "code/region".
    """

    loads: Mapping[int, int] = field(default_factory=dict)
    turns: Mapping[str, Mapping[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToRoute:
    """A lead that needs an owner. Leads of one company (0: unknown) stay together; `refused` are the sales people who
    gave it back."""

    lead: int
    profile: Profile
    company: int = 0
    refused: frozenset[int] = frozenset()


class Outcome(StrEnum):
    """How routing a lead ended."""

    ASSIGNED = "assigned"
    NOBODY_FREE = "nobody_free"  # rules matched, but all of their people are away or full
    NO_RULE = "no_rule"


OUTCOME_LABELS: dict[Outcome, str] = {
    Outcome.ASSIGNED: msgid("Assigned"),
    Outcome.NOBODY_FREE: msgid("Everybody who could take it is away or full"),
    Outcome.NO_RULE: msgid("No rule matches"),
}
"""English msgids, translated where they are shown."""


class Why(StrEnum):
    """What one rule said to a lead."""

    TURN = "turn"
    OWNER = "owner"
    NOT_MATCHED = "not_matched"
    NOBODY_FREE = "nobody_free"
    NOBODY_SERVES = "nobody_serves"
    NO_OWNER = "no_owner"
    OWNER_AWAY = "owner_away"


WHY_LABELS: dict[Why, str] = {
    Why.TURN: msgid("Matched; next in turn"),
    Why.OWNER: msgid("Matched; its owner takes it"),
    Why.NOT_MATCHED: msgid("Does not match"),
    Why.NOBODY_FREE: msgid("Matched, but everybody is away or full"),
    Why.NOBODY_SERVES: msgid("Nobody serves its region or product line"),
    Why.NO_OWNER: msgid("Nobody owns this contact or account yet"),
    Why.OWNER_AWAY: msgid("Its owner is away or gave it back"),
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
    """The turns of one group during a batch. What each has spent is common to the group; each kind of lead (region and
    product, where people of the group are choosy) has a heap of (spent, rep) of those who serve it."""

    __slots__ = ("choosy", "floor", "group", "heaps", "reps", "spent")

    def __init__(self, group: Sequence[Rep], spent: Mapping[int, int], *, choosy: bool) -> None:
        # Whoever is new to the group starts level with the least spent, not with a backlog of free turns.
        start = min((spent[rep.id] for rep in group if rep.id in spent), default=0)
        self.group = group
        self.reps = {rep.id: rep for rep in group}
        self.spent = {rep.id: spent.get(rep.id, start) for rep in group}
        self.floor = start
        self.choosy = choosy and any(rep.regions or rep.products for rep in group)
        self.heaps: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def heap_for(self, region: str, product: str) -> list[tuple[int, int]]:
        """Those who serve such a lead and are here today."""
        key = (region, product) if self.choosy else ("", "")
        if (heap := self.heaps.get(key)) is None:
            heap = self.heaps[key] = [
                (self.spent[rep.id], rep.id)
                for rep in self.group
                if rep.available and rep.weight > 0 and (not self.choosy or rep.serves(region, product))
            ]
            heapq.heapify(heap)
        return heap

    def next(
        self, heap: list[tuple[int, int]], loads: Mapping[int, int], refused: frozenset[int]
    ) -> int | None:
        """Take the next turn; whoever is full leaves the heap, whoever refused this lead only steps aside."""
        aside: list[tuple[int, int]] = []
        found: int | None = None
        while heap and found is None:
            spent, rep_id = heap[0]
            rep = self.reps[rep_id]
            if rep.capacity is not None and loads.get(rep_id, 0) >= rep.capacity:
                heapq.heappop(heap)
            elif spent != self.spent[rep_id]:  # took turns in another heap of the group meanwhile
                heapq.heapreplace(heap, (self.spent[rep_id], rep_id))
            elif rep_id in refused:
                aside.append(heapq.heappop(heap))
            else:
                self.floor = spent
                self.spent[rep_id] = after = spent + STRIDE // rep.weight
                heapq.heapreplace(heap, (after, rep_id))
                found = rep_id
        for entry in aside:
            heapq.heappush(heap, entry)
        return found

    def after(self) -> dict[int, int]:
        """What each has spent, from zero up. Turns missed while away or full are not made up for."""
        floor = self.floor
        return {rep: max(spent - floor, 0) for rep, spent in self.spent.items()}


class _Batch:
    """What the decisions of one batch share."""

    __slots__ = ("companies", "compiled", "loads", "people", "reps", "state", "turns", "version")

    def __init__(self, rules: RoutingRules, reps: Sequence[Rep], state: RoutingState) -> None:
        self.compiled = _compile(rules)
        self.version = rules.version
        self.reps = reps
        self.people = {rep.id: rep for rep in reps}
        self.state = state
        self.loads = dict(state.loads)
        self.turns: dict[str, _Turns] = {}
        self.companies: dict[int, int] = {}

    def take_turn(self, rule: RoutingRule, item: ToRoute) -> tuple[int | None, Why]:
        """Who of the rule's group is next for this lead."""
        profile = item.profile
        by_region = rule.assign is Assign.REGION
        group = f"{rule.code}/{profile.region}" if by_region else rule.code
        queue = self.turns.get(group)
        if queue is None:
            queue = self.turns[group] = _Turns(
                self._members(rule, profile.region), self.state.turns.get(group, {}), choosy=not rule.reps
            )
        heap = queue.heap_for(profile.region, profile.product)
        rep_id = queue.next(heap, self.loads, item.refused)
        if rep_id is not None:
            return rep_id, Why.TURN
        served = rule.reps or any(rep.serves(profile.region, profile.product) for rep in queue.group)
        return None, Why.NOBODY_FREE if served else Why.NOBODY_SERVES

    def _members(self, rule: RoutingRule, region: str) -> list[Rep]:
        if rule.assign is Assign.REGION:
            return [rep for rep in self.reps if region and region in rep.regions]
        if rule.reps:
            return [self.people[rep] for rep in rule.reps if rep in self.people]
        return list(self.reps)

    def keep_owner(self, rule: RoutingRule, item: ToRoute) -> tuple[int | None, Why]:
        """The owner of the person, the company or the account. Capacity does not matter: it is their own customer."""
        profile = item.profile
        if rule.assign is Assign.OWNER:
            rep_id = profile.owner or self.companies.get(item.company, 0)
        else:
            rep_id = profile.account_owner
        if not rep_id:
            return None, Why.NO_OWNER
        rep = self.people.get(rep_id)
        if rep is None or not rep.available or rep_id in item.refused:
            return None, Why.OWNER_AWAY
        return rep_id, Why.OWNER


def route_batch(
    leads: Iterable[ToRoute], rules: RoutingRules, reps: Sequence[Rep], state: RoutingState
) -> Routed:
    """Give each lead, in order, to a sales person. Nothing is written: hand over the decisions to the
    operation, or look at them and call it a simulation."""
    batch = _Batch(rules, reps, state)
    decisions = [_route(item, batch) for item in leads]
    spent = {code: dict(row) for code, row in state.turns.items()}
    spent.update({group: queue.after() for group, queue in batch.turns.items()})
    return Routed(decisions, RoutingState(batch.loads, spent))


def _route(item: ToRoute, batch: _Batch) -> Decision:
    trace: list[TraceLine] = []
    profile, loads = item.profile, batch.loads
    matched = False
    for entry in batch.compiled:
        rule, answers = entry.rule, entry.answers
        if entry.test is not None and not entry.test(profile):
            trace.append(answers[Why.NOT_MATCHED])
            continue
        in_turn = rule.assign in (Assign.POOL, Assign.REGION)
        rep_id, why = batch.take_turn(rule, item) if in_turn else batch.keep_owner(rule, item)
        matched = matched or why in (Why.NOBODY_FREE, Why.OWNER_AWAY)
        trace.append(answers[why])
        if rep_id is not None:
            loads[rep_id] = load = loads.get(rep_id, 0) + 1
            if item.company:
                batch.companies[item.company] = rep_id
            return Decision(item.lead, Outcome.ASSIGNED, rep_id, rule.code, batch.version, load, tuple(trace))
    outcome = Outcome.NOBODY_FREE if matched else Outcome.NO_RULE
    return Decision(item.lead, outcome, None, "", batch.version, 0, tuple(trace))


def with_owner(profile: Profile, owner: int) -> Profile:
    """The profile of a lead whose person or company `owner` knows already."""
    return replace(profile, owner=owner)


def rested(rep: Rep) -> Rep:
    """The sales person as if here and with empty hands: what a simulation of the past assumes."""
    return replace(rep, available=True, capacity=None)


def validate(rules: RoutingRules) -> list[str]:
    """What is wrong with `rules`, one English sentence each; empty when they may be activated."""
    errors: list[str] = []
    known = record_fields(Profile)
    codes: set[str] = set()
    for rule in rules.rules:
        if rule.code in codes:
            errors.append(Problem(msgid("rule '%(code)s' stands twice"), code=rule.code))
        codes.add(rule.code)
        errors += [within(rule.code, error) for error in validate_conditions(rule.when, known)]
        if rule.assign is not Assign.POOL and rule.reps:
            errors.append(within(rule.code, Problem(msgid("only a pool has sales people of its own"))))
        if len(set(rule.reps)) != len(rule.reps):
            errors.append(within(rule.code, Problem(msgid("a sales person stands twice; use the weight"))))
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
        raise ValueError(Problem(msgid("a rule needs a code and a label")))
    if not isinstance(when, list) or not isinstance(reps, list):
        raise ValueError(within(code, Problem(msgid("conditions and sales people must be lists"))))
    if not all(isinstance(rep, int) and not isinstance(rep, bool) for rep in reps):
        raise ValueError(within(code, Problem(msgid("sales people are given by their number"))))
    return RoutingRule(
        code,
        label,
        tuple(condition_from_json(condition) for condition in when),
        Assign(str(row.get("assign", Assign.POOL.value))),
        tuple(reps),
    )


DEFAULT_RULES = RoutingRules(
    version=1,
    rules=(
        RoutingRule("owner", msgid("Stays with its owner"), assign=Assign.OWNER),
        RoutingRule("region", msgid("By region, in turn"), assign=Assign.REGION),
        RoutingRule("everybody", msgid("Everybody in turn")),
    ),
)
"""A start: who is known stays with the owner, then whoever serves the region, then everybody, in turn."""
