"""Reading definitions that nobody is trusted to have written well. Every error names its place."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from huoju.core.problems import Problem
from huoju.core.text import msgid

from .definition import (
    MAX_CONDITIONS,
    MAX_DAYS,
    MAX_DEPTH,
    MAX_JSON,
    Comparison,
    Condition,
    Definition,
    FactCondition,
    ListCondition,
    Op,
    SegmentCondition,
    SequenceCondition,
    TagCondition,
    TraitCondition,
    Value,
    referred_segments,
    walk,
)
from .vocabulary import CHOOSING, OPERATORS, TIMELESS, ValueType, Vocabulary

NAMED = 40
"""So many allowed values an error names."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong. `place` counts conditions from 1, outermost first: "2.1"; empty for the whole."""

    place: str
    problem: Problem


class DefinitionError(ValueError):
    """A definition that cannot be used; `faults` says why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.place or '-'}: {fault.problem}" for fault in faults))
        self.faults = faults


def parse(data: Any) -> Definition:
    """The definition kept as `data`: JSON text or what it stands for. Says nothing of what it names: see `check`.

    Raises `DefinitionError`.
    """
    if isinstance(data, str | bytes):
        if len(data) > MAX_JSON:
            raise DefinitionError(Fault("", Problem(msgid("The definition is too large."))))
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            raise DefinitionError(Fault("", Problem(msgid("This is not JSON.")))) from None
    if isinstance(data, Definition):
        data = data.model_dump(mode="json")
    if not isinstance(data, Mapping):
        raise DefinitionError(Fault("", Problem(msgid("A definition is an object with “where”."))))
    _check_size(data.get("where"))
    try:
        return Definition.model_validate(data)
    except ValidationError as error:
        faults = [Fault(_place(item["loc"]), _schema_problem(item)) for item in error.errors()[:20]]
        raise DefinitionError(*faults) from None


def _check_size(root: Any) -> None:
    """Refuse what is nested too deeply or too large before anything walks through it."""
    level: list[Any] = [root]
    depth = count = 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > MAX_DEPTH:
            problem = Problem(msgid("Conditions may be nested %(limit)s deep at most."), limit=MAX_DEPTH)
            raise DefinitionError(Fault("", problem))
        if count > MAX_CONDITIONS:
            problem = Problem(msgid("There may be %(limit)s conditions at most."), limit=MAX_CONDITIONS)
            raise DefinitionError(Fault("", problem))
        below: list[Any] = []
        for item in level:
            inside = item.get("of") if isinstance(item, Mapping) else None
            below += inside if isinstance(inside, list) else [inside] if isinstance(inside, Mapping) else []
        level = below


_TAGS = frozenset({"all", "any", "not", "trait", "fact", "sequence", "tag", "segment", "list", "where", "of"})


def _place(loc: tuple[int | str, ...]) -> str:
    """pydantic's location as ours: the positions under `of`, counted from 1. A `not` holds its condition as 1."""
    numbers: list[int] = []
    rest = list(loc)
    while rest:
        part = rest.pop(0)
        if part == "not" and rest[:1] == ["of"]:
            numbers.append(1)
            rest.pop(0)
        elif part == "of" and rest and isinstance(index := rest[0], int):
            numbers.append(index + 1)
            rest.pop(0)
    return ".".join(map(str, numbers))


def _schema_problem(item: Any) -> Problem:
    fields = [
        str(part)
        for before, part in zip(("", *item["loc"]), item["loc"], strict=False)
        if isinstance(part, str)
        and (part not in _TAGS or (part in ("list", "segment", "tag", "fact", "trait") and before == part))
    ]
    name = fields[0] if fields else ""
    match item["type"]:
        case "missing":
            return Problem(msgid("“%(field)s” is missing."), field=name or "where")
        case "extra_forbidden":
            return Problem(msgid("There is no field “%(field)s” here."), field=name)
        case "union_tag_invalid" | "union_tag_not_found":
            return Problem(msgid("The type of this condition is not known."))
        case "too_short":
            return Problem(msgid("At least one condition is needed here."))
        case "too_long":
            return Problem(msgid("This is too long."))
        case "greater_than_equal" | "less_than_equal":
            return Problem(msgid("“%(field)s” is outside of what is allowed."), field=name)
        case _:
            return Problem(
                msgid("“%(field)s” has a value that does not fit."),
                field=name or ("of" if "of" in item["loc"] else "where"),
            )


def check(definition: Definition, vocabulary: Vocabulary, *, own: int | None = None) -> list[Fault]:
    """What is wrong with what `definition` names and compares; empty when all is well. `own` is the segment that it
    belongs to: it may not refer to itself, neither directly nor through others."""
    faults: list[Fault] = []
    for numbers, condition in walk(definition.where):
        place = ".".join(map(str, numbers))
        faults += [Fault(place, problem) for problem in _check_one(condition, vocabulary, own)]
    return faults


def _check_one(condition: Condition, vocabulary: Vocabulary, own: int | None) -> list[Problem]:
    match condition:
        case TraitCondition():
            trait = vocabulary.traits.get(condition.trait)
            if trait is None:
                return [Problem(msgid("There is no trait “%(name)s” (any more)."), name=condition.trait)]
            return _check_comparison(trait.type, condition, whole=trait.whole, choices=trait.choices)
        case FactCondition():
            return [
                *_check_fact(condition.fact, condition.where, vocabulary),
                *_check_counts(condition),
            ]
        case SequenceCondition():
            problems = [
                problem
                for step in condition.steps
                for problem in _check_fact(step.fact, step.where, vocabulary)
            ]
            if condition.steps[0].within_days is not None:
                problems.append(Problem(msgid("The first step follows nothing: it has no “within”.")))
            return problems
        case SegmentCondition():
            return _check_reference(condition.segment, vocabulary, own)
        case TagCondition():
            if condition.tag not in vocabulary.tags:
                return [Problem(msgid("There is no tag %(id)s (any more)."), id=condition.tag)]
            return []
        case ListCondition():
            if condition.list not in vocabulary.lists:
                return [Problem(msgid("There is no list %(id)s (any more)."), id=condition.list)]
            return []
        case _:
            return []


def _check_counts(condition: FactCondition) -> list[Problem]:
    problems = []
    if condition.at_most is None and condition.at_least == 0:
        problems.append(Problem(msgid("“At least 0 times” is true of everybody.")))
    if condition.at_most is not None and condition.at_most < condition.at_least:
        problems.append(Problem(msgid("“At most” is less than “at least”.")))
    if condition.days is not None and (condition.since or condition.until):
        problems.append(Problem(msgid("Either the last days or a period, not both.")))
    if condition.since and condition.until and condition.until < condition.since:
        problems.append(Problem(msgid("The period ends before it begins.")))
    return problems


def _check_fact(kind: str, where: list[Comparison], vocabulary: Vocabulary) -> list[Problem]:
    fact = vocabulary.facts.get(kind)
    if fact is None:
        return [Problem(msgid("Nothing called “%(name)s” happens here (any more)."), name=kind)]
    problems = []
    for test in where:
        if (type_ := fact.fields.get(test.field)) is None:
            problems.append(
                Problem(msgid("“%(fact)s” has no field “%(field)s”."), fact=kind, field=test.field)
            )
        elif test.op in TIMELESS:
            problems.append(Problem(msgid("Give the days beside the fact, not in its fields.")))
        else:
            choices = fact.choices.get(test.field)
            problems += _check_comparison(type_, test, whole=test.field in fact.whole, choices=choices)
    return problems


def _check_reference(segment: int, vocabulary: Vocabulary, own: int | None) -> list[Problem]:
    if segment == own:
        return [Problem(msgid("A segment cannot be part of itself."))]
    if segment not in vocabulary.segments:
        return [Problem(msgid("There is no segment %(id)s (any more)."), id=segment)]
    seen: set[int] = set()
    waiting = [segment]
    while waiting:
        current = waiting.pop()
        if current == own:
            name = vocabulary.names.get(segment, str(segment))
            return [
                Problem(
                    msgid("The segment “%(name)s” is built on this one: they would go in a circle."),
                    name=name,
                )
            ]
        if current not in seen and current in vocabulary.segments:
            seen.add(current)
            waiting += referred_segments(vocabulary.segments[current])
    return []


def _check_comparison(
    type_: ValueType, test: Comparison | TraitCondition, *, whole: bool, choices: Sequence[str] | None
) -> list[Problem]:
    op, value = test.op, test.value
    if op not in OPERATORS[type_]:
        return [Problem(msgid("“%(op)s” does not fit this kind of value."), op=op.value)]
    if not _fits(type_, op, value, whole=whole):
        return [_misfit(type_, op)]
    if choices is None or op not in CHOOSING:
        return []
    wrong = [each for each in (value if isinstance(value, list) else [value]) if str(each) not in choices]
    return [_not_among(str(each), choices) for each in wrong]


def _not_among(value: str, choices: Sequence[str]) -> Problem:
    named = ", ".join(choices[:NAMED])
    if len(choices) <= NAMED:
        return Problem(
            msgid("“%(value)s” is none of the values here: %(choices)s."), value=value, choices=named
        )
    template = msgid("“%(value)s” is none of the %(count)s values here: %(choices)s …")
    return Problem(template, value=value, count=len(choices), choices=named)


def _fits(type_: ValueType, op: Op, value: Value, *, whole: bool) -> bool:
    if op in (Op.IS_SET, Op.IS_EMPTY):
        return value is None
    if op in TIMELESS:
        return _is_number(value) and isinstance(value, int) and 1 <= value <= MAX_DAYS
    if op in (Op.ONE_OF, Op.NONE_OF):
        return (
            isinstance(value, list) and 0 < len(value) <= 500 and all(_is_text(each, whole) for each in value)
        )
    if op is Op.BETWEEN:
        if not isinstance(value, list) or len(value) != 2:
            return False
        return all(_is_number(each) if type_ is ValueType.NUMBER else _is_moment(each) for each in value)
    match type_:
        case ValueType.NUMBER:
            return _is_number(value)
        case ValueType.BOOLEAN:
            return isinstance(value, bool)
        case ValueType.DATE | ValueType.TIME:
            return _is_moment(value)
        case _:
            return _is_text(value, whole)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**15


def _is_text(value: object, whole: bool) -> bool:
    """Text that can be stored and compared; where values are ids, the digits of one (choices come as text)."""
    if whole:
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        return text.isascii() and text.isdigit() and len(text) <= 15
    return isinstance(value, str) and 0 < len(value) <= 500 and "\x00" not in value and value.isprintable()


def _is_moment(value: object) -> bool:
    return isinstance(value, str) and read_moment(value) is not None


def read_moment(text: str) -> date | datetime | None:
    """A day ("2026-05-01") or a moment with its time zone; None for anything else, and outside of 1900 to 2199."""
    try:
        found = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return None
    if isinstance(found, datetime) and found.tzinfo is None:
        return None
    return found if 1900 <= found.year < 2200 else None


def _misfit(type_: ValueType, op: Op) -> Problem:
    if op in TIMELESS:
        return Problem(msgid("A number of days from 1 to %(limit)s is needed."), limit=MAX_DAYS)
    if op in (Op.IS_SET, Op.IS_EMPTY):
        return Problem(msgid("Nothing is compared here: leave the value out."))
    if op in (Op.ONE_OF, Op.NONE_OF):
        return Problem(msgid("A list of values is needed."))
    if op is Op.BETWEEN:
        return Problem(msgid("Two values are needed: from and to."))
    match type_:
        case ValueType.NUMBER:
            return Problem(msgid("A number is needed."))
        case ValueType.BOOLEAN:
            return Problem(msgid("Yes or no is needed."))
        case ValueType.DATE | ValueType.TIME:
            return Problem(msgid("A date is needed, such as 2026-05-01."))
        case _:
            return Problem(msgid("A value is needed."))
