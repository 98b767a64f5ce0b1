"""Places: the regions of China by GB/T 2260 (行政区划) and the countries of the world, found by any customary
name.

Pure; the tables are packaged with Huoju. What a name does not decide stays unknown: "Taizhou" is two cities,
and the prefix of a mobile number tells where it was sold, not where its owner is.
"""

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from huoju.core.text import fold_width, simplify

_LONGEST_INPUT = 200
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Region:
    """A province-level (two-digit code) or prefecture-level (four-digit code) division of China."""

    code: str
    name_zh: str  # 广东省
    short_zh: str  # 广东
    name_en: str  # Guangdong

    @property
    def province(self) -> str:
        """Code of the province: the division's own code or its first two digits."""
        return self.code[:2]

    @property
    def city(self) -> str:
        """Code of the city, empty for a province. Municipalities (直辖市) are provinces here."""
        return self.code if len(self.code) == 4 else ""

    def name(self, language: str) -> str:
        """The short name in `language` ("zh-hans", "en")."""
        return self.short_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory: ISO 3166-1 alpha-2 code, calling code without plus, ISO 4217 currency."""

    code: str
    calling: str
    currency: str
    name_en: str
    name_zh: str

    def name(self, language: str) -> str:
        """The name in `language`."""
        return self.name_zh if language.startswith("zh") else self.name_en


def _table(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


REGIONS: dict[str, Region] = {
    row["code"]: Region(row["code"], row["name"], row["short"], row["name_en"])
    for row in _table("regions.csv")
}
"""Every province and city by its code, provinces first."""

PROVINCES: tuple[Region, ...] = tuple(region for code, region in REGIONS.items() if len(code) == 2)

COUNTRIES: dict[str, Country] = {
    row["code"]: Country(row["code"], row["calling"], row["currency"], row["name_en"], row["name_zh"])
    for row in _table("countries.csv")
}
"""Every country by its ISO code."""

# Romanised, these are two cities each. Where one of them is meant nearly always it is named here; the rest
# need their province beside them ("Taizhou, Zhejiang").
_PREFERRED = {"suzhou": "3205", "fuzhou": "3501"}
_OTHER_NAMES = {
    "蒙古自治区": "15",
    "新疆建设兵团": "65",
    "peking": "11",
    "canton": "4401",
    "tsingtao": "3702",
    "inner mongolia": "15",
    "neimenggu": "15",
    "xizang": "54",
    "shaanxi": "61",
    "hongkong": "81",
    "macau": "82",
    "aomen": "82",
    "xianggang": "81",
    "huhehaote": "1501",
    "haerbin": "2301",
    "wulumuqi": "6501",
    "lasa": "5401",
    "lüliang": "1411",
    "xian": "6101",
}
_PLAIN_LATIN = re.compile(r"[^a-zü]")
_ENGLISH_SUFFIX = re.compile(
    r"\b(province|city|municipality|autonomous region|prefecture|sar|p\.?r\.?c\.?|china)\b"
)
_SEPARATOR = re.compile(r"[\s,，、/|>·\-_]+")
_WORD_SEPARATOR = re.compile(r"\s*[,，、/|>·_]+\s*|\s+-\s+")


@dataclass(frozen=True, slots=True)
class _Aliases:
    provinces: dict[str, str]
    cities: dict[str, tuple[str, ...]]  # a name may belong to cities of two provinces
    districts: dict[str, str]


@cache
def districts() -> dict[str, str]:
    """Full name of a division of county rank (海淀区, 昆山市) → code of its city, or of its province where it
    has none in between. Names that occur twice in China are left out."""
    return {row["name"]: row["region"] for row in _table("districts.csv")}


@cache
def _aliases() -> _Aliases:
    provinces: dict[str, str] = {}
    cities: dict[str, list[str]] = {}
    letters = {row["code"]: row["letters"].lower() for row in _table("regions.csv")}
    for code, region in REGIONS.items():
        names = {region.name_zh, region.short_zh, _latin(region.name_en)}
        if len(code) == 2:
            names |= {letters[code], code, f"{code}0000"}
            provinces.update(dict.fromkeys(names, code))
        else:
            names |= {code, f"{code}00", f"{region.short_zh}市"}
            for name in names:
                cities.setdefault(name, []).append(code)
    for name, code in _OTHER_NAMES.items():
        if len(code) == 2:
            provinces[_latin(name) or name] = code
        else:
            cities.setdefault(_latin(name) or name, []).append(code)
    county_names = dict(districts())
    # Cities of county rank (昆山市, 义乌市) go by their short names as well.
    for name, code in districts().items():
        short = name.removesuffix("市")
        if short != name and len(short) > 1 and short not in provinces and short not in cities:
            county_names.setdefault(short, code)
    return _Aliases(provinces, {name: tuple(codes) for name, codes in cities.items()}, county_names)


def codes_within(provinces: Collection[str]) -> list[str]:
    """The codes of provinces and of all their cities."""
    return [code for code, region in REGIONS.items() if region.province in provinces]


def _latin(text: str) -> str:
    return _PLAIN_LATIN.sub("", text.lower())


def region_of(text: str) -> Region | None:
    """The most precise division that `text` names for sure, as in "北京", "广东省深圳市南山区", "shenzhen",
    "GD", "440300" or "Suzhou, Jiangsu". None if it names none, or two that do not lie in one another."""
    return _region(text[:_LONGEST_INPUT])


@lru_cache(maxsize=8192)
def _region(text: str) -> Region | None:
    text = simplify(fold_width(text)).strip().lower()
    if not text:
        return None
    code = _chinese_region(text) if any("一" <= char <= "鿿" for char in text) else _latin_region(text)
    return REGIONS[code] if code else None


def _one(codes: tuple[str, ...], province: str, name: str = "") -> str:
    """The one city of `codes` that lies in `province` (empty: anywhere), or empty."""
    fitting = [code for code in dict.fromkeys(codes) if code.startswith(province)]
    if len(fitting) == 1:
        return fitting[0]
    return _PREFERRED.get(name, "") if not province else ""


def _latin_region(text: str) -> str:
    aliases = _aliases()
    text = _ENGLISH_SUFFIX.sub(" ", text)
    names = [name for part in _WORD_SEPARATOR.split(text) if (name := _latin(part) or part.strip())]
    if len(names) == 1 and names[0] not in aliases.provinces and names[0] not in aliases.cities:
        # "guangdong shenzhen": words without commas, unless together they are one name (inner mongolia).
        names = [name for part in text.split() if (name := _latin(part) or part)]
    provinces = [aliases.provinces[name] for name in names if name in aliases.provinces]
    cities = [name for name in names if name in aliases.cities and name not in aliases.provinces]
    if len(set(provinces)) > 1 or len(provinces) + len(cities) < len(names):
        return ""
    province = provinces[0] if provinces else ""
    if not cities:
        return province
    found = {_one(aliases.cities[name], province, name) for name in cities}
    return found.pop() if len(found) == 1 else ""


def _chinese_region(text: str) -> str:
    aliases = _aliases()
    text = _SEPARATOR.sub("", text).removeprefix("中华人民共和国").removeprefix("中国")
    if (code := aliases.provinces.get(text)) is not None:
        return code
    province, rest = _prefix(text, aliases.provinces)
    if province and (other := _prefix(rest, aliases.provinces)[0]) and other != province:
        return ""
    # A city may have the name of its province (吉林市), so a city of the whole text is tried as well.
    for start, within in ((rest, province), (text, "")):
        name, after = _prefix_name(start, aliases.cities)
        # "朝阳区" names a district (of Beijing, Changchun …), not the city of Chaoyang.
        is_district = after[:1] in ("区", "县") and _is_short(name)
        if name and not is_district and (city := _one(aliases.cities[name], within)):
            return city
        if start and (code := _district(start, aliases.districts, within)):
            return code
        if province and not rest:
            break
    return province


def _is_short(name: str) -> bool:
    return not name.endswith(("市", "盟", "州", "地区"))


def _prefix(text: str, names: dict[str, str]) -> tuple[str, str]:
    name, rest = _prefix_name(text, names)
    return (names[name], rest) if name else ("", text)


def _prefix_name(text: str, names: dict[str, str] | dict[str, tuple[str, ...]]) -> tuple[str, str]:
    for length in range(min(len(text), 12), 1, -1):
        if text[:length] in names:
            return text[:length], text[length:]
    return "", text


def _district(text: str, districts: dict[str, str], province: str) -> str:
    for length in range(min(len(text), 15), 1, -1):
        code = districts.get(text[:length])
        if code is not None and code.startswith(province):
            return code
    return ""


# --- Countries ----------------------------------------------------------------------------------------------

_COUNTRY_OTHER_NAMES = {
    "el": "GR",  # the European Union writes Greece so
    "uk": "GB",
    "england": "GB",
    "greatbritain": "GB",
    "scotland": "GB",
    "america": "US",
    "usa": "US",
    "unitedstatesofamerica": "US",
    "chn": "CN",
    "prc": "CN",
    "prchina": "CN",
    "peoplesrepublicofchina": "CN",
    "mainlandchina": "CN",
    "中国大陆": "CN",
    "中华人民共和国": "CN",
    "hongkongsar": "HK",
    "香港": "HK",
    "澳门": "MO",
    "macau": "MO",
    "台湾": "TW",
    "中国台湾": "TW",
    "korea": "KR",
    "republicofkorea": "KR",
    "韩国": "KR",
    "russia": "RU",
    "russianfederation": "RU",
    "俄国": "RU",
    "vietnam": "VN",
    "holland": "NL",
    "uae": "AE",
    "czechrepublic": "CZ",
    "deutschland": "DE",
    "日本国": "JP",
}
_COUNTRY_NOISE = re.compile(r"[\s.,'’()\-]+")


@cache
def _countries() -> dict[str, str]:
    names: dict[str, str] = {}
    for code, country in COUNTRIES.items():
        names[code.lower()] = code
        names[_COUNTRY_NOISE.sub("", country.name_en.lower())] = code
        names[country.name_zh] = code
    names.update(_COUNTRY_OTHER_NAMES)
    return names


def country_of(text: str) -> Country | None:
    """The country that `text` names: an ISO code, an English or Chinese name, or a calling code with plus
    that is one country's alone. None if it names none."""
    return _country(text[:_LONGEST_INPUT])


@lru_cache(maxsize=2048)
def _country(text: str) -> Country | None:
    text = simplify(fold_width(text)).strip().lower()
    if text.startswith("+"):
        found = [country for country in COUNTRIES.values() if country.calling == text[1:]]
        return found[0] if len(found) == 1 else None
    code = _countries().get(_COUNTRY_NOISE.sub("", text))
    return COUNTRIES[code] if code else None
