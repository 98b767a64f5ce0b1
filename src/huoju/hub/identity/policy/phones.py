"""Telephone numbers in the shapes in which people type them, as E.164."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberType, ValidationResult

from huoju.core.text import clean


class PhoneKind(StrEnum):
    """A mobile may identify a person; a fixed line is only a way to reach an office."""

    MOBILE = "mobile"
    FIXED = "fixed"


class Phone(NamedTuple):
    """A number in E.164 (`+8613812345678`) and its country's ISO code; `others` are further numbers of the
    cell."""

    e164: str
    kind: PhoneKind
    country: str
    extension: str = ""
    others: tuple[str, ...] = ()

    @property
    def national(self) -> str:
        """The digits without the calling code of China: what Chinese screens show and people search for."""
        return self.e164[3:] if self.country == "CN" else self.e164[1:]


class PhoneProblem(StrEnum):
    """Why text is no telephone number."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    WRONG_LENGTH = "wrong_length"
    IMPOSSIBLE_PREFIX = "impossible_prefix"
    LOST_DIGITS = "lost_digits"  # 1.38E+10: a spreadsheet rounded the rest away
    INVALID = "invalid"


# Ranges of the Chinese numbering plan that are given to mobiles.
_MOBILE_PREFIX = r"1(?:[38]\d|4[57]|5[0-35-9]|6[25-7]|7[0-35-8]|9[0-35-9])"
_PLAIN_MOBILE = re.compile(
    rf"\s*(?:(?:\+|00)?86[ -]?)?({_MOBILE_PREFIX})[ -]?(\d{{4}})[ -]?(\d{{4}})\s*", re.ASCII
)
_MOBILE_INSIDE = re.compile(
    rf"(?<![\d.])(?:(?:\+|00)?86[\s-]*|\(\+?86\)[\s-]*)?({_MOBILE_PREFIX})[\s.-]*(\d{{4}})[\s.-]*(\d{{4}})(?!\d)",
    re.ASCII,
)
_MOBILE_333 = re.compile(
    rf"(?<!\d)(?:(?:\+|00)?86[\s-]*)?({_MOBILE_PREFIX})[\s-]+(\d{{3}})[\s-]+(\d{{3}})[\s-]+(\d{{2}})(?!\d)",
    re.ASCII,
)
_LANDLINE = re.compile(
    r"(?<!\d)(?:(?:\+|00)?86[\s-]*)?(?:\((?:86)?-?0?(?P<bracket>10|2\d|[3-9]\d\d)\)|0(?P<area>10|2\d|[3-9]\d\d)|"
    r"(?<=86)[\s-]?(?P<bare>10|2\d|[3-9]\d\d)|(?<=86[ -])(?P<spaced>10|2\d|[3-9]\d\d))[\s-]*"
    r"(?P<number>[2-8]\d{2,3}[\s-]?\d{4})(?:\s*(?:转|轉|分机|ext\.?|extension|x|#|-|—|\*)\s*(?P<ext>\d{1,6}))?(?!\d)",
    re.ASCII | re.IGNORECASE,
)
_SERVICE = re.compile(
    r"(?<!\d)([48]00)[\s-]?(\d{3,4})[\s-]?(\d{3,4})(?:\s*(?:转|ext\.?|-)\s*(\d{1,6}))?(?!\d)", re.ASCII
)
_SCIENTIFIC = re.compile(r"'?(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})", re.ASCII)
_FLOAT = re.compile(r"'?(\d{7,15})\.0+", re.ASCII)
_ABROAD = re.compile(
    r"(?:\+|\b00)(?!86)[\d\s().-]{6,}\d(?:\s*(?:ext\.?|x|#)\s*\d{1,6})?", re.ASCII | re.IGNORECASE
)
_LONGEST = 200  # no cell with a telephone number is longer; whoever sends a megabyte must not keep us busy
_SEPARATED = re.compile(r"\s*(?:[/、,;|\n]|\bor\b|或)\s*")
_DIGITS = re.compile(r"\d", re.ASCII)
_DASHES = str.maketrans(
    {"—": "-", "–": "-", "－": "-", "‐": "-", "‑": "-", "−": "-", "〔": "(", "〕": ")", "【": "(", "】": ")"}
)


def normalise_phone(raw: str, country: str = "CN") -> Phone | PhoneProblem:
    """The number in `raw`, read as people of `country` (ISO code) write it, or why there is none.

    Takes +86, 0086 and 86 in front, spaces, dashes, dots, brackets, full-width digits, notes before and
    after, area codes and extensions, two numbers in one cell (the first mobile wins), and what spreadsheets
    do to numbers.
    """
    if (country == "CN" or not country) and (plain := _PLAIN_MOBILE.fullmatch(raw)) is not None:
        return Phone("+86" + plain[1] + plain[2] + plain[3], PhoneKind.MOBILE, "CN")
    return _read(raw, country or "CN")


def _read(raw: str, country: str) -> Phone | PhoneProblem:
    text = clean(raw[:_LONGEST]).translate(_DASHES).lstrip("'’‘`=\" ").rstrip("\"' ")
    if not text:
        return PhoneProblem.EMPTY
    if (scientific := _SCIENTIFIC.fullmatch(text)) is not None:
        whole, fraction, exponent = scientific[1], scientific[2] or "", int(scientific[3])
        if len(fraction) < exponent:
            # Trailing zeros may have been cut off, but not that many: 1.38E+10 was no 13800000000.
            if len(fraction) < exponent - 2:
                return PhoneProblem.LOST_DIGITS
            fraction = fraction.ljust(exponent, "0")
        text = whole + fraction[:exponent]
    elif (number := _FLOAT.fullmatch(text)) is not None:
        text = number[1]

    found = _chinese(text) if country == "CN" else []
    if not found:
        found = _foreign(text, country)
    if not found:
        return _problem(text, country)
    main = next((phone for phone in found if phone.kind is PhoneKind.MOBILE), found[0])
    others = tuple(dict.fromkeys(phone.e164 for phone in found if phone.e164 != main.e164))
    if not others:
        return main
    return Phone(main.e164, main.kind, main.country, main.extension, others)


def _chinese(text: str) -> list[Phone]:
    found: list[Phone] = []
    rest = text
    abroad = _ABROAD.search(text)
    if abroad is not None and (phone := _parse(abroad[0], "CN")) is not None:
        found.append(phone)
        rest = text[: abroad.start()] + " | " + text[abroad.end() :]
    for pattern in (_MOBILE_INSIDE, _MOBILE_333):
        found += [Phone("+86" + "".join(match), PhoneKind.MOBILE, "CN") for match in pattern.findall(rest)]
        rest = pattern.sub(" | ", rest)
    for match in _LANDLINE.finditer(rest):
        area = match["bracket"] or match["area"] or match["bare"] or match["spaced"]
        number = "+86" + area + _compact(match["number"])
        if phonenumbers.is_valid_number(phonenumbers.parse(number, None)):
            found.append(Phone(number, PhoneKind.FIXED, "CN", match["ext"] or ""))
    for match in _SERVICE.finditer(rest):
        number = match[1] + match[2] + match[3]
        if len(number) == 10:
            found.append(Phone("+86" + number, PhoneKind.FIXED, "CN", match[4] or ""))
    return found


def _compact(text: str) -> str:
    return "".join(_DIGITS.findall(text))


def _foreign(text: str, country: str) -> list[Phone]:
    found = [_parse(part, country) for part in _SEPARATED.split(text)]
    return [phone for phone in found if phone is not None]


@lru_cache(maxsize=4096)
def _parse(text: str, country: str) -> Phone | None:
    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    kind = phonenumbers.number_type(number)
    mobile = kind in (
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PERSONAL_NUMBER,
    )
    return Phone(
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        PhoneKind.MOBILE if mobile else PhoneKind.FIXED,
        phonenumbers.region_code_for_number(number) or country,
        number.extension or "",
    )


def _problem(text: str, country: str) -> PhoneProblem:
    digits = _compact(text)
    if len(digits) < 3:
        return PhoneProblem.NOT_A_NUMBER
    if country == "CN" and (digits.startswith("86") or not text.startswith("+")):
        national = digits.removeprefix("00")
        if text.startswith(("+86", "0086")) or len(national) == 13:
            national = national.removeprefix("86")
        if national.startswith("1"):
            return PhoneProblem.IMPOSSIBLE_PREFIX if len(national) == 11 else PhoneProblem.WRONG_LENGTH
        return PhoneProblem.INVALID if len(national) in (10, 11, 12) else PhoneProblem.WRONG_LENGTH
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return PhoneProblem.INVALID
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible in (ValidationResult.TOO_SHORT, ValidationResult.TOO_LONG, ValidationResult.INVALID_LENGTH):
        return PhoneProblem.WRONG_LENGTH
    return PhoneProblem.INVALID
