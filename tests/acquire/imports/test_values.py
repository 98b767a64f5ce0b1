"""Cells to values."""

from contextlib import suppress
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.acquire.imports.dates import DateOrder
from huoju.acquire.imports.registry import Choice, Kind, Value
from huoju.acquire.imports.values import BadValueError, Reader, clean_text, read_amount, reader_for
from huoju.core.export import defuse

SIZES = (Choice("small", "Small", ("1-50人", "少于50人")), Choice("large", "Large", ("50人以上",)))


def reader(kind: Kind) -> Reader:
    return reader_for(kind, zone=ZoneInfo("UTC"), order=DateOrder.DAY_FIRST, decimal="auto", choices=SIZES)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.TEXT, "王小明 😀", "王小明 😀"),
        (Kind.TEXT, "NULL", None),
        (Kind.TEXT, "#N/A", None),
        (Kind.TEXT, "-", "-"),
        (Kind.PHONE, "138 1234 5678", "138 1234 5678"),
        (Kind.PHONE, "13812345678.0", "13812345678"),
        (Kind.PHONE, "1.3812345678E+10", "13812345678"),
        (Kind.PHONE, "8.613812345678e12", "8613812345678"),
        (Kind.PHONE, "无", None),
        (Kind.EMAIL, "mailto:a@b.cn", "a@b.cn"),
        (Kind.EMAIL, "N/A", None),
        (Kind.EXTERNAL_ID, "00042", "00042"),
        (Kind.EXTERNAL_ID, "42.0", "42"),
        (Kind.INT, "1,234", 1234),
        (Kind.INT, "12.0", 12),
        (Kind.INT, "-", None),
        (Kind.MONEY, "12", Decimal(12)),
        (Kind.CHOICE, "１-50人", "small"),
        (Kind.CHOICE, "LARGE", "large"),
        (Kind.CHOICE, "/", None),
    ],
)
def test_values(kind: Kind, text: str, value: Value) -> None:
    assert reader(kind)(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (Kind.PHONE, "1.38E+10", "shortened_number"),
        (Kind.EXTERNAL_ID, "4.2E+15", "shortened_number"),
        (Kind.PHONE, "1" * 300, "too_long"),
        (Kind.TEXT, "x" * 10_001, "too_long"),
        (Kind.INT, "12.5", "not_a_number"),
        (Kind.INT, "many", "not_a_number"),
        (Kind.MONEY, "about 5", "not_an_amount"),
        (Kind.MONEY, "1e99", "not_an_amount"),
        (Kind.MONEY, "nan", None),
        (Kind.CHOICE, "huge", "not_a_choice"),
        (Kind.DATE, "2018-02-30", "no_such_day"),
    ],
)
def test_bad_values(kind: Kind, text: str, code: str | None) -> None:
    if code is None:
        assert reader(kind)(text) is None
        return
    with pytest.raises(BadValueError) as caught:
        reader(kind)(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "decimal", "amount"),
    [
        ("1234.5", "auto", "1234.5"),
        ("1,234.50", "auto", "1234.50"),
        ("1.234,50", "auto", "1234.50"),
        ("1,234", "auto", "1234"),
        ("1234,50", "auto", "1234.50"),
        ("1.234.567", "auto", "1234567"),
        ("1.234", ",", "1234"),
        ("1,234", ",", "1.234"),
        ("¥1,234.50", "auto", "1234.50"),
        ("￥ 1，234", "auto", "1234"),
        ("1234元", "auto", "1234"),
        ("12.5万", "auto", "125000.0"),
        ("1.2亿元", "auto", "120000000.0"),
        ("CNY 300", "auto", "300"),
        ("(300)", "auto", "-300"),
        ("-300.00", "auto", "-300.00"),
        ("１２３", "auto", "123"),
    ],
)
def test_amounts(text: str, decimal: str, amount: str) -> None:
    assert read_amount(text, decimal) == Decimal(amount)


@pytest.mark.parametrize("text", ["1.2.3,4,5", "12-5", "--5", "1e", "∞", "5 apples", "()", ",", "."])
def test_not_amounts(text: str) -> None:
    with pytest.raises(BadValueError):
        read_amount(text)


@given(st.decimals(-(10**12), 10**12, places=2))
def test_amounts_read_back(amount: Decimal) -> None:
    assert read_amount(f"{amount:f}") == amount
    assert read_amount(f"¥{amount:,}") == amount


@given(st.text(max_size=60))
def test_amounts_never_crash(text: str) -> None:
    with suppress(BadValueError):
        assert read_amount(text).is_finite()


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  王\u3000", "王"),
        ("\u200b王\ufeff", "王"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("a\nb", "a\nb"),
        ("'=1+1", "=1+1"),
        ("'+8613812345678", "+8613812345678"),
        ("'quoted'", "'quoted'"),
        ("\u202eevil", "evil"),
    ],
)
def test_clean_text(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"]), min_size=1)
)
def test_our_own_escape_comes_off(text: str) -> None:
    assert clean_text(defuse(text)) == text
