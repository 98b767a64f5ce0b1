"""Industries and company sizes: the codes that Huoju keeps, and the many ways in which people write them."""

import csv
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from huoju.core.text import clean, simplify


@dataclass(frozen=True, slots=True)
class Industry:
    """An industry (行业): its code, its names, and words that mean it."""

    code: str
    name_zh: str
    name_en: str
    words: tuple[str, ...]

    def name(self, language: str) -> str:
        """The name in `language`."""
        return self.name_zh if language.startswith("zh") else self.name_en


_LONGEST_INPUT = 200
_DATA = Path(__file__).parent.parent / "data"


def _read_industries() -> dict[str, Industry]:
    with (_DATA / "industries.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Industry(row["code"], row["name_zh"], row["name_en"], tuple(row["words"].split("|")))
            for row in csv.DictReader(file)
        }


INDUSTRIES: dict[str, Industry] = _read_industries()
"""Every industry by its code, in the order in which they are offered."""


@cache
def _exact_industries() -> dict[str, str]:
    names: dict[str, str] = {}
    for industry in INDUSTRIES.values():
        for name in (industry.code, industry.name_zh, industry.name_en.lower(), *industry.words):
            names.setdefault(name, industry.code)
            names.setdefault(name + "业", industry.code)
            names.setdefault(name + "行业", industry.code)
    return names


@cache
def _industry_words() -> list[tuple[str, str]]:
    """Chinese words that may stand inside a longer text."""
    words = [
        (word, industry.code)
        for industry in INDUSTRIES.values()
        for word in industry.words
        if not word.isascii()
    ]
    return sorted(words, key=lambda item: -len(item[0]))


def industry_of(text: str) -> str:
    """The code of the industry that `text` names ("金融/银行", "软件和信息技术服务业", "Banking"), or
    empty."""
    return _industry(text[:_LONGEST_INPUT])


@lru_cache(maxsize=8192)
def _industry(text: str) -> str:
    text = simplify(clean(text)).lower()
    if not text:
        return ""
    exact = _exact_industries()
    if (code := exact.get(text)) is not None:
        return code
    parts = [part.strip() for part in re.split(r"[/、,;|>\-&]|\band\b", text)]
    # The last part is the most precise: 金融/银行.
    for part in reversed(parts):
        if (code := exact.get(part)) is not None and code != "other":
            return code
    inside = [
        (-len(word), text.index(word), code)
        for word, code in _industry_words()
        if word in text and code != "other"
    ]
    if inside:
        return min(inside)[2]  # the longest word, and of those the first in the text
    for word in text.split():
        if (code := exact.get(word.strip("()."))) is not None and len(word) > 2 and code != "other":
            return code
    return ""


class SizeBand(StrEnum):
    """Employees of a company, in the bands that forms offer."""

    UP_TO_19 = "1-19"
    UP_TO_99 = "20-99"
    UP_TO_499 = "100-499"
    UP_TO_999 = "500-999"
    UP_TO_4999 = "1000-4999"
    FROM_5000 = "5000+"


SIZE_FLOORS: dict[SizeBand, int] = {
    SizeBand.UP_TO_19: 1,
    SizeBand.UP_TO_99: 20,
    SizeBand.UP_TO_499: 100,
    SizeBand.UP_TO_999: 500,
    SizeBand.UP_TO_4999: 1000,
    SizeBand.FROM_5000: 5000,
}
"""The fewest employees of each band."""

_NUMBER = re.compile(r"(\d+(?:[.,]\d+)*)\s*(万|千|k|w)?")
_BELOW = re.compile(r"以下|以内|不足|少于|小于|less|under|below|fewer|<|≤|up to")
_ABOVE = re.compile(r"以上|超过|多于|大于|more than|over|above|>|≥|\+|plus")
_UNITS = {"万": 10_000, "w": 10_000, "千": 1_000, "k": 1_000, None: 1}
_SIZE_WORDS = {
    "微型": SizeBand.UP_TO_19,
    "小型": SizeBand.UP_TO_99,
    "中型": SizeBand.UP_TO_499,
    "大型": SizeBand.UP_TO_4999,
    "超大型": SizeBand.FROM_5000,
    "small": SizeBand.UP_TO_99,
    "medium": SizeBand.UP_TO_499,
    "large": SizeBand.UP_TO_4999,
    "enterprise": SizeBand.FROM_5000,
}


def band_for(employees: int) -> SizeBand | None:
    """The band of a number of employees (None below one)."""
    found = None
    for band, floor in SIZE_FLOORS.items():
        if employees >= floor:
            found = band
    return found


def size_of(text: str) -> SizeBand | None:
    """The band that `text` names: "100-499人", "约300人", "500+", "1000人以上", "少于20人", "2万人",
    "中型企业". A range that is not one of ours goes to the band of its geometric middle."""
    return _size(text[:_LONGEST_INPUT])


@lru_cache(maxsize=4096)
def _size(text: str) -> SizeBand | None:
    text = clean(text).lower()
    if not text:
        return None
    numbers = [_employees(match) for match in _NUMBER.finditer(text)]
    if not numbers:
        return next(
            (band for word, band in sorted(_SIZE_WORDS.items(), key=lambda w: -len(w[0])) if word in text),
            None,
        )
    if len(numbers) > 1:
        low, high = sorted(numbers[:2])
        if (band := band_for(low)) is not None and band is band_for(max(high - 1, low)):
            return band
        return band_for(int((low * high) ** 0.5))
    number = numbers[0]
    if _BELOW.search(text) is not None:
        return band_for(max(number - 1, 1))
    if _ABOVE.search(text) is not None:
        return band_for(number)
    return band_for(number)


def _employees(match: re.Match[str]) -> int:
    return int(float(match[1].replace(",", "")) * _UNITS[match[2]])
