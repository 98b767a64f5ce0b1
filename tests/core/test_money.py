"""Amounts of money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.core.money import Money, currency_of, format_money, parse_money, quantise, short_number


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("100", "100.00", "CNY"),
        ("¥1,234.50", "1234.50", "CNY"),
        ("￥1,234.5", "1234.50", "CNY"),
        ("１２，０００元", "12000.00", "CNY"),
        ("1.5万", "15000.00", "CNY"),
        ("20万元", "200000.00", "CNY"),
        ("3億", "300000000.00", "CNY"),
        ("200w", "2000000.00", "CNY"),
        ("人民币500元整", "500.00", "CNY"),
        ("RMB 5000", "5000.00", "CNY"),
        ("USD 3.2k", "3200.00", "USD"),
        ("$1.2M", "1200000.00", "USD"),
        ("100美元", "100.00", "USD"),
        ("1.234,50 €", "1234.50", "EUR"),
        ("1'234.50", "1234.50", "CNY"),
        ("1,2345,6789.00", "123456789.00", "CNY"),
        ("12,5", "12.50", "CNY"),
        ("1,234", "1234.00", "CNY"),
        ("-¥20", "-20.00", "CNY"),
        ("¥-20", "-20.00", "CNY"),
        ("(300)", "-300.00", "CNY"),
        ("JP¥1,000.5", "1001", "JPY"),
        ("R$ 10,50", "10.50", "BRL"),
        (" 5 000 ", "5000.00", "CNY"),
    ],
)
def test_amounts_are_read_as_written(text: str, amount: str, currency: str) -> None:
    assert parse_money(text) == Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "1.2.3",
        "1e5",
        "100元/年",
        "1,234,56",
        "(100",
        "¥100$",
        "三万",
        "NaN",
        "Infinity",
        "9" * 20,
        "¥",
        "--5",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    assert parse_money(text) is None


def test_a_bare_number_is_in_the_currency_asked_for() -> None:
    assert parse_money("12.345", "USD") == Money(Decimal("12.35"), "USD")
    assert parse_money("12.5", "KWD") == Money(Decimal("12.500"), "KWD")


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2), st.sampled_from(["CNY", "USD", "EUR"]))
def test_what_we_show_can_be_read_back(amount: Decimal, currency: str) -> None:
    shown = format_money(Money(amount, currency), "zh-hans")
    assert parse_money(shown) == Money(amount, currency)


def test_currencies_by_code_sign_and_name() -> None:
    assert [currency_of(t) for t in ("cny", "¥", "人民币", "美元", "HK$", "eur", "xyz", "")] == [
        "CNY", "CNY", "CNY", "USD", "HKD", "EUR", None, None,
    ]  # fmt: skip


def test_rounding_is_half_up_to_the_unit_of_the_currency() -> None:
    assert quantise(Decimal("0.125")) == Decimal("0.13")
    assert quantise(Decimal("0.5"), "JPY") == Decimal("1")


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        ("0", "0", "0"),
        ("9999", "9,999", "9,999"),
        ("10000", "1万", "10K"),
        ("12345", "1.23万", "12.3K"),
        ("123456", "12.3万", "123K"),
        ("1234567", "123万", "1.23M"),
        ("99999999", "1亿", "100M"),
        ("1234567890", "12.3亿", "1.23B"),
        ("-123456", "-12.3万", "-123K"),
    ],
)
def test_short_numbers_use_the_units_of_the_language(value: str, chinese: str, english: str) -> None:
    assert short_number(Decimal(value), "zh-hans") == chinese
    assert short_number(Decimal(value), "en") == english


def test_money_is_shown_with_its_sign() -> None:
    assert format_money(Money(Decimal("1234.5")), "en") == "¥1,234.50"
    assert format_money(Money(Decimal("-1234.5"), "JPY"), "en") == "-JP¥1,235"
    assert format_money(Money(Decimal("5"), "CHF"), "en") == "CHF 5.00"
    assert format_money(Money(Decimal("1234567")), "zh-hans", short=True) == "¥123万"
