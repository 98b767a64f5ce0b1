"""Conditions over the fields of a record: the small common tongue of the scoring, MQL and routing rules.

A condition is data (it lives in rule rows as JSON), so it is validated on save against the fields of the
record it will be asked about, and compiled once into a plain function before it meets a batch.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from operator import attrgetter

from huoju.core.problems import Problem
from huoju.core.text import msgid

type Value = str | int | float | bool | tuple[str, ...] | None
type Test = Callable[[object], bool]


class Op(StrEnum):
    """How a condition compares. An unknown field (`None`, empty text) meets only `UNKNOWN`, `IS_NOT` and
    `NOT_IN`."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    CONTAINS = "contains"
    KNOWN = "known"
    UNKNOWN = "unknown"


OP_LABELS: dict[Op, str] = {
    Op.IS: msgid("is"),
    Op.IS_NOT: msgid("is not"),
    Op.IN: msgid("is one of"),
    Op.NOT_IN: msgid("is none of"),
    Op.AT_LEAST: msgid("is at least"),
    Op.AT_MOST: msgid("is at most"),
    Op.CONTAINS: msgid("contains"),
    Op.KNOWN: msgid("is known"),
    Op.UNKNOWN: msgid("is not known"),
}
"""English msgids of the operators, translated where they are shown."""

_LISTS = (Op.IN, Op.NOT_IN)
_ORDERED = (Op.AT_LEAST, Op.AT_MOST)
_BARE = (Op.KNOWN, Op.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Condition:
    """`field` `op` `value`, for example `company_size in ("500-999", "1000-4999")`."""

    field: str
    op: Op
    value: Value = None

    def as_json(self) -> dict[str, object]:
        """The form in which a rule row keeps it."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"field": self.field, "op": self.op.value, "value": value}


def condition_from_json(data: Mapping[str, object]) -> Condition:
    """The condition kept as `data`. Raises ValueError, with words fit for an administrator, if it is
    malformed."""
    field, op, value = data.get("field"), data.get("op"), data.get("value")
    if not isinstance(field, str) or not field:
        raise ValueError(Problem(msgid("a condition needs a field")))
    if not isinstance(op, str) or op not in Op:
        raise ValueError(Problem(msgid("unknown comparison '%(op)s'"), op=op))
    if isinstance(value, list | tuple):
        if not all(isinstance(item, str) for item in value):
            raise ValueError(Problem(msgid("a list of values may hold only text")))
        return Condition(field, Op(op), tuple(value))
    if value is None or isinstance(value, str | int | float | bool):
        return Condition(field, Op(op), value)
    raise ValueError(Problem(msgid("unsupported value %(value)s"), value=repr(value)))


def record_fields(record: type) -> frozenset[str]:
    """The field names of a dataclass, for `validate`."""
    if not is_dataclass(record):
        raise TypeError(f"{record!r} is not a dataclass")
    return frozenset(field.name for field in fields(record))


def validate(conditions: Iterable[Condition], known_fields: frozenset[str]) -> list[str]:
    """What is wrong with `conditions`, one English sentence each; empty when all is well."""
    errors: list[str] = []
    for condition in conditions:
        field, op, value = condition.field, condition.op, condition.value
        if field not in known_fields:
            errors.append(Problem(msgid("unknown field '%(field)s'"), field=field))
        if (template := _value_problem(op, value)) is not None:
            errors.append(Problem(template, field=field, op=Problem(OP_LABELS[op])))
    return errors


def _value_problem(op: Op, value: Value) -> str | None:
    if op in _BARE:
        return None if value is None else msgid("%(field)s: “%(op)s” takes no value")
    if op in _LISTS:
        return (
            None
            if isinstance(value, tuple) and value
            else msgid("%(field)s: “%(op)s” needs a list of values")
        )
    if op in _ORDERED:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number else msgid("%(field)s: “%(op)s” needs a number")
    if op is Op.CONTAINS:
        return None if isinstance(value, str) and value else msgid("%(field)s: “%(op)s” needs text")
    return msgid("%(field)s: “%(op)s” needs one value") if value is None or isinstance(value, tuple) else None


def compile_condition(condition: Condition) -> Test:
    """`condition` as a function of a record (any object with the field as attribute)."""
    get = attrgetter(condition.field)
    value = condition.value
    match condition.op:
        case Op.IS:
            return lambda record: bool(get(record) == value)
        case Op.IS_NOT:
            return lambda record: bool(get(record) != value)
        case Op.IN:
            members = frozenset(value) if isinstance(value, tuple) else frozenset([value])
            return lambda record: get(record) in members
        case Op.NOT_IN:
            strangers = frozenset(value) if isinstance(value, tuple) else frozenset([value])
            return lambda record: get(record) not in strangers
        case Op.AT_LEAST:
            return lambda record: (have := get(record)) is not None and bool(have >= value)
        case Op.AT_MOST:
            return lambda record: (have := get(record)) is not None and bool(have <= value)
        case Op.CONTAINS:
            part = str(value).casefold()
            return lambda record: part in str(get(record) or "").casefold()
        case Op.KNOWN:
            return lambda record: (have := get(record)) is not None and have != ""
        case Op.UNKNOWN:
            return lambda record: (have := get(record)) is None or have == ""


def compile_all(conditions: Iterable[Condition]) -> Test:
    """One function that holds when every condition does (and for none of them, always)."""
    tests = tuple(compile_condition(condition) for condition in conditions)
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def compile_any(conditions: Iterable[Condition]) -> Test:
    """One function that holds when at least one condition does (and for none of them, never)."""
    tests = tuple(compile_condition(condition) for condition in conditions)
    if len(tests) == 1:
        return tests[0]
    return lambda record: any(test(record) for test in tests)
