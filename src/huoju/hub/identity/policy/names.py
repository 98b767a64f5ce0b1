"""Names of people: what is shown, family and given name, and the honorific split off."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from huoju.core.text import clean


@dataclass(frozen=True, slots=True)
class Name:
    """`full` as shown, without honorific; `family` and `given` where they can be told apart (Chinese:
    张|三丰)."""

    full: str
    family: str = ""
    given: str = ""
    honorific: str = ""


_DATA = Path(__file__).parent.parent / "data"


def _words(name: str) -> tuple[str, ...]:
    return tuple((_DATA / name).read_text(encoding="utf-8").split())


SURNAMES = frozenset("".join(_words("surnames.txt")))
"""Single-character Chinese surnames, by the Hundred Family Surnames (百家姓) and what is frequent today."""

COMPOUND_SURNAMES = frozenset(_words("compound_surnames.txt"))
"""Two-character Chinese surnames (复姓)."""

# Longest first, so that 总经理 is not read as a Mr 总经.
_HONORIFICS = _words("honorifics.txt")
_SHORT_HONORIFICS = frozenset("总董工哥姐局处科")  # only behind a bare surname: 王总, 李工
_LATIN_HONORIFIC = re.compile(r"^(mr|mrs|ms|miss|mx|dr|prof|sir|madam)\b\.?\s+", re.IGNORECASE)
_HAN_NAME = re.compile(r"[一-鿿]{2,4}")
_HAN_ONLY = re.compile(r"[㐀-鿿〇\U00020000-\U0003ffff]+(?:[·•・‧][㐀-鿿〇\U00020000-\U0003ffff]+)*")
_IN_BRACKETS = re.compile(r"[(\[{【〔<《].*?[)\]}】〕>》]")
_SPACE_BETWEEN_HAN = re.compile(r"(?<=[㐀-鿿])\s+(?=[㐀-鿿])")
_EDGES = " \t-_.,;:/\\|、，。；：~*#'\"“”‘’"
_LONGEST, _LONGEST_INPUT = 80, 400

# How the most frequent surnames are romanised, to tell "Zhang San" (family first) from "San Zhang".
_PINYIN_SURNAMES = frozenset(_words("pinyin_surnames.txt"))


def normalise_name(raw: str) -> Name | None:
    """The name in `raw`, or None if nothing of a name is left once emoji and marks are gone."""
    if _HAN_NAME.fullmatch(raw) is not None:
        return _han_name(raw)
    return _read(raw)


@lru_cache(maxsize=16384)
def _han_name(text: str) -> Name:
    honorific = ""
    if text in _HONORIFICS:
        return Name(text, "", "", text)
    for title in _HONORIFICS:
        if text.endswith(title) and len(text) > len(title):
            text, honorific = text[: -len(title)], title
            break
    else:
        if len(text) in (2, 3) and text[-1] in _SHORT_HONORIFICS and _is_surname(text[:-1]):
            text, honorific = text[:-1], text[-1]
    if "·" in text:  # 买买提·艾力: the given name comes first and is the one used
        return Name(text, "", text.split("·", 1)[0], honorific)
    if len(text) > 2 and text[:2] in COMPOUND_SURNAMES:
        return Name(text, text[:2], text[2:], honorific)
    if _is_surname(text):
        return Name(text, text, "", honorific)
    if text[0] in SURNAMES and 2 <= len(text) <= 4:
        return Name(text, text[0], text[1:], honorific)
    return Name(text, "", "", honorific)


def _is_surname(text: str) -> bool:
    return text in SURNAMES or text in COMPOUND_SURNAMES


def _read(raw: str) -> Name | None:
    text = _without_symbols(clean(raw[:_LONGEST_INPUT])).strip(_EDGES)
    outside = _IN_BRACKETS.sub("", text).strip(_EDGES)
    text = _SPACE_BETWEEN_HAN.sub("", outside or text.strip("()[]{}【】<>《》"))[:_LONGEST].strip(_EDGES)
    if not any(char.isalnum() for char in text):
        return None
    if _HAN_ONLY.fullmatch(text) is not None:
        return _han_name(text.replace("•", "·").replace("・", "·").replace("‧", "·"))
    if text.isascii() or not any("一" <= char <= "鿿" for char in text):
        return _latin_name(text)
    return Name(text)


def _without_symbols(text: str) -> str:
    """`text` without emoji, pictures, private-use and unassigned characters (each becomes a space)."""
    if text.isascii():
        return text
    kept = [
        " " if unicodedata.category(char) in ("So", "Sk", "Co", "Cn", "Cs", "Cf") else char
        for char in text
        if char not in "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # skin tones
    ]
    return clean("".join(kept))


def _latin_name(text: str) -> Name:
    honorific = ""
    if (match := _LATIN_HONORIFIC.match(text)) is not None:
        honorific = match[1]
        text = text[match.end() :].strip(_EDGES)
        if not text:
            return Name(honorific, "", "", honorific)
    if "," in text:
        family, _, given = (part.strip() for part in text.partition(","))
        if family and given:
            return Name(f"{given} {family}", family, given, honorific)
    words = text.split()
    if len(words) < 2:
        return Name(text, "", "", honorific)
    first, last = words[0], words[-1]
    family_first = (first.isupper() and not last.isupper() and len(first) > 1) or (
        first.lower() in _PINYIN_SURNAMES and last.lower() not in _PINYIN_SURNAMES and len(words) <= 3
    )
    if family_first:
        return Name(text, first, " ".join(words[1:]), honorific)
    return Name(text, last, " ".join(words[:-1]), honorific)
