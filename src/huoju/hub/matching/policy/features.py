"""What is compared of a person: every value in the forms under which two spellings of it meet.

Chinese names are written in two scripts and in pinyin, family name first or last; a company goes by its full name, its
short one or its mail domain; people move and change their number. All this is worked out here, once a person, so that
the comparison itself is equality and edit distance, which every engine can do.
"""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from pypinyin import Style, lazy_pinyin

from huoju.core.mail import EmailClass, email_class
from huoju.core.text import clean, has_han, pinyin, simplify, surname_pinyin
from huoju.hub.companies.policy import CompanyName, brand_of, domain_of, normalise_company, title_of
from huoju.hub.identity.policy import normalise_name
from huoju.hub.identity.policy.names import COMPOUND_SURNAMES, SURNAMES

FEATURES = (
    *("name", "name_toned", "name_sound", "name_turned", "family", "given", "initials"),
    *("boxed_sound", "boxed_initials"),
    *("company", "company_code", "brand", "brand_sound", "domain", "domain_label"),
    *("mobile", "mail", "mail_local", "mail_sorted", "mail_letters", "mail_named"),
    *("title", "title_kind", "title_function", "region", "province"),
)
"""The columns that are compared, in the order of `features_of`."""

BLOCKS = (
    *("b_mobile", "b_mail", "b_letters", "b_name_brand", "b_name_domain", "b_name_region", "b_name"),
    *("b_brand_given", "b_brand_initials", "b_brand_family", "b_tail"),
)
"""The columns by which rows are brought together, in the order of `features_of`."""

_NOT_LATIN = re.compile(r"[^a-z]+")
_NOT_WORD = re.compile(r"[\W_]+")
_AFFIX = re.compile(r"(?:-?(?:tech|group|china|corp|cn|inc))$|^(?:www-|cn-|the)")
"""What a mail domain adds to a brand: huoju-tech.com, huojugroup.com."""
_SYLLABLE = re.compile(
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ui|un|uo|ue|a|e|i|o|u|v)"
)
_LEAST_LOCAL = 5
"""A shorter box name (`li`, `info`) is many people's."""


class Record(NamedTuple):
    """A person as the database has them. `mobile` in E.164, `region` a code of GB/T 2260."""

    id: int
    name: str = ""
    company: str = ""
    mobile: str = ""
    email: str = ""
    title: str = ""
    region: str = ""


class _Name(NamedTuple):
    written: str = ""  # in simplified characters; empty for a name in Latin letters
    toned: str = ""
    family: str = ""
    given: str = ""
    initials: str = ""
    syllables: tuple[str, ...] = ()  # of the given name; empty for a name that is no Chinese one


def features_of(record: Record) -> list[int | str | None]:
    """The number of the person, the values of `FEATURES`, the values of `BLOCKS`; None where there is none."""
    name = _name(record.name)
    company, brand, brand_sound, place = _company(record.company)
    domain = domain_of(record.email)
    label = _AFFIX.sub("", domain.partition(".")[0])
    local, _, server = record.email.casefold().rpartition("@")
    if len(local) < _LEAST_LOCAL or email_class(local, server) is EmailClass.ROLE:
        local = ""
    letters = _NOT_LATIN.sub("", local)
    if len(letters) < _LEAST_LOCAL:
        letters = ""
    title, kind, function = _title(record.title)
    boxed_given, boxed_initials = _boxed(letters, name)
    sound = name.family + name.given
    turned = name.given + name.family
    boxed = _joined(name.family, boxed_given).replace("|", "")
    full = bool(name.given)
    either = "".join(sorted(sound if full and not boxed else boxed))  # the same whichever stands first
    house = brand_sound or label
    known = bool(either)
    region = record.region or place
    values = (
        *(name.written, name.toned, sound, turned, name.family, name.given),
        _joined(name.family, "".join([each[0] for each in name.syllables])),
        *(boxed, _joined(name.family, boxed_initials)),
        *(company, _code(company), brand, brand_sound, domain, label),
        *(
            record.mobile,
            record.email,
            local,
            "".join(sorted(local)),
            letters,
            "y" if _is_named(letters, name) else "",
        ),
        *(title, kind, function, region, region[:2]),
    )
    blocks = (
        record.mobile,
        local,
        letters,
        _joined(either, house) if known else "",
        _joined(either, domain) if known else "",
        _joined(either, region[:2]) if known else "",
        either if known else "",
        _joined(house, boxed_given or name.given),
        _joined(house, "".join(sorted(name.initials))) if full else "",
        _joined(house, name.family),
        _joined(record.mobile[-7:], name.family) if len(record.mobile) > 7 else "",
    )
    return [record.id, *[value or None for value in (*values, *blocks)]]


def _is_named(letters: str, name: _Name) -> bool:
    """Whether a mail box is but the person's name (zhangsanfeng, sanfeng.zhang, zhangsf), as a namesake's may be."""
    if not letters or not name.family:
        return False
    for first, second in ((name.family, name.given), (name.given, name.family)):
        if letters == first + second:
            return True
    return letters.startswith(name.family) and len(letters) - len(name.family) <= 2


def _boxed(letters: str, name: _Name) -> tuple[str, str]:
    """The given name of 张总 or Jack Zhang, or its initials, by how the mail box spells it: zhangsanfeng, zhangsf."""
    if name.syllables or not name.family or not letters.startswith(name.family):
        return "", ""
    rest = letters.removeprefix(name.family)
    if len(rest) in (1, 2):
        return "", rest
    syllables = _syllables(rest)
    return (rest, "".join([each[0] for each in syllables])) if 1 <= len(syllables) <= 2 else ("", "")


@lru_cache(maxsize=8192)
def _syllables(word: str) -> tuple[str, ...]:
    """The syllables of a word in pinyin; empty for another word."""
    found = _SYLLABLE.findall(word)
    return tuple(found) if "".join(found) == word else ()


def _joined(*parts: str) -> str:
    return "|".join(parts) if all(parts) else ""


@lru_cache(maxsize=32768)
def _name(raw: str) -> _Name:
    text = simplify(clean(raw))
    found = normalise_name(text) if text else None
    if found is None:
        return _Name()
    if not has_han(found.full):
        return _latin(found.family, found.given or found.full)
    written = _NOT_WORD.sub("", found.full)
    han = "".join(char for char in written if has_han(char))
    family, given = found.family, found.given
    if not family:
        family, given = _turned_round(han)
    if len(han) != len(written):  # 张Jack: the surname in characters, the given name in letters
        latin = _NOT_LATIN.sub("", written.casefold())
        family, given = han, latin
        sound = surname_pinyin(family)
        return _Name("", "", sound, latin, sound[:1] + latin[:1])
    sound, syllables = surname_pinyin(family), pinyin(given)
    return _Name(
        written=family + given if family else han,
        toned=" ".join(lazy_pinyin(family + given, style=Style.TONE3)) if given else "",
        family=sound,
        given="".join(syllables),
        initials=sound[:1] + "".join([each[:1] for each in syllables[:1]]),
        syllables=tuple(syllables),
    )


def _turned_round(han: str) -> tuple[str, str]:
    """Family and given name of a name without a surname in front: 三丰张 is 张三丰."""
    if len(han) > 3 and han[-2:] in COMPOUND_SURNAMES:
        return han[-2:], han[:-2]
    if 2 <= len(han) <= 4 and han[-1] in SURNAMES:
        return han[-1], han[:-1]
    return "", han


def _latin(family: str, given: str) -> _Name:
    family, given = _NOT_LATIN.sub("", family.casefold()), _NOT_LATIN.sub("", given.casefold())
    if not family:
        family, given = _split(given)
    elif family not in _read_surnames() and given in _read_surnames():
        family, given = given, family
    return _Name("", "", family, given, family[:1] + given[:1], _syllables(given))


@cache
def _read_surnames() -> frozenset[str]:
    return frozenset(surname_pinyin(each) for each in (*SURNAMES, *COMPOUND_SURNAMES))


def _split(word: str) -> tuple[str, str]:
    """LiuFangping, written as one word: the longest surname that leaves something over."""
    for length in range(min(7, len(word) - 2), 1, -1):
        if word[:length] in _read_surnames():
            return word[:length], word[length:]
    return "", word


@lru_cache(maxsize=32768)
def _company(raw: str) -> tuple[str, str, str, str]:
    """Key, brand, the brand in letters, and the region that leads the name."""
    found = normalise_company(raw) if raw else None
    if not isinstance(found, CompanyName):
        return "", "", "", ""
    brand = simplify(brand_of(raw) if has_han(raw) else found.core).casefold() or found.core
    sound = "".join(pinyin(brand)) if has_han(brand) else _latin_brand(found.display)
    return found.key, brand, sound or brand, found.region.code if found.region else ""


def _latin_brand(display: str) -> str:
    """The first word: Huoju of Huoju Technology Co., Ltd."""
    return _NOT_WORD.sub("", display.casefold().split(" ", 1)[0])


def _code(text: str) -> str:
    """`text` with one letter a character: some engines measure edit distance in bytes, and a Han character has three.
    One in ninety changes of a character goes unseen."""
    return text if text.isascii() else "".join([chr(33 + ord(char) % 90) for char in text])


@lru_cache(maxsize=8192)
def _title(raw: str) -> tuple[str, str, str]:
    """The title without marks, function with seniority, function."""
    found = title_of(raw) if raw else None
    if found is None:
        return "", "", ""
    function = found.function.value if found.function else ""
    seniority = found.seniority.value if found.seniority else ""
    return simplify(_NOT_WORD.sub("", found.text.casefold())), _joined(function, seniority), function
