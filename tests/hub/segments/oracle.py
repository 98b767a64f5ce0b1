"""What a formula means, said plainly over data in memory: the measure of every engine.

Slow and simple on purpose.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from huoju.hub.segments.policy.formula import (
    CountLeaf,
    Every,
    Formula,
    Leaf,
    ListLeaf,
    Literal,
    Relative,
    SequenceLeaf,
    Some,
    TagLeaf,
    TraitLeaf,
    Where,
    is_timed,
    literals,
)
from huoju.hub.segments.policy.predicates import holds, meets, moment_of


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a trait source: whose, how late (the greatest counts; None is the least), values by trait."""

    owner: int
    latest: tuple[int | None, ...]
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact."""

    person: int
    kind: str
    at: datetime
    payload: Mapping[str, object]


@dataclass(slots=True)
class World:
    """Everything there is. `persons` gives each person's company, `aliases` the profile of those merged,
    `company_aliases` the company that merged ones are read as."""

    persons: dict[int, int | None] = field(default_factory=dict)
    aliases: dict[int, int] = field(default_factory=dict)
    company_aliases: dict[int, int] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    combined: dict[str, dict[int, Mapping[str, object]]] = field(default_factory=dict)
    """By source that has such values, and profile: those of profiles of several persons."""
    about_companies: frozenset[str] = frozenset()
    totals: dict[str, Callable[[list[Any]], object]] = field(default_factory=dict)
    """By trait that is one: what is made of the known values in all rows."""
    facts: list[Happened] = field(default_factory=list)
    lists: dict[int, set[int]] = field(default_factory=dict)
    tags: dict[int, dict[int, datetime | None]] = field(default_factory=dict)
    """By tag: who has it, and until when."""

    def profiles(self) -> list[int]:
        """Who there is, merged persons counted once."""
        return [person for person in self.persons if person not in self.aliases]

    def people_of(self, profile: int) -> set[int]:
        """The persons that a profile is made of."""
        return {profile} | {person for person, other in self.aliases.items() if other == profile}


def members(formula: Formula, world: World, now: datetime, offset: timedelta) -> set[int]:
    """The profiles of whom the formula holds at `now`. Dates begin `offset` before UTC's."""
    return {profile for profile in world.profiles() if _holds(formula, _View(world, profile, now, offset))}


def next_change(
    formula: Formula, world: World, profile: int, now: datetime, offset: timedelta
) -> datetime | None:
    """A moment up to which time alone cannot change whether `profile` is in; None: it never will."""
    view = _View(world, profile, now, offset)
    inside = _holds(formula, view)
    moments = [
        moment
        for literal in literals(formula)
        if is_timed(literal.leaf)
        for moment, turns_true in _turns(literal.leaf, view)
        # Who is in can only be put out by a literal that turns false, and the other way round.
        if moment > now and (turns_true is literal.positive) is not inside
    ]
    return min(moments, default=None)


@dataclass(frozen=True, slots=True)
class _View:
    world: World
    profile: int
    now: datetime
    offset: timedelta

    def facts(self, kind: str, where: Where) -> list[datetime]:
        people = self.world.people_of(self.profile)
        return sorted(
            fact.at
            for fact in self.world.facts
            if fact.person in people and fact.kind == kind and meets(fact.payload, where, self.offset)
        )

    def trait(self, leaf: TraitLeaf) -> object:
        owners: Collection[int] = self.world.people_of(self.profile)
        if leaf.source in self.world.about_companies:
            company = self._company(owners)
            owners = [] if company is None else [company]
            if leaf.trait in self.world.totals:
                merged = self.world.company_aliases.items()
                owners = {*owners, *(other for other, main in merged if main == company)}
        if (combined := self.world.combined.get(leaf.source)) is not None:
            if self.profile in combined:
                return combined[self.profile].get(leaf.trait)
            owners = [self.profile]
        rows = [row for row in self.world.rows.get(leaf.source, []) if row.owner in owners]
        if not rows:
            return None
        if (total := self.world.totals.get(leaf.trait)) is not None:
            known = [value for row in rows if (value := row.values.get(leaf.trait)) is not None]
            return total(known) if known else None
        last = max(rows, key=lambda row: tuple((part is not None, part or 0) for part in row.latest))
        return last.values.get(leaf.trait)

    def _company(self, people: Collection[int]) -> int | None:
        """The company, as it is read, of the profile itself, else of its newest person that has one."""
        for person in sorted(people, key=lambda person: (person != self.profile, -person)):
            if (company := self.world.persons.get(person)) is not None:
                return self.world.company_aliases.get(company, company)
        return None


def _holds(formula: Formula, view: _View) -> bool:
    match formula:
        case Every():
            return all(_holds(part, view) for part in formula.parts)
        case Some():
            return any(_holds(part, view) for part in formula.parts)
        case Literal():
            return _says(formula.leaf, view) is formula.positive


def _says(leaf: Leaf, view: _View) -> bool:
    match leaf:
        case TraitLeaf():
            return holds(leaf.predicate, view.trait(leaf), leaf.type, view.now, view.offset)
        case CountLeaf():
            return len(_counted(leaf, view)) >= leaf.count
        case SequenceLeaf():
            return _chain(leaf, view)
        case ListLeaf():
            return bool(view.world.people_of(view.profile) & view.world.lists.get(leaf.list, set()))
        case TagLeaf():
            return any(until is None or until > view.now for until in _expiries(leaf, view))


def _expiries(leaf: TagLeaf, view: _View) -> list[datetime | None]:
    people = view.world.people_of(view.profile)
    return [until for person, until in view.world.tags.get(leaf.tag, {}).items() if person in people]


def _counted(leaf: CountLeaf, view: _View) -> list[datetime]:
    """The moments that count, ascending."""
    return [
        at
        for at in view.facts(leaf.kind, leaf.where)
        if (leaf.days is None or at > view.now - timedelta(days=leaf.days))
        and (leaf.low is None or at >= leaf.low)
        and (leaf.high is None or at < leaf.high)
    ]


def _chain(leaf: SequenceLeaf, view: _View) -> bool:
    first, *others = leaf.steps
    reached = [
        at
        for at in view.facts(first.kind, first.where)
        if leaf.days is None or at > view.now - timedelta(days=leaf.days)
    ]
    for step in others:
        reached = [
            at
            for at in view.facts(step.kind, step.where)
            if any(
                before < at and (step.within is None or at <= before + timedelta(days=step.within))
                for before in reached
            )
        ]
    return bool(reached)


def _turns(leaf: Leaf, view: _View) -> Iterator[tuple[datetime, bool]]:
    """When the leaf may change by time alone, and whether it would turn true."""
    match leaf:
        case TraitLeaf(predicate=Relative(after=after, upto=upto)):
            moment = moment_of(view.trait(leaf), view.offset)
            if moment is not None and after is not None:
                yield moment - timedelta(days=after), False
            if moment is not None and upto is not None:
                yield moment - timedelta(days=upto), True
        case CountLeaf(days=int(days)):
            counted = _counted(leaf, view)
            if len(counted) >= leaf.count:
                yield counted[-leaf.count] + timedelta(days=days), False
        case SequenceLeaf(days=int(days)):
            first = leaf.steps[0]
            for at in view.facts(first.kind, first.where):
                yield at + timedelta(days=days), False
        case TagLeaf():
            for until in _expiries(leaf, view):
                if until is not None:
                    yield until, False
