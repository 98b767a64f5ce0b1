"""The language of segments: JSON that describes a group of people, read into typed conditions.

A definition is `{"version": 1, "where": CONDITION}`. The models below are its JSON Schema as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
)

MAX_DEPTH = 8
MAX_CONDITIONS = 100
MAX_JSON = 100_000
"""Characters; what is longer is not even parsed."""
MAX_DAYS = 3650

type Value = (
    StrictBool | StrictInt | StrictFloat | StrictStr | list[StrictStr | StrictInt | StrictFloat] | None
)
type Days = Annotated[int, Field(ge=1, le=MAX_DAYS)]


class Op(StrEnum):
    """How a value is compared. A value that is not known meets only `IS_NOT`, `NONE_OF` and `IS_EMPTY`."""

    IS = "is"
    IS_NOT = "is_not"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BETWEEN = "between"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_LAST = "within_last"
    LONGER_AGO = "longer_ago"
    WITHIN_NEXT = "within_next"
    IS_SET = "is_set"
    IS_EMPTY = "is_empty"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Comparison(_Part):
    """A condition on one field of a fact: `{"field": "purpose", "op": "is", "value": "trial"}`."""

    field: Annotated[str, Field(max_length=80)]
    op: Op = Op.IS
    value: Value = None


class TraitCondition(_Part):
    """A trait compares so: `{"type": "trait", "trait": "lead.stage", "op": "one_of", "value": ["mql", "sql"]}`.

    Days for `within_last`, `longer_ago` and `within_next`; dates ("2026-05-01") or moments with a time zone for
    `before`, `after` and `between`.
    """

    type: Literal["trait"]
    trait: Annotated[str, Field(max_length=80)]
    op: Op = Op.IS
    value: Value = None


class FactCondition(_Part):
    """Something happened so often: `{"type": "fact", "fact": "form.submitted", "at_least": 3, "days": 14}`.

    Without a window: ever. `at_least` 0 with `at_most` 0 is absence. `since` and `until` are days of the company's
    calendar, both included.
    """

    type: Literal["fact"]
    fact: Annotated[str, Field(max_length=60)]
    where: Annotated[list[Comparison], Field(max_length=10)] = []
    at_least: Annotated[int, Field(ge=0, le=10_000)] = 1
    at_most: Annotated[int, Field(ge=0, le=10_000)] | None = None
    days: Days | None = None
    since: date | None = None
    until: date | None = None


class Step(_Part):
    """One step of a sequence: after the step before, and at most `within_days` days after it."""

    fact: Annotated[str, Field(max_length=60)]
    where: Annotated[list[Comparison], Field(max_length=10)] = []
    within_days: Days | None = None


class SequenceCondition(_Part):
    """Facts one after the other; with `days`, the first of them in the last so many days."""

    type: Literal["sequence"]
    steps: Annotated[list[Step], Field(min_length=2, max_length=6)]
    days: Days | None = None


class TagCondition(_Part):
    """Whoever has a tag that has not expired."""

    type: Literal["tag"]
    tag: int


class SegmentCondition(_Part):
    """Whoever is in another segment."""

    type: Literal["segment"]
    segment: int


class ListCondition(_Part):
    """Whoever is on a list."""

    type: Literal["list"]
    list: int


class AllOf(_Part):
    """Every condition holds."""

    type: Literal["all"]
    of: Annotated[list["Condition"], Field(min_length=1, max_length=50)]


class AnyOf(_Part):
    """At least one condition holds."""

    type: Literal["any"]
    of: Annotated[list["Condition"], Field(min_length=1, max_length=50)]


class NotOf(_Part):
    """The condition does not hold."""

    type: Literal["not"]
    of: "Condition"


type Leaf = (
    TraitCondition | FactCondition | SequenceCondition | TagCondition | SegmentCondition | ListCondition
)
type Condition = Annotated[
    AllOf
    | AnyOf
    | NotOf
    | TraitCondition
    | FactCondition
    | SequenceCondition
    | TagCondition
    | SegmentCondition
    | ListCondition,
    Field(discriminator="type"),
]


class Definition(_Part):
    """A group of people, described."""

    version: Literal[1] = 1
    where: Condition


def schema(
    traits: Mapping[str, Sequence[str] | None] | None = None,
    facts: Mapping[str, Mapping[str, Sequence[str] | None]] | None = None,
) -> dict[str, Any]:
    """The JSON Schema of a definition. With the `traits` and the `facts` with their fields that may be named, each with
    its choices (None: any value), it allows nothing else."""
    made = Definition.model_json_schema()
    parts = made["$defs"]
    if traits is not None:
        parts["TraitCondition"]["properties"]["trait"]["enum"] = list(traits)
        parts["TraitCondition"]["allOf"] = _choosing("trait", traits)
    if facts is not None:
        for name in ("FactCondition", "Step"):
            parts[name]["properties"]["fact"]["enum"] = list(facts)
            parts[name]["allOf"] = [
                {
                    "if": {"properties": {"fact": {"const": kind}}},
                    "then": {"properties": {"where": {"items": _fields(fields)}}},
                }
                for kind, fields in facts.items()
            ]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "Huoju segment"}


def _fields(fields: Mapping[str, Sequence[str] | None]) -> dict[str, Any]:
    return {"properties": {"field": {"enum": list(fields)}}, "allOf": _choosing("field", fields)}


def _choosing(name: str, known: Mapping[str, Sequence[str] | None]) -> list[dict[str, Any]]:
    """For each code that has choices: its value is one or several of them, or left out."""
    return [
        {
            "if": {"properties": {name: {"const": code}}},
            "then": {
                "properties": {
                    "value": {
                        "anyOf": [
                            {"enum": [*choices, None]},
                            {"type": "array", "items": {"enum": [*choices]}},
                        ]
                    }
                }
            },
        }
        for code, choices in known.items()
        if choices is not None
    ]


def children(condition: Condition) -> list[Condition]:
    """What stands directly under a condition."""
    match condition:
        case AllOf() | AnyOf():
            return list(condition.of)
        case NotOf():
            return [condition.of]
        case _:
            return []


def walk(condition: Condition, place: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Condition]]:
    """Every condition with its place: (2, 1) is the first one in the second one."""
    yield place, condition
    for number, child in enumerate(children(condition), start=1):
        yield from walk(child, (*place, number))


def referred_segments(definition: Definition) -> frozenset[int]:
    """The segments that a definition names itself."""
    return frozenset(part.segment for _, part in walk(definition.where) if isinstance(part, SegmentCondition))


def referred_lists(definition: Definition) -> frozenset[int]:
    """The lists that a definition names itself."""
    return frozenset(part.list for _, part in walk(definition.where) if isinstance(part, ListCondition))
