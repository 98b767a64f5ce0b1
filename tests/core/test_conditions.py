"""Conditions over fields."""

from dataclasses import dataclass

import pytest

from huoju.core.conditions import (
    Condition,
    Op,
    Value,
    compile_all,
    compile_any,
    compile_condition,
    condition_from_json,
    record_fields,
    validate,
)


@dataclass
class Record:
    text: str = ""
    number: int | None = None
    yes: bool = False


@pytest.mark.parametrize(
    ("field", "op", "value", "record", "holds"),
    [
        ("text", Op.IS, "a", Record("a"), True),
        ("text", Op.IS, "a", Record("b"), False),
        ("text", Op.IS, "a", Record(), False),
        ("text", Op.IS_NOT, "a", Record("b"), True),
        ("text", Op.IS_NOT, "a", Record(), True),
        ("text", Op.IS_NOT, "a", Record("a"), False),
        ("yes", Op.IS, True, Record(yes=True), True),
        ("text", Op.IN, ("a", "b"), Record("b"), True),
        ("text", Op.IN, ("a", "b"), Record("c"), False),
        ("text", Op.IN, ("a", "b"), Record(), False),
        ("text", Op.NOT_IN, ("a", "b"), Record("c"), True),
        ("text", Op.NOT_IN, ("a", "b"), Record(), True),
        ("text", Op.NOT_IN, ("a", "b"), Record("a"), False),
        ("number", Op.AT_LEAST, 5, Record(number=5), True),
        ("number", Op.AT_LEAST, 5, Record(number=4), False),
        ("number", Op.AT_LEAST, 5, Record(), False),
        ("number", Op.AT_MOST, 5, Record(number=5), True),
        ("number", Op.AT_MOST, 5, Record(number=6), False),
        ("number", Op.AT_MOST, 5, Record(), False),
        ("text", Op.CONTAINS, "总监", Record("技术总监"), True),
        ("text", Op.CONTAINS, "CTO", Record("the cto"), True),
        ("text", Op.CONTAINS, "x", Record(), False),
        ("text", Op.KNOWN, None, Record("a"), True),
        ("text", Op.KNOWN, None, Record(), False),
        ("number", Op.KNOWN, None, Record(number=0), True),
        ("number", Op.KNOWN, None, Record(), False),
        ("text", Op.UNKNOWN, None, Record(), True),
        ("text", Op.UNKNOWN, None, Record("a"), False),
    ],
)
def test_a_condition_holds_or_not(field: str, op: Op, value: Value, record: Record, holds: bool) -> None:
    assert compile_condition(Condition(field, op, value))(record) is holds


def test_all_and_any() -> None:
    both = (Condition("text", Op.IS, "a"), Condition("number", Op.IS, 1))
    assert [compile_all(both)(r) for r in (Record("a", 1), Record("a", 2), Record("b", 2))] == [
        True,
        False,
        False,
    ]
    assert [compile_any(both)(r) for r in (Record("a", 1), Record("a", 2), Record("b", 2))] == [
        True,
        True,
        False,
    ]
    assert compile_all(())(Record()) is True
    assert compile_any(())(Record()) is False


@pytest.mark.parametrize(
    "condition",
    [
        Condition("text", Op.IN, ("a", "b")),
        Condition("number", Op.AT_LEAST, 3),
        Condition("yes", Op.IS, False),
        Condition("text", Op.KNOWN),
    ],
)
def test_a_condition_survives_its_row(condition: Condition) -> None:
    assert condition_from_json(condition.as_json()) == condition


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({}, "a condition needs a field"),
        ({"field": "text", "op": "like"}, "unknown comparison 'like'"),
        ({"field": "text", "op": "in", "value": [1]}, "a list of values may hold only text"),
        ({"field": "text", "op": "is", "value": {}}, "unsupported value {}"),
    ],
)
def test_a_malformed_row_is_refused(row: dict[str, object], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        condition_from_json(row)


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        (Condition("nothing", Op.KNOWN), "unknown field 'nothing'"),
        (Condition("text", Op.KNOWN, "a"), "text: “is known” takes no value"),
        (Condition("text", Op.IN, "a"), "text: “is one of” needs a list of values"),
        (Condition("text", Op.IN, ()), "text: “is one of” needs a list of values"),
        (Condition("number", Op.AT_LEAST, "5"), "number: “is at least” needs a number"),
        (Condition("number", Op.AT_MOST, True), "number: “is at most” needs a number"),
        (Condition("text", Op.CONTAINS, ""), "text: “contains” needs text"),
        (Condition("text", Op.IS), "text: “is” needs one value"),
    ],
)
def test_what_makes_no_sense_is_named(condition: Condition, error: str) -> None:
    assert validate([condition], record_fields(Record)) == [error]


def test_sense_is_not_complained_about() -> None:
    good = [
        Condition("text", Op.IN, ("a",)),
        Condition("number", Op.AT_LEAST, 1.5),
        Condition("yes", Op.IS, True),
    ]
    assert validate(good, record_fields(Record)) == []


def test_fields_are_those_of_a_dataclass() -> None:
    with pytest.raises(TypeError):
        record_fields(int)
