"""Guessing the mapping from headers and values."""

from collections.abc import Sequence

import pytest

from huoju.acquire.imports.files import Column
from huoju.acquire.imports.suggestions import CERTAIN, OFFERED_FROM, Suggestion, suggest

from .target import FIELDS

VALUES = {
    "name": ["王小明", "李娜", "欧阳锋", "赵总"],
    "mobile": ["138 1234 5678", "+8613987654321", "13700001111", "13600002222"],
    "email": ["a@b.cn", "li.na@corp.com", "x@y.org", "z@z.cn"],
    "company_name": ["上海火炬科技有限公司", "北京烽火股份", "Acme Co., Ltd.", "清华大学"],
    "created": ["2018-02-26", "2018/3/1", "2018年4月5日", "2019-01-01 10:00"],
    "other": ["foo", "bar", "baz", "qux"],
}


def guess(**titles: str) -> dict[str, Suggestion]:
    """Suggestions by column for columns titled `titles[…]` with the values of that name."""
    columns = [
        Column(index, title or f"Column {index + 1}", title) for index, title in enumerate(titles.values())
    ]
    rows = [[VALUES.get(key, VALUES["other"])[place] for key in titles] for place in range(4)]
    return {found.column: found for found in suggest(columns, rows, FIELDS)}


@pytest.mark.parametrize(
    ("title", "values", "field"),
    [
        ("姓名", "name", "name"),
        ("*联系人姓名（必填）", "name", "name"),
        ("手机", "mobile", "mobile"),
        ("客户手机号码", "mobile", "mobile"),
        ("shouji", "mobile", "mobile"),
        ("Phone No.", "mobile", "mobile"),
        ("E-Mail", "email", "email"),
        ("youxiang", "email", "email"),
        ("公司名称", "company_name", "company_name"),
        ("所属公司", "company_name", "company_name"),
        ("gongsi", "company_name", "company_name"),
        ("Compnay", "company_name", "company_name"),
        ("创建时间", "created", "created"),
        ("chuangjianshijian", "created", "created"),
        ("客户编号", "other", "external_id"),
        ("规模", "other", "size"),
    ],
)
def test_headers(title: str, values: str, field: str) -> None:
    assert guess(**{values: title})[title].field == field


@pytest.mark.parametrize(
    ("values", "field"), [("mobile", "mobile"), ("email", "email"), ("company_name", "company_name")]
)
def test_values_alone(values: str, field: str) -> None:
    found = guess(**{values: ""})["Column 1"]
    assert (found.field, found.basis) == (field, "values")
    assert OFFERED_FROM <= found.confidence < CERTAIN


@pytest.mark.parametrize("title", ["备注", "x", "landing_page", "星座"])
def test_no_guess_is_better_than_a_bad_one(title: str) -> None:
    assert guess(other=title) == {}


def test_agreement_makes_sure_and_contradiction_makes_doubt() -> None:
    assert guess(mobile="手机")["手机"].confidence >= CERTAIN
    doubtful = guess(email="手机")["手机"]
    assert (doubtful.field, doubtful.basis, doubtful.confidence) == ("email", "values", 0.85)


def test_a_single_column_of_dates_is_the_first_date() -> None:
    assert guess(created="录入")["录入"] == Suggestion("录入", "created", OFFERED_FROM, "values")


def test_yes_and_no_are_no_company() -> None:
    columns = [Column(0, "has_company", "has_company")]
    assert suggest(columns, [["True"], ["False"], [""]], FIELDS) == []


def test_no_field_twice() -> None:
    found = guess(name="姓名", mobile="手机", email="邮箱", other="手机2")
    fields: Sequence[str] = [suggestion.field for suggestion in found.values()]
    assert len(fields) == len(set(fields))
    assert found["手机"].field == "mobile"


def test_order_of_columns_does_not_matter() -> None:
    one = guess(name="姓名", mobile="手机", email="邮箱")
    other = guess(email="邮箱", name="姓名", mobile="手机")
    assert {column: found.field for column, found in one.items()} == {
        column: found.field for column, found in other.items()
    }
