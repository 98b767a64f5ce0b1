"""The mapping file: what it says, and how it says what is wrong with it."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.acquire.imports.dates import DateOrder
from huoju.acquire.imports.files import Column, ReadOptions
from huoju.acquire.imports.mapping import (
    ColumnRule,
    Mapping,
    MappingError,
    Otherwise,
    signature,
)
from huoju.acquire.imports.reasons import reason_text
from huoju.acquire.imports.registry import MatchOn, Mode, OnBadValue, Options, Reason
from huoju.acquire.imports.rowmapper import RowMapper, decide_dates

from .target import FIELDS, ThingTarget

ZONE = ZoneInfo("Asia/Shanghai")
TARGET = ThingTarget()
FULL = {
    "version": 1,
    "target": "things",
    "options": {
        "mode": "history",
        "match_on": "external_id",
        "create_unknown_owners": True,
        "source_system": "olist",
        "on_bad_value": "blank",
    },
    "file": {"encoding": "gb18030", "delimiter": ";", "header_row": 2},
    "columns": [
        {"field": "external_id", "from": "编号"},
        {"field": "name", "from": ["姓", "名"], "join": ""},
        {"field": "created", "from": "日期", "date": "mdy"},
        {"field": "amount", "from": "金额", "decimal": ",", "default": "0"},
        {"field": "company_name", "constant": "Olist"},
        {"field": "size", "from": "规模", "otherwise": "reject", "values": {"": "s", "大型": "l"}},
        {"field": "email", "from": "邮箱", "optional": True},
    ],
}


def columns(*names: str) -> list[Column]:
    return [Column(index, name, name) for index, name in enumerate(names)]


def problems(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(MappingError) as caught:
        Mapping.parse(data, TARGET)
    assert str(caught.value)
    return [(problem.path, problem.code) for problem in caught.value.problems]


def mapper(rules: Sequence[dict[str, Any]], names: Sequence[str], **options: Any) -> RowMapper:
    mapping = Mapping.parse({"version": 1, "columns": rules, "options": options}, TARGET)
    return RowMapper(mapping, columns(*names), TARGET, ZONE)


def test_everything_is_read() -> None:
    mapping = Mapping.parse(FULL, TARGET)
    assert mapping.options == Options(Mode.HISTORY, MatchOn.EXTERNAL_ID, True, "olist", OnBadValue.BLANK)
    assert mapping.file == ReadOptions("gb18030", ";", None, 2)
    assert mapping.columns[1] == ColumnRule("name", ("姓", "名"), join="")
    assert mapping.columns[2].date is DateOrder.MONTH_FIRST
    assert mapping.columns[4] == ColumnRule("company_name", constant="Olist")
    assert mapping.columns[5].otherwise is Otherwise.REJECT


def test_json_form_is_the_same_mapping() -> None:
    mapping = Mapping.parse(FULL, TARGET)
    assert mapping.to_json() == FULL
    assert Mapping.parse(mapping.to_json(), TARGET) == mapping


NAME = {"field": "name", "from": "x"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("{", [("", "not_json")]),
        ([], [("", "not_an_object")]),
        ({"version": 2, "columns": [NAME]}, [("version", "version")]),
        ({"version": 1, "columns": [NAME], "colums": []}, [("", "unknown_key")]),
        ({"version": 1, "target": "leads", "columns": [NAME]}, [("target", "other_target")]),
        ({"version": 1}, [("columns", "wrong_type")]),
        ({"version": 1, "columns": []}, [("columns", "no_columns"), ("columns", "needs_field")]),
        ({"version": 1, "columns": [{"field": "email", "from": "x"}]}, [("columns", "needs_field")]),
        (
            {"version": 1, "columns": [{"from": "x"}, 7]},
            [("columns[0]", "missing_key"), ("columns[1]", "not_an_object")],
        ),
        (
            {"version": 1, "columns": [{"field": "nmae", "from": "x"}]},
            [("columns[0].field", "unknown_field")],
        ),
        ({"version": 1, "columns": [NAME, NAME]}, [("columns[1]", "field_twice")]),
        ({"version": 1, "columns": [{"field": "name"}]}, [("columns[0]", "from_or_constant")]),
        ({"version": 1, "columns": [{**NAME, "constant": "y"}]}, [("columns[0]", "from_or_constant")]),
        ({"version": 1, "columns": [{"field": "name", "from": 7}]}, [("columns[0].from", "wrong_type")]),
        ({"version": 1, "columns": [{**NAME, "values": []}]}, [("columns[0].values", "wrong_type")]),
        (
            {"version": 1, "columns": [{**NAME, "otherwise": "drop"}]},
            [("columns[0].otherwise", "not_one_of")],
        ),
        ({"version": 1, "columns": [{**NAME, "date": "ydm"}]}, [("columns[0].date", "not_one_of")]),
        ({"version": 1, "columns": [{**NAME, "decimal": "'"}]}, [("columns[0].decimal", "not_one_of")]),
        (
            {"version": 1, "columns": [NAME], "options": {"mode": "old", "create_unknown_owners": 1}},
            [("options.create_unknown_owners", "wrong_type"), ("options.mode", "not_one_of")],
        ),
        (
            {"version": 1, "columns": [NAME], "options": {"match_on": "external_id"}},
            [("options.source_system", "needs_source_system"), ("columns", "needs_field")],
        ),
        ({"version": 1, "columns": [NAME], "file": {"delimiter": "ab"}}, [("file.delimiter", "wrong_type")]),
        ({"version": 1, "columns": [NAME], "file": {"header_row": -1}}, [("file.header_row", "wrong_type")]),
    ],
)
def test_mistakes_are_told_with_their_place(data: Any, expected: list[tuple[str, str]]) -> None:
    assert problems(data) == expected


def test_unknown_field_comes_with_a_guess() -> None:
    with pytest.raises(MappingError, match=r"columns\[0\]\.field: .*nmae.*name"):
        Mapping.parse({"version": 1, "columns": [{"field": "nmae", "from": "x"}]}, TARGET)


def test_missing_column_is_told_with_what_there_is() -> None:
    with pytest.raises(MappingError, match="no column “名字”; it has 姓名, 手机"):
        mapper([{"field": "name", "from": "名字"}], ["姓名", "手机"])


def test_optional_column_may_be_missing() -> None:
    rules: list[dict[str, Any]] = [NAME, {"field": "email", "from": "m", "optional": True}]
    assert mapper(rules, ["x"]).map(2, ["a"])[0].values == {"name": "a"}
    assert Mapping.parse({"version": 1, "columns": rules}, TARGET).fields(["x"]) == {"name"}


def test_constant_must_suit_its_field() -> None:
    with pytest.raises(MappingError, match=r"columns\[1\]\.constant"):
        mapper([NAME, {"field": "created", "constant": "2018-02-30"}], ["x"])


def test_rows() -> None:
    names = ["编号", "姓", "名", "日期", "金额", "规模"]
    rows = RowMapper(Mapping.parse(FULL, TARGET), columns(*names), TARGET, ZONE)
    row, bad = rows.map(7, ["00042", " 王 ", "小明", "02/26/2018", "1.234,5", "大型"])
    assert bad == []
    assert (row.row_no, row.warnings) == (7, [])
    assert row.values == {
        "external_id": "00042",
        "name": "王小明",
        "created": datetime(2018, 2, 26, tzinfo=ZONE),
        "amount": Decimal("1234.5"),
        "company_name": "Olist",
        "size": "l",
    }
    row, bad = rows.map(8, ["43", "李", "", "", "", ""])
    assert (row.values["name"], row.values["amount"], row.values["created"], row.values["size"]) == (
        "李",
        Decimal(0),
        None,
        "s",
    )


def test_header_names_are_compared_leniently() -> None:
    rows = mapper([{"field": "name", "from": "Full  Name"}], ["ｆｕｌｌ name"])
    assert rows.map(2, ["x"])[0].values == {"name": "x"}


def test_bad_values_reject_or_warn() -> None:
    rules = [NAME, {"field": "created", "from": "d"}]
    row, bad = mapper(rules, ["x", "d"]).map(2, ["王", "2018-02-30"])
    assert bad == [Reason("no_such_day", "created", {"value": "2018-02-30"})]
    assert reason_text(bad[0], TARGET).endswith("2018-02-30")
    row, bad = mapper(rules, ["x", "d"], on_bad_value="blank").map(2, ["王", "2018-02-30"])
    assert bad == []
    assert row.warnings == [Reason("no_such_day", "created", {"value": "2018-02-30"})]
    assert row.values["created"] is None


def test_missing_and_blank_rows() -> None:
    rows = mapper([NAME, {"field": "email", "from": "m"}], ["x", "m", "rest"])
    assert rows.map(2, ["", "a@b.cn", ""])[1] == [Reason("missing", "name")]
    assert rows.map(3, ["", "", "something"])[1] == [Reason("blank_row")]


def test_equal_cells_are_read_once() -> None:
    """They give the same object; bad ones are told each time; words for nothing do not make a row blank."""
    rules: list[dict[str, Any]] = [
        NAME,
        {"field": "email", "from": ["a", "b"], "join": "@"},
        {"field": "created", "from": "d"},
    ]
    rows = mapper(rules, ["x", "a", "b", "d"])
    one, two = (rows.map(no, [f" 王{'伟'} ", "a", "b.cn", ""])[0].values for no in (2, 3))
    assert one == two == {"name": "王伟", "email": "a@b.cn", "created": None}
    assert one["name"] is two["name"]
    assert [len(rows.map(no, ["王", "", "", "2018-02-30"])[1]) for no in (4, 5)] == [1, 1]
    assert rows.map(6, ["NULL", "", "", ""])[1] == [Reason("missing", "name")]


def test_value_table() -> None:
    rule = {"field": "name", "from": "x", "values": {"CN": "中国", "": "none"}}
    assert mapper([rule], ["x"]).map(2, ["cn"])[0].values == {"name": "中国"}
    assert mapper([rule], ["x"]).map(2, ["DE"])[0].values == {"name": "DE"}
    assert mapper([rule], ["x"]).map(2, [" "])[0].values == {"name": "none"}
    assert mapper([{**rule, "otherwise": "blank"}], ["x"]).map(2, ["DE"])[1] == [Reason("blank_row")]
    assert mapper([{**rule, "otherwise": "reject"}], ["x"]).map(2, ["DE"])[1] == [
        Reason("value_not_mapped", "name", {"value": "DE"})
    ]


def test_dates_are_decided_by_all_values() -> None:
    mapping = Mapping.parse({"version": 1, "columns": [NAME, {"field": "created", "from": "d"}]}, TARGET)
    rows = [["a", "01/02/2018"], ["b", "2018-03-04"], ["c", ""], ["d", "02/13/2018"]]
    evidence = decide_dates(mapping.open_dates(TARGET), columns("x", "d"), rows)
    assert evidence["created"].order() is DateOrder.MONTH_FIRST
    decided = mapping.with_dates({"created": evidence["created"].order()})
    assert decided.columns[1].date is DateOrder.MONTH_FIRST
    assert decided.open_dates(TARGET) == []


def test_signature_does_not_depend_on_the_order() -> None:
    assert signature(["姓名", " 手机 "]) == signature(["手机", "姓名"])
    assert signature(["姓名"]) != signature(["姓名", "手机"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["version", "columns", "options", "file", "field", "from", "constant", "values", "date"]),
        inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_no_json_crashes_the_parser(data: Any) -> None:
    with suppress(MappingError):
        Mapping.parse(data, TARGET)


def test_fields_are_distinct() -> None:
    assert len({field.key for field in FIELDS}) == len(FIELDS)
