"""Brands: the word by which people call a company (简称, 字号), cut out of its full name.

A Chinese company is registered as region + brand + trade + legal form, and branches, zones and brackets stand between
them: 张家港保税区 | 博美特 | 电气 国际贸易 | 有限公司. So the places in front are taken off, and of what is left the
shortest beginning is the brand behind which only words of trade, places and legal forms follow. A name without a
brand of its own (广州国际货运公司) has none.

Not called while rows come in: whoever needs brands computes them afterwards.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from huoju.core.geo import REGIONS, districts
from huoju.core.text import clean, has_han, simplify

_DATA = Path(__file__).parent.parent / "data"
_LONGEST_INPUT = 200
_LEAST = 2
"""Characters of a brand; one alone is nobody's name."""

_BRACKETS = str.maketrans("[]{}【】〔〕<>《》（）", "()" * 7)
_BRACKETED = re.compile(r"\([^()]*\)?")
_NOT_WORDS = re.compile(r"[\W_]+")
_RANKS = (
    "特别行政区",
    "自治区",
    "自治州",
    "自治县",
    "自治旗",
    "地区",
    "省",
    "市",
    "州",
    "盟",
    "区",
    "县",
    "旗",
)
_ZONE = re.compile(
    r"(?:国家级?|自由|综合|出口|经济|技术|高新|高新技术|产业|科技|工业|保税|贸易|试验|示范|加工|开发|火炬)*"
    r"(?:开发区|保税区|保税港区|高新区|经开区|自贸区|试验区|示范区|加工区|工业区|工业园区|产业园区|科技园区|园区|特区|新区|新城|"
    r"工业园|产业园|科技园|软件园)"
)
_TOWN = re.compile(
    r"[一-鿿]{2}(?:镇|乡|街道)(?=[一-鿿]{3})|[一-鿿]{1,3}?(?<![小社校园])(?:自治县|区|县)(?=[一-鿿]{2})"
)
_ORDINAL = re.compile(r"第[一二三四五六七八九十\d]+")
_LANDSCAPE = frozenset("山湖河寺桥")
_LAST_ONLY = frozenset("店厂部坊馆行站场社铺院所处队屋吧堂")
_LATIN_TAIL = re.compile(
    r"(?:[\s,.]+(?:and|co|company|corp|corporation|inc|incorporated|ltd|limited|llc|llp|lp|plc|gmbh|ag|kg|se|sa|sas|"
    r"sarl|srl|spa|bv|nv|oy|ab|as|aps|kk|pty|pte|pvt|bhd|sdn|kft|sro|doo|group|holdings?|international|global|china|"
    r"technolog(?:y|ies)|tech|software|systems?|solutions?|services?|consulting|trading|industr(?:y|ies|ial)|"
    r"electronics?|network|information|digital|data|science)\b\.?)+$"
)


@dataclass(frozen=True, slots=True)
class NameParts:
    """What a full name is made of, simplified and in lower case; each may be empty.

    `region` is the code (GB/T 2260) of the most precise province or city that leads the name, `trade` what stands
    behind the brand: words of trade with the legal form.
    """

    brand: str
    region: str = ""
    trade: str = ""


def brand_of(name: str) -> str:
    """The brand in a company's full name (火炬 for 北京火炬科技有限公司), simplified and in lower case; empty where the
    name has none."""
    return _parts(name[:_LONGEST_INPUT]).brand


def parts_of(name: str) -> NameParts:
    """The region, brand and trade that a company's full name tells."""
    return _parts(name[:_LONGEST_INPUT])


@lru_cache(maxsize=16384)
def _parts(name: str) -> NameParts:
    text = simplify(clean(name)).casefold().translate(_BRACKETS)
    if not has_han(text):
        bare = _LATIN_TAIL.sub("", text.removeprefix("the ").replace("&", " and ")).strip(" .,")
        brand = _NOT_WORDS.sub(" ", bare).strip()
        return NameParts(brand, trade=text[len(bare) :] if text.startswith(bare) else "")
    region, rest = _without_places(_NOT_WORDS.sub("", _BRACKETED.sub("", text)))
    end = _brand_end(rest)
    brand = rest[:end]
    return NameParts("" if brand in ("中国", "中华", "全国") else brand, region, rest[end:])


def _brand_end(text: str) -> int:
    """Where the brand ends: the first place from which on all is words of trade, places and forms; 0 if all is."""
    words, longest = _tail_words()
    size = len(text)
    sound = [False] * size + [True]
    for start in range(size - 1, -1, -1):
        if text[start] in _LAST_ONLY and start == size - 1:
            sound[start] = True
            continue
        for end in range(start + 2, min(start + longest, size) + 1):
            if sound[end] and text[start:end] in words:
                sound[start] = True
                break
        else:
            if (number := _ORDINAL.match(text, start)) is not None and number.end() < size:
                sound[start] = sound[number.end()]
    if sound[0]:
        return 0
    return next(at for at in range(min(_LEAST, size), size + 1) if sound[at])


def _without_places(text: str) -> tuple[str, str]:
    """The place that leads `text`, and what stands behind it and the districts and zones that follow it."""
    if text.startswith("中国") and len(text) > 6:
        text = text[2:]
    code = ""
    while (found := _place(text, code)) is not None:
        inner, size = found
        rest = text[size:]
        if (
            not code
            and text[:size] in _counties_in_short()
            and f"{text[:size]}市" not in districts()
            and _brand_end(rest) == 0
            and not _ZONE.match(rest)
        ):
            return (
                code,
                text,
            )  # 长安汽车: what is also a district somewhere is the brand, for there is no other
        code, text = inner, rest
    return code, text


def _place(text: str, within: str) -> tuple[str, int] | None:
    """The place that leads `text` and lies `within`: its code and its length."""
    names, longest = _places()
    for size in range(min(longest, len(text) - _LEAST), 1, -1):
        for code in names.get(text[:size], ()):
            if within and not (code.startswith(within) or within.startswith(code)):
                continue
            if text[size] in "区县市" and len(text) - size > _LEAST and text[size - 1] not in "省市区县":
                continue  # 朝阳县 is no part of 朝阳市
            if text[size] in _LANDSCAPE and text[:size] in _counties_in_short():
                continue  # 栖霞山 is no part of 栖霞
            return max(code, within, key=len), size
    if within:
        if (zone := _ZONE.match(text)) is not None and len(text) - zone.end() >= _LEAST:
            return within, zone.end()
        if (town := _TOWN.match(text)) is not None:
            return within, town.end()
    return None


@cache
def _places() -> tuple[dict[str, tuple[str, ...]], int]:
    """Every name by which a division of China may lead a company's, with the codes that it may mean."""
    names: dict[str, set[str]] = {}
    for code, region in REGIONS.items():
        for name in (region.name_zh, region.short_zh):
            names.setdefault(name, set()).add(code)
            names.setdefault(f"{region.short_zh}市", set()).add(code)
    for name, code in districts().items():
        names.setdefault(name, set()).add(code)
        for rank in _RANKS:
            short = name.removesuffix(rank)
            if short != name:
                if len(short) >= _LEAST:
                    names.setdefault(short, set()).add(code)
                break
    for brandlike in ("阿里", "东方"):
        names.pop(brandlike, None)
    return {name: tuple(sorted(codes)) for name, codes in names.items()}, max(map(len, names))


@cache
def _counties_in_short() -> frozenset[str]:
    """Divisions of county rank without their rank: many are words that brands like too."""
    named = {name for region in REGIONS.values() for name in (region.short_zh, region.name_zh)}
    return frozenset(_places()[0]) - named - set(districts()) - {f"{name}市" for name in named}


@cache
def _tail_words() -> tuple[frozenset[str], int]:
    """What may follow a brand: trades, legal forms, kinds of shops and branches, places."""
    words = set((_DATA / "trades.txt").read_text(encoding="utf-8").split())
    words |= set((_DATA / "legal_suffixes.txt").read_text(encoding="utf-8").split())
    words |= set((_DATA / "brand_tails.txt").read_text(encoding="utf-8").split())
    for region in REGIONS.values():
        words |= {region.short_zh, region.name_zh}
    return frozenset(word for word in words if len(word) > 1), max(map(len, words))
