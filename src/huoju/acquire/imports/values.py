"""Cells to values: what each kind of field makes of the text in a cell."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import tzinfo
from decimal import Decimal, InvalidOperation

from huoju.core.export import undefuse

from .dates import DateOrder, DateReader, NotADateError
from .registry import Choice, Kind, Reason, Value

type Reader = Callable[[str], Value]

MAX_TEXT = 10_000
BLANK_WORDS = frozenset({"\\N", "NULL", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})
_DASHES = frozenset(
    {"-", "--", "---", "—", "/", "无", "暂无", "空", "n/a", "na", "none", "null", "nil", "nan"}
)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff\ud800-\udfff]"
)
_SCIENTIFIC = re.compile(r"^([1-9])(?:\.(\d+))?[eE]\+?(\d{1,2})$")
_PLAIN = re.compile(r"^-?\d{1,15}(?:\.\d+)?$", re.ASCII)
_WHOLE = re.compile(r"^\d+\.0+$")
_MONEY_SIGNS = re.compile(r"[¥￥$€£\s'’ ]|CNY|RMB|USD|EUR|HKD|BRL|R\$|人民币|美元|元整|元|圆", re.IGNORECASE)
_SCALES = {
    "万": Decimal(10_000),
    "亿": Decimal(100_000_000),
    "万元": Decimal(10_000),
    "k": Decimal(1_000),
    "w": Decimal(10_000),
}


class BadValueError(Exception):
    """The cell cannot be what the field wants."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    def reason(self, field: str) -> Reason:
        return Reason(self.code, field, self.params)


def clean_text(text: str) -> str:
    """Trim, undo our export's escape, drop characters that nobody sees (the joiner inside emoji stays)."""
    text = text.strip()
    if not text.isprintable():
        text = _UNSEEN.sub("", text).strip()
    return undefuse(text) if text[:1] == "'" else text


def reader_for(
    kind: Kind, *, zone: tzinfo, order: DateOrder, decimal: str, choices: Sequence[Choice]
) -> Reader:
    """The function that reads one cell (already cleaned, not blank). It raises `BadValueError`; None means blank."""
    match kind:
        case Kind.DATE:
            return _date_reader(DateReader(zone, order))
        case Kind.MONEY:
            return lambda text: None if text.lower() in _DASHES else read_amount(text, decimal)
        case Kind.INT:
            return lambda text: None if text.lower() in _DASHES else _read_int(text, decimal)
        case Kind.CHOICE:
            return _choice_reader(choices)
        case Kind.PHONE:
            return _read_phone
        case Kind.EMAIL:
            return lambda text: None if text.lower() in _DASHES else text.removeprefix("mailto:")
        case Kind.EXTERNAL_ID:
            return _read_external_id
        case Kind.TEXT:
            return _read_text


def _date_reader(dates: DateReader) -> Reader:
    read = dates.read

    def reader(text: str) -> Value:
        try:
            return read(text)
        except NotADateError as error:
            raise BadValueError(error.trouble.value, value=text[:60]) from None

    return reader


def _read_text(text: str) -> Value:
    if text in BLANK_WORDS:
        return None
    if len(text) > MAX_TEXT:
        raise BadValueError("too_long", limit=MAX_TEXT)
    return text


def _unshorten(text: str) -> str:
    """Undo what spreadsheets do to long numbers: `13800000000.0`, `1.3812345678E+10`. Lost digits cannot be undone."""
    if text.isdecimal():
        return text
    if _WHOLE.match(text):
        return text.partition(".")[0]
    if match := _SCIENTIFIC.match(text):
        digits = match[1] + (match[2] or "")
        # Excel shows few digits and rounds; only a mantissa with all of them is the number itself.
        if len(digits) < int(match[3]) + 1:
            raise BadValueError("shortened_number", value=text[:60])
        return digits[: int(match[3]) + 1]
    return text


def _read_phone(text: str) -> Value:
    if text.lower() in _DASHES:
        return None
    if len(text) > 200:
        raise BadValueError("too_long", limit=200)
    return _unshorten(text)


def _read_external_id(text: str) -> Value:
    if text in BLANK_WORDS or text in _DASHES:
        return None
    if len(text) > 200:
        raise BadValueError("too_long", limit=200)
    return _unshorten(text)


def _choice_reader(choices: Sequence[Choice]) -> Reader:
    codes = {
        _folded(word): choice.code
        for choice in reversed(choices)
        for word in (*choice.synonyms, str(choice.label), choice.code)
    }

    def reader(text: str) -> Value:
        found = codes.get(_folded(text))
        if found is None:
            if text.lower() in _DASHES:
                return None
            raise BadValueError("not_a_choice", value=text[:60])
        return found

    return reader


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())


def read_amount(text: str, decimal: str = "auto") -> Decimal:
    """An amount of money: `¥1,234.50`, `1.234,50 €`, `12.5万`, `(300)`. `decimal` is `.`, `,` or `auto`."""
    try:
        # What programs write needs no thought, unless the point is said to separate thousands.
        return Decimal(text) if decimal != "," and _PLAIN.match(text) else _amount(text, decimal)
    except (InvalidOperation, ValueError):
        raise BadValueError("not_an_amount", value=text[:60]) from None


def _amount(text: str, decimal: str) -> Decimal:
    if len(text) > 60:
        raise ValueError(text)
    bare = _MONEY_SIGNS.sub("", unicodedata.normalize("NFKC", text))
    negative = bare.startswith("(") and bare.endswith(")")
    bare = bare.strip("()")
    scale = Decimal(1)
    for word, factor in _SCALES.items():
        if bare.lower().endswith(word):
            bare, scale = bare[: -len(word)], factor
            break
    number = Decimal(_one_point(bare, decimal)) * scale
    if not number.is_finite() or number.adjusted() > 15:
        raise ValueError(text)
    return -number if negative else number


def _one_point(text: str, decimal: str) -> str:
    """The number with a point for its decimals and no thousands separators."""
    if decimal == "auto":
        comma, point = text.rfind(","), text.rfind(".")
        if comma >= 0 and point >= 0:
            decimal = "," if comma > point else "."
        elif comma >= 0:
            # "1,234" and "1,234,567" are thousands; "12,5" and "1234,50" are decimals.
            decimal = "." if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", text) else ","
        elif text.count(".") > 1:
            decimal = ","
        else:
            decimal = "."
    thousands = "," if decimal == "." else "."
    plain = text.replace(thousands, "").replace(decimal, ".")
    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?", plain, re.ASCII):
        raise ValueError(text)
    return plain


def _read_int(text: str, decimal: str) -> int:
    try:
        number = read_amount(text, decimal)
    except BadValueError:
        raise BadValueError("not_a_number", value=text[:60]) from None
    if number != number.to_integral_value():
        raise BadValueError("not_a_number", value=text[:60])
    return int(number)
