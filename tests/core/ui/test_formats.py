"""Numbers, money, times, masks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.core.ui import formats

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0, None, "0"),
        (1234567, None, "1,234,567"),
        (1234.5, None, "1,234.5"),
        (Decimal("1234.50"), None, "1,234.5"),
        (Decimal("1E+3"), None, "1,000"),
        (-1234, None, "-1,234"),
        (2.345, 2, "2.35"),
        (2, 2, "2.00"),
    ],
)
def test_number(value: Decimal, places: int | None, text: str) -> None:
    assert formats.number(value, places) == text


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (999, "999", "999"),
        (1000, "1,000", "1K"),
        (9999, "9,999", "10K"),
        (10000, "1万", "10K"),
        (12345678, "1,234.6万", "12.3M"),
        (100000000, "1亿", "100M"),
        (2500000000, "25亿", "2.5B"),
        (-35000, "-3.5万", "-35K"),
        (0.25, "0.3", "0.3"),
    ],
)
def test_compact_follows_the_language(value: float, chinese: str, english: str) -> None:
    assert formats.compact(value, "zh-hans") == chinese
    assert formats.compact(value, "en") == english


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1234, "CNY", "¥1,234"),
        (Decimal("1234.5"), "CNY", "¥1,234.50"),
        (Decimal("-0.5"), "USD", "-$0.50"),
        (1000, "CHF", "CHF 1,000"),
    ],
)
def test_money(amount: Decimal, currency: str, text: str) -> None:
    assert formats.money(amount, currency) == text


def test_compact_money() -> None:
    assert formats.compact_money(1284500, "CNY", "zh-hans") == "¥128.5万"
    assert formats.compact_money(-1284500, "USD", "en") == "-$1.3M"


def test_percent() -> None:
    assert formats.percent(0.1234) == "12.3%"
    assert formats.percent(Decimal("1"), 0) == "100%"


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (timedelta(seconds=-59), ("now", 0)),
        (timedelta(seconds=-60), ("minute", -1)),
        (timedelta(minutes=59, seconds=59), ("minute", 59)),
        (timedelta(hours=-23, minutes=-59), ("hour", -23)),
        (timedelta(days=1), ("day", 1)),
        (timedelta(days=-29, hours=-23), ("day", -29)),
        (timedelta(days=-30), ("date", 0)),
    ],
)
def test_relative(distance: timedelta, expected: tuple[str, int]) -> None:
    assert formats.relative(NOW + distance, NOW) == expected


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("", ""),
        ("+8613812345678", "138****5678"),
        ("13812345678", "138****5678"),
        ("+4915112345678", "+49151****5678"),
        ("12345", "****45"),
        ("123", "***"),
        ("zhang@example.com", "z***@example.com"),
        ("@example.com", "***@example.com"),
    ],
)
def test_mask(value: str, masked: str) -> None:
    assert formats.mask(value) == masked


@given(st.text(alphabet="0123456789", min_size=5, max_size=20))
def test_a_masked_phone_never_shows_all_digits(phone: str) -> None:
    assert sum(character.isdigit() for character in formats.mask(phone)) < len(phone)


@pytest.mark.parametrize(
    ("names", "values", "told"),
    [
        (("甲", "乙"), [("x", "y")], ("甲", "乙")),
        (("甲", "甲"), [("x", "x"), ("", "y"), ("上海", "北京")], ("甲 · 上海", "甲 · 北京")),
        (("甲", "甲"), [("x", "x"), ("", "y")], ("甲 · #7", "甲 · #9")),
        (("", "甲"), [], ("#7", "甲")),
    ],
)
def test_two_of_one_name_are_told_apart(
    names: tuple[str, str], values: list[tuple[str, str]], told: tuple[str, str]
) -> None:
    assert formats.told_apart(names, values, (7, 9)) == told
