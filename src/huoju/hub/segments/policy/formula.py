"""The plain form of a definition: other segments written out, negation at the leaves, comparisons with what they mean.

Four kinds of leaves remain, and seven kinds of predicates. Compiler and interpreter know only these.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from huoju.core.problems import Problem
from huoju.core.text import msgid

from .definition import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Definition,
    FactCondition,
    ListCondition,
    NotOf,
    Op,
    SegmentCondition,
    SequenceCondition,
    TagCondition,
    TraitCondition,
    Value,
)
from .parsing import DefinitionError, Fault, read_moment
from .vocabulary import ValueType, Vocabulary

MAX_LEAVES = 300
"""Conditions with those of other segments written out."""


@dataclass(frozen=True, slots=True)
class Equals:
    """One of the values; of a list, at least one of its values is."""

    values: tuple[str | int | float | bool, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """Text that contains this, in any case; with `start`, begins with it."""

    text: str
    start: bool = False


@dataclass(frozen=True, slots=True)
class NumberRange:
    """At least `low` and at most `high`."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `low` on and before `high`."""

    low: datetime | None
    high: datetime | None


@dataclass(frozen=True, slots=True)
class Relative:
    """Later than now + `after` days, and no later than now + `upto` days."""

    after: int | None
    upto: int | None


@dataclass(frozen=True, slots=True)
class IsSet:
    """Any value that is not blank."""


type Predicate = Equals | Contains | NumberRange | TimeRange | Relative | IsSet
type Where = tuple[tuple[str, ValueType, Predicate], ...]


@dataclass(frozen=True, slots=True)
class TraitLeaf:
    """The trait meets the predicate."""

    trait: str
    source: str
    type: ValueType
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class CountLeaf:
    """At least `count` facts of `kind` meet `where`, all within the last `days` or from `low` on and before `high`."""

    kind: str
    where: Where
    count: int
    days: int | None = None
    low: datetime | None = None
    high: datetime | None = None


@dataclass(frozen=True, slots=True)
class StepLeaf:
    """One step of a sequence: later than the one before it, by `within` days at most."""

    kind: str
    where: Where
    within: int | None


@dataclass(frozen=True, slots=True)
class SequenceLeaf:
    """Facts one after the other, the first of them within the last `days`."""

    steps: tuple[StepLeaf, ...]
    days: int | None


@dataclass(frozen=True, slots=True)
class ListLeaf:
    """A person of the profile is on the list."""

    list: int


@dataclass(frozen=True, slots=True)
class TagLeaf:
    """A person of the profile has the tag, and it has not expired."""

    tag: int


type Leaf = TraitLeaf | CountLeaf | SequenceLeaf | ListLeaf | TagLeaf


@dataclass(frozen=True, slots=True)
class Literal:
    """A leaf, or its opposite."""

    leaf: Leaf
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold; of none: everybody."""

    parts: "tuple[Formula, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    """A part holds; of none: nobody."""

    parts: "tuple[Formula, ...]"


type Formula = Literal | Every | Some


def normalise(definition: Definition, vocabulary: Vocabulary, zone: tzinfo) -> Formula:
    """The plain form of a definition that `check` found well. Days are those of `zone`.

    Raises `DefinitionError` where segments go in a circle or the whole grows too large, `KeyError` for what the
    vocabulary does not have.
    """
    made = _Normaliser(vocabulary, zone).of(definition.where, positive=True, under=frozenset())
    if sum(1 for _ in literals(made)) > MAX_LEAVES:
        raise DefinitionError(
            Fault("", Problem(msgid("With the segments it is built on this is too large.")))
        )
    return made


class _Normaliser:
    def __init__(self, vocabulary: Vocabulary, zone: tzinfo) -> None:
        self.vocabulary = vocabulary
        self.zone = zone
        self.leaves = 0

    def of(self, condition: Condition, *, positive: bool, under: frozenset[int]) -> Formula:
        match condition:
            case AllOf() | AnyOf():
                parts = tuple(self.of(part, positive=positive, under=under) for part in condition.of)
                if len(parts) == 1:
                    return parts[0]
                return (Every if isinstance(condition, AllOf) is positive else Some)(parts)
            case NotOf():
                return self.of(condition.of, positive=not positive, under=under)
            case SegmentCondition():
                if condition.segment in under:
                    raise DefinitionError(Fault("", Problem(msgid("The segments go in a circle."))))
                inner = self.vocabulary.segments[condition.segment]
                return self.of(inner.where, positive=positive, under=under | {condition.segment})
            case _:
                self.leaves += 1
                if self.leaves > MAX_LEAVES:
                    text = msgid("With the segments it is built on this is too large.")
                    raise DefinitionError(Fault("", Problem(text)))
        match condition:
            case TraitCondition():
                return self._trait(condition, positive)
            case FactCondition():
                return self._count(condition, positive)
            case SequenceCondition():
                steps = tuple(
                    StepLeaf(step.fact, self._where(step.fact, step.where), step.within_days)
                    for step in condition.steps
                )
                return Literal(SequenceLeaf(steps, condition.days), positive)
            case ListCondition():
                return Literal(ListLeaf(condition.list), positive)
            case TagCondition():
                return Literal(TagLeaf(condition.tag), positive)
        raise AssertionError(condition)

    def _trait(self, condition: TraitCondition, positive: bool) -> Literal:
        trait = self.vocabulary.traits[condition.trait]
        predicate, same = self._predicate(trait.type, condition.op, condition.value, trait.whole)
        return Literal(TraitLeaf(trait.code, trait.source, trait.type, predicate), positive is same)

    def _where(self, kind: str, tests: Iterable[Comparison]) -> Where:
        fact = self.vocabulary.facts[kind]
        found = []
        for test in tests:
            type_ = fact.fields[test.field]
            predicate, same = self._predicate(type_, test.op, test.value, test.field in fact.whole)
            found.append((test.field if same else f"!{test.field}", type_, predicate))
        return tuple(found)

    def _count(self, condition: FactCondition, positive: bool) -> Formula:
        where = self._where(condition.fact, condition.where)
        low = self._start(condition.since) if condition.since else None
        high = self._start(condition.until + timedelta(days=1)) if condition.until else None

        def times(count: int) -> CountLeaf:
            return CountLeaf(condition.fact, where, count, condition.days, low, high)

        parts = []
        if condition.at_least:
            parts.append(Literal(times(condition.at_least), positive))
        if condition.at_most is not None:
            parts.append(Literal(times(condition.at_most + 1), not positive))
        if len(parts) == 1:
            return parts[0]
        return (Every if positive else Some)(tuple(parts))

    def _start(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone)

    def _predicate(self, type_: ValueType, op: Op, value: Value, whole: bool) -> tuple[Predicate, bool]:
        """The predicate that a comparison stands for, and whether it stands for it or for its opposite."""
        same = op not in (Op.IS_NOT, Op.NONE_OF, Op.IS_EMPTY)
        if op in (Op.IS_SET, Op.IS_EMPTY):
            return IsSet(), same
        values = value if isinstance(value, list) else [value]
        if type_ in (ValueType.DATE, ValueType.TIME):
            return self._when(op, values), same
        if type_ is ValueType.NUMBER and op in (Op.AT_LEAST, Op.AT_MOST, Op.BETWEEN):
            low = None if op is Op.AT_MOST else values[0]
            high = None if op is Op.AT_LEAST else values[-1]
            return NumberRange(low, high), same  # type: ignore[arg-type]  # checked by `check`
        if op in (Op.CONTAINS, Op.STARTS_WITH) and type_ is ValueType.TEXT:
            return Contains(str(value), op is Op.STARTS_WITH), same
        known = tuple(int(each) if whole else each for each in values if each is not None)
        return Equals(known), same

    def _when(self, op: Op, values: Sequence[object]) -> Predicate:
        if op is Op.WITHIN_LAST:
            return Relative(-_days(values[0]), 0)
        if op is Op.LONGER_AGO:
            return Relative(None, -_days(values[0]))
        if op is Op.WITHIN_NEXT:
            return Relative(0, _days(values[0]))
        bounds = [read_moment(str(value)) for value in values]
        first, last = bounds[0], bounds[-1]
        if first is None or last is None:
            raise AssertionError(values)
        if op is Op.BEFORE:
            return TimeRange(None, self._from(first))
        if op is Op.AFTER:
            return TimeRange(self._past(first), None)
        return TimeRange(self._from(first), self._past(last))

    def _from(self, bound: date | datetime) -> datetime:
        return bound if isinstance(bound, datetime) else self._start(bound)

    def _past(self, bound: date | datetime) -> datetime:
        if isinstance(bound, datetime):
            return bound + timedelta(microseconds=1)
        return self._start(bound + timedelta(days=1))


def _days(value: object) -> int:
    return value if isinstance(value, int) else 0


def literals(formula: Formula) -> Iterator[Literal]:
    """Every leaf of a formula with its sign."""
    if isinstance(formula, Literal):
        yield formula
    else:
        for part in formula.parts:
            yield from literals(part)


def is_timed(leaf: Leaf) -> bool:
    """Whether time alone can change what the leaf says."""
    match leaf:
        case TraitLeaf():
            return isinstance(leaf.predicate, Relative)
        case CountLeaf() | SequenceLeaf():
            return leaf.days is not None
        case TagLeaf():
            return True
        case ListLeaf():
            return False


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What can change who is in: kinds of facts, with the conditions under which one of them counts (empty: always),
    and traits."""

    kinds: dict[str, tuple[Where, ...]]
    traits: frozenset[str]
    lists: frozenset[int]
    births: bool
    """Whether somebody of whom nothing is known is in: then every new person is."""


def dependencies(formula: Formula, vocabulary: Vocabulary) -> Dependencies:
    """What a formula depends on."""
    kinds: dict[str, list[Where]] = {}
    traits: set[str] = set()
    lists: set[int] = set()
    for literal in literals(formula):
        match literal.leaf:
            case TraitLeaf(trait=code):
                traits.add(code)
                for kind in vocabulary.traits[code].changed_by:
                    kinds.setdefault(kind, []).append(())
            case CountLeaf(kind=kind, where=where):
                kinds.setdefault(kind, []).append(where)
            case SequenceLeaf(steps=steps):
                for step in steps:
                    kinds.setdefault(step.kind, []).append(step.where)
            case ListLeaf(list=number):
                lists.add(number)
            case TagLeaf():
                for kind in vocabulary.tag_kinds:
                    kinds.setdefault(kind, []).append(())
    return Dependencies(
        {kind: () if () in found else tuple(dict.fromkeys(found)) for kind, found in kinds.items()},
        frozenset(traits),
        frozenset(lists),
        _holds_of_nobody_known(formula),
    )


def _holds_of_nobody_known(formula: Formula) -> bool:
    match formula:
        case Literal():
            return not formula.positive
        case Every():
            return all(_holds_of_nobody_known(part) for part in formula.parts)
        case Some():
            return any(_holds_of_nobody_known(part) for part in formula.parts)
