"""Guess which column is which field: by the header (Chinese, English, pinyin, with typing errors) and by the values.

Pure. Each guess carries a confidence from 0 to 1, so that the wizard can show what it is sure of and what not.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cache

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz, process

from .dates import DateReader, DateTrouble, NotADateError
from .files import Column
from .mapping import ColumnRule
from .registry import Field, Kind

CERTAIN = 0.95
OFFERED_FROM = 0.55

_WORD = re.compile(r"[^0-9a-z\u3400-\u9fff]+")
_BRACKETS = re.compile(r"[(\[{【《].*?[)\]}】》]|\*")
_MOBILE = re.compile(r"^(?:\+?0{0,2}86)?1[3-9]\d{9}$")
_PHONE = re.compile(r"^\+?\d{7,15}$")
_MAIL = re.compile(r"^[^\s@,;]+@[^\s@,;]+\.[a-z]{2,}$", re.IGNORECASE)
_MONEY = re.compile(r"^[¥￥$€]?\s?-?\d{1,3}(?:[,\d]*)(?:\.\d+)?(?:元|万|万元)?$")
_ID = re.compile(r"^(?=.*\d)[0-9a-z_-]{6,64}$", re.IGNORECASE)
_COMPANY = re.compile(
    r"(?:公司|集团|厂|研究院|大学|学院|医院|银行|事务所|中心|股份|\bco\.?,?\s*ltd\.?|\binc\.?|\bltd\.?|\bllc|\bgmbh|\bcorp)\s*\)?$",
    re.IGNORECASE,
)
_USCC = re.compile(r"^[1-9A-HJ-NPQRTUWXY]\d{7}[0-9A-HJ-NPQRTUWXY]{10}$")
_YES_NO = frozenset({"true", "false", "yes", "no", "y", "n", "0", "1", "是", "否", "有", "无"})
_NAME = re.compile(r"^[\u4e00-\u9fff]{2,4}$|^[\u4e00-\u9fff]{1,2}(?:先生|女士|总|经理|老师)$")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A field proposed for a column, with the confidence (0 … 1) and what it rests on (`header`, `values`, `both`)."""

    column: str
    field: str
    confidence: float
    basis: str


def suggest(
    columns: Sequence[Column], sample: Sequence[Sequence[str]], fields: Sequence[Field]
) -> list[Suggestion]:
    """The best field for each column in the file's order; no field twice, columns without a good guess left out."""
    found: list[tuple[float, int, Suggestion]] = []
    for column in columns:
        values = [row[column.index].strip() for row in sample if row[column.index].strip()]
        looks = _looks(values)
        for field in fields:
            by_header = _by_header(column.title, field)
            by_values = _by_values(looks, field)
            confidence, basis = _together(by_header, by_values, field.kind, looks, known=bool(values))
            if confidence >= OFFERED_FROM:
                found.append(
                    (
                        confidence,
                        column.index,
                        Suggestion(column.name, field.key, round(confidence, 2), basis),
                    )
                )
    found.sort(key=lambda item: (-item[0], item[1]))
    taken_columns: set[str] = set()
    taken_fields: set[str] = set()
    chosen: list[tuple[int, Suggestion]] = []
    for _confidence, index, suggestion in found:
        if suggestion.column not in taken_columns and suggestion.field not in taken_fields:
            taken_columns.add(suggestion.column)
            taken_fields.add(suggestion.field)
            chosen.append((index, suggestion))
    chosen += _only_date(columns, sample, fields, taken_columns, taken_fields)
    return [suggestion for _index, suggestion in sorted(chosen, key=lambda item: item[0])]


def _only_date(
    columns: Sequence[Column],
    sample: Sequence[Sequence[str]],
    fields: Sequence[Field],
    taken_columns: set[str],
    taken_fields: set[str],
) -> list[tuple[int, Suggestion]]:
    """A single column of dates that nothing claims is most likely the target's first date."""
    first = next((field for field in fields if field.kind is Kind.DATE), None)
    if first is None or first.key in taken_fields:
        return []
    open_columns = [
        column
        for column in columns
        if column.name not in taken_columns
        and _share([row[column.index] for row in sample[:100] if row[column.index].strip()], _is_date) > 0.8
    ]
    if len(open_columns) != 1:
        return []
    return [(open_columns[0].index, Suggestion(open_columns[0].name, first.key, OFFERED_FROM, "values"))]


def rules_of(suggestions: Sequence[Suggestion]) -> tuple[ColumnRule, ...]:
    """The suggestions as the columns of a mapping."""
    return tuple(ColumnRule(field=found.field, sources=(found.column,)) for found in suggestions)


def _plain(text: str) -> str:
    """A header without brackets, stars, width, case and punctuation: `＊手机号码（必填）` → `手机号码`."""
    text = unicodedata.normalize("NFKC", text).lower()
    return _WORD.sub("", _BRACKETS.sub("", text)) or _WORD.sub("", text)


@cache
def _names(field_names: tuple[str, ...]) -> Mapping[str, float]:
    """The words for a field in comparable form, with what an exact hit is worth. Pinyin is a little less sure."""
    words: dict[str, float] = {}
    for name in field_names:
        plain = _plain(name)
        if not plain:
            continue
        words[plain] = 1.0
        if any("\u4e00" <= character <= "\u9fff" for character in plain):
            words.setdefault("".join(lazy_pinyin(plain)), 0.93)
    return words


def _by_header(title: str, field: Field) -> float:
    plain = _plain(title)
    if not plain:
        return 0.0
    words = _names((field.key, str(field.label), *field.synonyms))
    if (exact := words.get(plain)) is not None:
        return exact
    # Headers of one or two letters resemble everything.
    if len(plain) < 2:
        return 0.0
    best = process.extractOne(plain, list(words), scorer=fuzz.ratio, score_cutoff=70)
    score = best[1] / 100 * 0.9 if best else 0.0
    # "客户手机号码" holds "手机号码"; the longer the part, the surer.
    for word in words:
        if len(word) >= 2 and (word in plain or (len(plain) >= 4 and plain in word)):
            shorter, longer = sorted((len(word), len(plain)))
            score = max(score, 0.55 + 0.35 * shorter / longer)
    return min(score, 0.9)


def _share(values: Sequence[str], test: Callable[[str], object]) -> float:
    return sum(1 for value in values if test(value)) / len(values) if values else 0.0


def _is_date(value: str) -> bool:
    if len(value) < 6 or value.isdecimal():
        return False
    try:
        return DateReader(UTC).read(value) is not None
    except NotADateError as error:
        return error.trouble in (DateTrouble.NO_SUCH_DAY, DateTrouble.NO_SUCH_TIME)


def _looks(values: Sequence[str]) -> dict[str, float]:
    """What share of the values looks like what."""
    sample = values[:100]
    bare = [re.sub(r"[\s()./-]", "", value) for value in sample]
    distinct = len(set(sample)) / len(sample) if sample else 0.0
    return {
        "mobile": _share(bare, _MOBILE.match),
        "phone": _share(bare, _PHONE.match),
        "email": _share(sample, _MAIL.match),
        "date": _share(sample, _is_date),
        "money": _share(sample, _MONEY.match),
        "id": _share(sample, _ID.match) * (distinct > 0.95),
        "bool": _share(sample, lambda value: value.lower() in _YES_NO),
        "uscc": _share(sample, _USCC.match),
        "company": _share(sample, _COMPANY.search),
        "name": _share(sample, _NAME.match) * (distinct > 0.3),
    }


def _by_values(looks: Mapping[str, float], field: Field) -> float:
    """How well the values suit the field. Only shapes that hardly anything else has count on their own."""
    match field.kind:
        case Kind.PHONE:
            mobile = looks["mobile"] * (0.8 if "mobile" in field.key or "phone" in field.key else 0.7)
            return max(mobile, looks["phone"] * 0.5)
        case Kind.EMAIL:
            return looks["email"] * 0.85
        case Kind.TEXT if field.key in ("company", "company_name"):
            return looks["company"] * 0.7
        case Kind.TEXT if field.key == "uscc":
            return looks["uscc"] * 0.85
        case Kind.TEXT if field.key in ("name", "person_name", "full_name"):
            return looks["name"] * 0.65
        case _:
            return 0.0


_FITS: Mapping[Kind, tuple[str, ...]] = {
    Kind.PHONE: ("phone", "mobile"),
    Kind.EMAIL: ("email",),
    Kind.DATE: ("date",),
    Kind.MONEY: ("money",),
    Kind.INT: ("money",),
}


def _together(
    by_header: float, by_values: float, kind: Kind, looks: Mapping[str, float], *, known: bool
) -> tuple[float, str]:
    """Header and values weighed: agreement adds, contradiction takes away."""
    fits = _FITS.get(kind)
    share = max((looks[name] for name in fits), default=0.0) if fits else None
    if by_header and by_values:
        return min(0.99, max(by_header, by_values) + 0.1 * min(by_header, by_values)), "both"
    if by_header:
        if share is not None and known:
            # Dates and numbers have many shapes; a header that is sure survives values that we do not know.
            return min(
                0.98, by_header * (0.6 + 0.4 * min(1.0, share * 1.25))
            ), "both" if share > 0.5 else "header"
        if kind is Kind.TEXT and known and max(looks["email"], looks["mobile"], looks["bool"]) > 0.8:
            return by_header * 0.6, "header"
        return by_header * 0.98, "header"
    return by_values, "values"
