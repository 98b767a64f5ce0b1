"""Numbers, money and times as people read them. Pure: the locale and the time are arguments.

Chinese groups large numbers by ten thousands (万, 亿), English by thousands (K, M, B). Charts use the same units: see
`static/ui/charts.js`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "HKD": "HK$", "SGD": "S$"}
_CHINESE = ((Decimal(10) ** 8, "亿"), (Decimal(10) ** 4, "万"))
_ENGLISH = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "K"))

type Figure = int | float | Decimal


def _decimal(value: Figure) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def is_chinese(language: str) -> bool:
    """Whether `language` (a code such as `zh-hans`) counts by 万."""
    return language.lower().startswith("zh")


def number(value: Figure, places: int | None = None) -> str:
    """`1234567.5` as `1,234,567.5`; `places` fixes the decimals, None keeps what is there without trailing zeros."""
    exact = _decimal(value)
    if places is not None:
        return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,}"
    text = f"{exact:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def compact(value: Figure, language: str) -> str:
    """A large number in one short word: 12,345,678 is `1234.6万` in Chinese and `12.3M` in English."""
    exact = _decimal(value)
    for size, unit in _CHINESE if is_chinese(language) else _ENGLISH:
        # From 0.99995 of a unit on the rounded figure would read 10,000 of the smaller one.
        if abs(exact) >= size:
            return number((exact / size).quantize(Decimal("0.1"), ROUND_HALF_UP)) + unit
    return number(exact.quantize(Decimal("0.1"), ROUND_HALF_UP))


def money(amount: Figure, currency: str, places: int | None = None) -> str:
    """`1234.5`, `CNY` as `¥1,234.50`; whole amounts lose their `.00` unless `places` says otherwise."""
    exact = _decimal(amount)
    if places is None:
        places = 0 if exact == exact.to_integral_value() else 2
    sign = "-" if exact < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{number(abs(exact), places)}"


def compact_money(amount: Figure, currency: str, language: str) -> str:
    """Money for headline figures and charts: `¥128万`, `$1.3M`."""
    exact = _decimal(amount)
    sign = "-" if exact < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{compact(abs(exact), language)}"


def percent(share: Figure, places: int = 1) -> str:
    """A share of 1 as `12.3%`."""
    return f"{number(_decimal(share) * 100, places)}%"


def relative(moment: datetime, now: datetime) -> tuple[str, int]:
    """How far `moment` lies from `now`: a unit (`now`, `minute`, `hour`, `day`) and a signed count, past negative.

    Beyond 30 days the unit is `date`: an absolute date says more than "94 days ago".
    """
    distance = moment - now
    sign = -1 if distance < timedelta(0) else 1
    seconds = abs(distance).total_seconds()
    if seconds < 60:
        return "now", 0
    if seconds < 3600:
        return "minute", sign * int(seconds // 60)
    if seconds < 86400:
        return "hour", sign * int(seconds // 3600)
    if seconds < 30 * 86400:
        return "day", sign * int(seconds // 86400)
    return "date", 0


def told_apart(
    names: tuple[str, str], values: Iterable[tuple[str, str]], numbers: tuple[int, int]
) -> tuple[str, str]:
    """What two records are called beside each other: by name, where that is the same by the first of `values` in which
    they differ as well, and where there is none by number."""
    left, right = (name or f"#{number}" for name, number in zip(names, numbers, strict=True))
    if left != right:
        return left, right
    differing = ((one, other) for one, other in values if one and other and one != other)
    first = next(differing, (f"#{numbers[0]}", f"#{numbers[1]}"))
    return f"{left} · {first[0]}", f"{right} · {first[1]}"


def mask(value: str) -> str:
    """A phone or mail address with its middle hidden: `138****5678`, `z***@example.com`; empty stays empty."""
    if "@" in value:
        name, _, domain = value.partition("@")
        return f"{name[:1]}***@{domain}"
    # A Chinese mobile is read without its country code.
    value = value.removeprefix("+86") if len(value) == len("+8613800000000") else value
    if len(value) <= 4:
        return "*" * len(value)
    keep = 4 if len(value) >= 8 else 2
    head = max(0, len(value) - keep - 4)
    return f"{value[:head]}****{value[-keep:]}"
