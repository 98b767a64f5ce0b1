"""Amounts of money: a Decimal and a currency code, read from what people type and shown as readers expect.

Pure. Never a float: "1.5万" is 15000.00 to the cent.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from huoju.core.geo import COUNTRIES
from huoju.core.text import clean, simplify

DEFAULT_CURRENCY = "CNY"

# ISO 4217 currencies whose smallest unit is not a hundredth.
_DIGITS = {
    "BIF": 0,
    "CLP": 0,
    "DJF": 0,
    "GNF": 0,
    "ISK": 0,
    "JPY": 0,
    "KMF": 0,
    "KRW": 0,
    "PYG": 0,
    "RWF": 0,
    "UGX": 0,
    "VND": 0,
    "VUV": 0,
    "XAF": 0,
    "XOF": 0,
    "XPF": 0,
    "BHD": 3,
    "IQD": 3,
    "JOD": 3,
    "KWD": 3,
    "LYD": 3,
    "OMR": 3,
    "TND": 3,
}
_SIGNS = {
    "CNY": "¥",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "JP¥",
    "HKD": "HK$",
    "TWD": "NT$",
    "KRW": "₩",
    "INR": "₹",
}
_NAMES = {
    "¥": "CNY",
    "￥": "CNY",
    "rmb": "CNY",
    "cny": "CNY",
    "cn¥": "CNY",
    "人民币": "CNY",
    "元": "CNY",
    "圆": "CNY",
    "块": "CNY",
    "jp¥": "JPY",
    "日元": "JPY",
    "円": "JPY",
    "$": "USD",
    "us$": "USD",
    "美元": "USD",
    "美金": "USD",
    "€": "EUR",
    "欧元": "EUR",
    "£": "GBP",
    "英镑": "GBP",
    "hk$": "HKD",
    "港币": "HKD",
    "港元": "HKD",
    "nt$": "TWD",
    "新台币": "TWD",
    "台币": "TWD",
    "₩": "KRW",
    "韩元": "KRW",
    "s$": "SGD",
    "新元": "SGD",
    "新加坡元": "SGD",
    "a$": "AUD",
    "澳元": "AUD",
    "c$": "CAD",
    "加元": "CAD",
    "₹": "INR",
    "r$": "BRL",
    "雷亚尔": "BRL",
    "卢布": "RUB",
    "₽": "RUB",
    "瑞士法郎": "CHF",
}
_UNITS = {
    "": Decimal(1),
    "十": Decimal(10),
    "百": Decimal(100),
    "千": Decimal(1_000),
    "万": Decimal(10_000),
    "w": Decimal(10_000),
    "十万": Decimal(100_000),
    "百万": Decimal(1_000_000),
    "千万": Decimal(10_000_000),
    "亿": Decimal(100_000_000),
    "十亿": Decimal(1_000_000_000),
    "百亿": Decimal(10_000_000_000),
    "万亿": Decimal(1_000_000_000_000),
    "k": Decimal(1_000),
    "m": Decimal(1_000_000),
    "mn": Decimal(1_000_000),
    "mio": Decimal(1_000_000),
    "million": Decimal(1_000_000),
    "b": Decimal(1_000_000_000),
    "bn": Decimal(1_000_000_000),
    "billion": Decimal(1_000_000_000),
    "thousand": Decimal(1_000),
}
_LARGEST = Decimal(10) ** 16


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in units of `currency` (ISO 4217), rounded to what the currency has."""

    amount: Decimal
    currency: str = DEFAULT_CURRENCY


@cache
def currency_codes() -> frozenset[str]:
    """The currency codes in use in some country."""
    return frozenset(country.currency for country in COUNTRIES.values() if country.currency)


def currency_of(text: str) -> str | None:
    """The code of the currency that `text` names: "CNY", "rmb", "¥", "美元"; None if it names none."""
    name = simplify(clean(text)).lower().strip()
    if name in _NAMES:
        return _NAMES[name]
    return name.upper() if name.upper() in currency_codes() else None


def quantise(amount: Decimal, currency: str = DEFAULT_CURRENCY) -> Decimal:
    """`amount` rounded half up to the smallest unit of `currency`."""
    return amount.quantize(Decimal(1).scaleb(-_DIGITS.get(currency, 2)), ROUND_HALF_UP)


_AMOUNT = re.compile(
    r"(?P<open>\()?(?P<sign>[-−])?(?P<before>[^\d\s().,+-]{0,8})\s*(?P<sign2>[-−])?(?P<number>\d[\d.,'\s]*)"
    r"(?P<unit>万亿|十万|百万|千万|十亿|百亿|[十百千万亿]|thousand|million|billion|mn|mio|bn|[wkmb](?![a-z]))?\s*"
    r"(?P<after>[^\d\s().,+-]{0,8})(?P<close>\))?(?:整|正)?"
)


def parse_money(text: str, currency: str = DEFAULT_CURRENCY) -> Money | None:
    """The amount that `text` gives ("¥1,234.50", "1.5万", "１２，０００元", "USD 3.2k", "1.234,50 €", "(300)"), in the
    currency that it names, else in `currency`. None if it is no amount, or larger than 10¹⁶."""
    folded = simplify(clean(text)).lower().replace(" ", "")
    match = _AMOUNT.fullmatch(folded)
    if match is None or bool(match["open"]) != bool(match["close"]) or (match["sign"] and match["sign2"]):
        return None
    named = [_currency(word) for word in (match["before"], match["after"]) if word]
    if None in named or len(set(named)) > 1:
        return None
    number = _number(match["number"])
    if number is None:
        return None
    amount = number * _UNITS[match["unit"] or ""]
    if match["sign"] or match["sign2"] or match["open"]:
        amount = -amount
    code = named[0] if named else currency
    if code is None or abs(amount) > _LARGEST:
        return None
    return Money(quantise(amount, code), code)


def _currency(word: str) -> str | None:
    if word == "元整":
        return "CNY"
    if word.startswith("人民币"):
        return "CNY"
    return currency_of(word)


def _number(text: str) -> Decimal | None:
    """A number with thousands and decimal marks of either custom: 1,234.50 and 1.234,50 and 1'234.50."""
    text = text.replace("'", "").rstrip(".,")
    dot, comma = text.rfind("."), text.rfind(",")
    if dot >= 0 and comma >= 0:
        decimal = "." if dot > comma else ","
    elif comma >= 0:
        # A lone comma is a decimal mark only if it cannot separate thousands (12,5).
        decimal = "," if text.count(",") == 1 and len(text) - comma - 1 != 3 else ""
    else:
        decimal = "." if text.count(".") <= 1 else ""
    thousands = {".": ",", ",": "."}.get(decimal, ".," if not decimal else "")
    whole, _, fraction = text.partition(decimal) if decimal else (text, "", "")
    groups = re.split("[" + re.escape(thousands) + "]", whole)
    if any(len(group) != 3 for group in groups[1:]) and not (
        len(groups) > 1 and all(len(g) == 4 for g in groups[1:])
    ):
        return None  # Chinese bookkeeping also groups by four digits
    if not all(group.isdecimal() for group in groups) or not (fraction == "" or fraction.isdecimal()):
        return None
    return Decimal("".join(groups) + ("." + fraction if fraction else ""))


def format_money(money: Money, language: str, *, short: bool = False) -> str:
    """`money` for readers of `language`: "¥1,234.50". `short` for charts and headlines: 1.2 万 and 3.4 亿 in Chinese,
    1.2K, 3.4M, 5.6B in English; then without cents."""
    sign = "-" if money.amount < 0 else ""
    symbol = _SIGNS.get(money.currency, money.currency + " ")
    amount = abs(money.amount)
    if short:
        return f"{sign}{symbol}{short_number(amount, language)}"
    return f"{sign}{symbol}{quantise(amount, money.currency):,}"


def short_number(value: Decimal | int, language: str) -> str:
    """`value` with three figures at most and the customary unit: 9,999 → "9,999"; 12,345 → "1.23万" or "12.3K"."""
    number = Decimal(value)
    units = _CHINESE_UNITS if language.startswith("zh") else _ENGLISH_UNITS
    if abs(number) >= 10_000:
        number = number.quantize(Decimal(1).scaleb(number.adjusted() - 2), ROUND_HALF_UP)
        for size, unit in units:
            if abs(number) >= size:
                text = f"{(number / size):,f}"
                return (text.rstrip("0").rstrip(".") if "." in text else text) + unit
    return f"{number.quantize(Decimal(1), ROUND_HALF_UP):,}"


_CHINESE_UNITS = ((Decimal(10) ** 8, "亿"), (Decimal(10) ** 4, "万"))
_ENGLISH_UNITS = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "K"))
