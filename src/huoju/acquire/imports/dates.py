"""Dates as people and programs write them.

`DateReader` turns text into a moment in the settings' zone. What a file means by 06/02/2018 is decided once for the
whole column by looking at every value (`OrderEvidence`): one 13/02 settles it for all.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum


class DateOrder(StrEnum):
    """How to read a date whose first number is not the year."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class DateTrouble(StrEnum):
    """Why a text is not a date. Also the reason code of a rejected row."""

    NOT_A_DATE = "not_a_date"
    NO_SUCH_DAY = "no_such_day"
    NO_SUCH_TIME = "no_such_time"
    INCOMPLETE = "incomplete_date"
    OUT_OF_RANGE = "date_out_of_range"


FIRST_YEAR, LAST_YEAR = 1900, 2100
_EPOCHS_SINCE = 1990  # a smaller number of seconds is more likely any other number
BLANK = frozenset({"", "-", "--", "—", "/", "无", "空", "n/a", "na", "null", "none", "nan", "nat", "0000-00-00",
                   "0000-00-00 00:00:00", "暂无", "未知", "unknown"})  # fmt: skip

_MONTHS = {name: number for number, name in enumerate(
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1)}  # fmt: skip
_TIME = r"""(?:[T\s,]*(?P<half>上午|下午|中午|晚上|凌晨|早上|am|pm)?\s*
    (?P<hour>\d{1,2})\s*[:：时点](?:\s*(?P<minute>\d{1,2})\s*(?:[:：分]|$|(?=\s*(?:am|pm|a\.m|p\.m|z|utc|gmt|[+-])))
    (?:\s*(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?\s*秒?)?)?
    \s*(?P<half2>am|pm|a\.m\.|p\.m\.)?\s*
    (?P<zone>z|utc|gmt|(?:utc|gmt)?[+-]\d{1,2}(?::?\d{2})?)?)?"""
_WEEKDAY = (
    r"(?:\s*[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?|"
    r"\s*\(?(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\)?)?"
)
_YEAR_FIRST = re.compile(
    rf"^(?P<year>\d{{4}})\s*[-/.年\s]\s*(?P<month>\d{{1,2}})\s*[-/.月\s]\s*(?P<day>\d{{1,2}})\s*[日号]?{_WEEKDAY}{_TIME}$",
    re.VERBOSE | re.IGNORECASE,
)
_YEAR_LAST = re.compile(
    rf"^(?P<first>\d{{1,2}})\s*[-/.]\s*(?P<second_number>\d{{1,2}})\s*[-/.]\s*(?P<year>\d{{4}}|\d{{2}}){_TIME}$",
    re.VERBOSE | re.IGNORECASE,
)
_NAMED = re.compile(
    rf"""^{_WEEKDAY}\s*(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-\s/]*(?P<name>[a-z]{{3,9}})\.?
    |(?P<name2>[a-z]{{3,9}})\.?\s*(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)[-,\s/]*(?P<year>\d{{4}}|\d{{2}}){_TIME}$""",
    re.VERBOSE | re.IGNORECASE,
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:[T\s]?(\d{2}):?(\d{2})(?::?(\d{2}))?)?$")
_SERIAL = re.compile(r"^\d{5}(?:\.\d+)?$")
_EPOCH = re.compile(r"^\d{10}(?:\d{3})?(?:\.\d+)?$")
_INCOMPLETE = re.compile(
    r"^\d{4}(?:\s*[-/.年]\s*(?:\d{1,2}\s*月?)?)?$|^\d{1,2}\s*[-/月]\s*\d{1,2}\s*[日号]?$"
)
_TWO_NUMBERS = re.compile(r"^\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(?:\d{4}|\d{2})(?!\d)")
_EXCEL_EPOCH = date(1899, 12, 30)
_AFTERNOON = {"下午", "晚上", "pm", "p.m."}
_MORNING = {"上午", "凌晨", "早上", "am", "a.m."}


class NotADateError(Exception):
    """The text names no moment; `trouble` says why."""

    def __init__(self, trouble: DateTrouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


@dataclass(slots=True)
class OrderEvidence:
    """What the values of one column say about day and month. Feed it all of them, then ask `order`."""

    day_first: int = 0
    month_first: int = 0
    open: int = 0

    def look(self, values: Iterable[str]) -> None:
        """Take values into account. Texts that start with a year, or are no dates, say nothing."""
        for value in values:
            if value and (match := _TWO_NUMBERS.match(value)):
                first, second = int(match[1]), int(match[2])
                if first > 12 >= second:
                    self.day_first += 1
                elif second > 12 >= first:
                    self.month_first += 1
                else:
                    self.open += 1

    @property
    def contradictory(self) -> bool:
        """Both orders occur: some rows will be read wrongly or not at all."""
        return self.day_first > 0 and self.month_first > 0

    @property
    def ambiguous(self) -> bool:
        """There are such dates and nothing settles their order: the reader's default is used, and should be shown."""
        return self.open > 0 and not self.day_first and not self.month_first

    def order(self, default: DateOrder = DateOrder.DAY_FIRST) -> DateOrder:
        """The order to read the column with; the majority where it contradicts itself."""
        if self.day_first == self.month_first:
            return default
        return DateOrder.DAY_FIRST if self.day_first > self.month_first else DateOrder.MONTH_FIRST


class DateReader:
    """Reads dates in `zone`, the zone of values that name none."""

    def __init__(self, zone: tzinfo, order: DateOrder = DateOrder.DAY_FIRST) -> None:
        self._zone, self._order = zone, order
        self._seen: dict[str, datetime | None] = {}

    def read(self, text: str) -> datetime | None:
        """The moment that `text` names, with zone; midnight where it names a day only. None for blank.

        Raises `NotADateError` with the reason.
        """
        try:
            # The shape that programs write, in C: less than a microsecond.
            if len(text) >= 10 and text[4] == "-":
                found = datetime.fromisoformat(text)
                if FIRST_YEAR <= found.year <= LAST_YEAR:
                    return (
                        found.replace(tzinfo=self._zone)
                        if found.tzinfo is None
                        else found.astimezone(self._zone)
                    )
        except ValueError:
            pass
        if text in self._seen:  # the days of a column repeat
            return self._seen[text]
        result = self._read_slowly(text)
        if len(self._seen) >= 20_000:
            self._seen.clear()
        self._seen[text] = result
        return result

    def _read_slowly(self, text: str) -> datetime | None:
        text = unicodedata.normalize("NFKC", text).strip().strip("'\"").strip()
        if text.lower() in BLANK:
            return None
        if len(text) > 60:
            raise NotADateError(DateTrouble.NOT_A_DATE)
        if match := _YEAR_FIRST.match(text):
            return self._moment(match, int(match["year"]), int(match["month"]), int(match["day"]))
        if match := _YEAR_LAST.match(text):
            first, second = int(match["first"]), int(match["second_number"])
            day, month = (first, second) if self._order is DateOrder.DAY_FIRST else (second, first)
            # One row that cannot be meant the column's way is read the only way that it can.
            if month > 12 >= day:
                day, month = month, day
            return self._moment(match, _full_year(match["year"]), month, day)
        if match := _NAMED.match(text):
            month_number = _MONTHS.get((match["name"] or match["name2"])[:3].lower())
            if month_number is not None:
                return self._moment(
                    match, _full_year(match["year"]), month_number, int(match["day"] or match["day2"])
                )
        if match := _COMPACT.match(text):
            year, month, day, hour, minute, second_part = (int(part or 0) for part in match.groups())
            if FIRST_YEAR <= year <= LAST_YEAR:
                return self._build(year, month, day, hour, minute, second_part, 0, None)
        if _SERIAL.match(text):
            return self._serial(float(text))
        if _EPOCH.match(text):
            return self._epoch(text)
        if _INCOMPLETE.match(text):
            raise NotADateError(DateTrouble.INCOMPLETE)
        raise NotADateError(DateTrouble.NOT_A_DATE)

    def _moment(self, match: re.Match[str], year: int, month: int, day: int) -> datetime:
        hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
        half = (match["half"] or match["half2"] or "").lower()
        if half in _AFTERNOON and hour < 12:
            hour += 12
        elif half in _MORNING and hour == 12:
            hour = 0
        micro = int((match["fraction"] or "")[:6].ljust(6, "0"))
        return self._build(year, month, day, hour, minute, second, micro, _zone_of(match["zone"]))

    def _build(
        self,
        year: int,
        month: int,
        day: int,
        hour: int,
        minute: int,
        second: int,
        micro: int,
        zone: tzinfo | None,
    ) -> datetime:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise NotADateError(DateTrouble.OUT_OF_RANGE)
        try:
            date(year, month, day)
        except ValueError:
            raise NotADateError(DateTrouble.NO_SUCH_DAY) from None
        midnight_after = hour == 24 and minute == second == micro == 0
        try:
            found = datetime(
                year, month, day, 0 if midnight_after else hour, minute, second, micro, zone or self._zone
            )
        except ValueError:
            raise NotADateError(DateTrouble.NO_SUCH_TIME) from None
        if midnight_after:
            found += timedelta(days=1)
        return found if zone is None else found.astimezone(self._zone)

    def _serial(self, days: float) -> datetime:
        whole = int(days)
        day = _EXCEL_EPOCH + timedelta(days=whole)
        if not 1954 <= day.year <= LAST_YEAR:  # below 20,000 it is more likely any other number
            raise NotADateError(DateTrouble.NOT_A_DATE)
        seconds = round((days - whole) * 86_400)
        found = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return found + timedelta(seconds=seconds)

    def _epoch(self, text: str) -> datetime:
        number = float(text)
        if len(text.partition(".")[0]) == 13:
            number /= 1_000
        found = datetime.fromtimestamp(number, UTC)
        if not _EPOCHS_SINCE <= found.year <= LAST_YEAR:
            raise NotADateError(DateTrouble.NOT_A_DATE)
        return found.astimezone(self._zone)


def _full_year(text: str) -> int:
    """Two digits: 70 to 99 are of the last century."""
    year = int(text)
    if len(text) == 4:
        return year
    return year + (1900 if year >= 70 else 2000)


def _zone_of(text: str | None) -> tzinfo | None:
    if not text:
        return None
    offset = text.lower().removeprefix("utc").removeprefix("gmt")
    if offset in ("", "z"):
        return UTC
    sign = -1 if offset[0] == "-" else 1
    digits = offset[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    if hours > 14 or minutes > 59:
        raise NotADateError(DateTrouble.NO_SUCH_TIME)
    return timezone(sign * timedelta(hours=hours, minutes=minutes))
