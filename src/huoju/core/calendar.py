"""Days and working time in a zone. Pure: `now` is always an argument.

Days are calendar days of a zone (a lead captured on Monday at 23:59 and won on Tuesday at 00:01 took one day); working
time is what a service level counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

DEFAULT_ZONE = "Asia/Shanghai"


@cache
def zone(name: str = DEFAULT_ZONE) -> ZoneInfo:
    """The time zone called `name`. Raises ZoneInfoNotFoundError or ValueError if there is none."""
    return ZoneInfo(name)


def local_date(at: datetime, tz: tzinfo) -> date:
    """The calendar day on which `at` falls in `tz`."""
    return at.astimezone(tz).date()


def day_bounds(day: date, tz: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of `day` in `tz` and the first moment after it. A day of a clock change has 23 or 25 hours."""
    start = datetime.combine(day, time(), tz)
    return start, datetime.combine(day + timedelta(days=1), time(), tz)


def days_between(earlier: datetime, later: datetime, tz: tzinfo) -> int:
    """Calendar days from `earlier` to `later` in `tz`; negative if they are the other way round."""
    return (local_date(later, tz) - local_date(earlier, tz)).days


def month_start(day: date) -> date:
    """The first day of the month of `day`."""
    return day.replace(day=1)


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later (or earlier), or that month's last day if it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))


def months_between(first: date, last: date) -> Iterator[date]:
    """The first day of each month from that of `first` to that of `last`, both included."""
    month, end = month_start(first), month_start(last)
    while month <= end:
        yield month
        month = add_months(month, 1)


# --- Working time --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """When people work: hours of the weekdays (0 is Monday) in a zone.

    `holidays` are days off in spite of their weekday, `workdays` days on in spite of it (调休, the days that are worked
    to make up for a long holiday). All moments in answers are in UTC.
    """

    tz: tzinfo
    opens: time = time(9)
    closes: time = time(18)
    weekdays: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.opens < self.closes:
            raise ValueError("work must end after it begins, on the same day")
        if not self.weekdays <= frozenset(range(7)) or not (self.weekdays or self.workdays):
            raise ValueError("weekdays run from 0 (Monday) to 6 (Sunday), and there must be one")

    def is_workday(self, day: date) -> bool:
        """Whether people work on `day`."""
        return day in self.workdays or (day.weekday() in self.weekdays and day not in self.holidays)

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is working time."""
        local = at.astimezone(self.tz)
        return self.is_workday(local.date()) and self.opens <= local.time() < self.closes

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        # In UTC, because sums and differences within one zone are of wall clocks and would miss a clock change.
        opens, closes = (
            datetime.combine(day, self.opens, self.tz),
            datetime.combine(day, self.closes, self.tz),
        )
        return opens.astimezone(UTC), closes.astimezone(UTC)

    def _workdays_from(self, day: date) -> Iterator[date]:
        # Two years without a workday is a setting gone wrong, not a holiday.
        for _ in range(732):
            if self.is_workday(day):
                yield day
            day += timedelta(days=1)
        raise ValueError("no working day within two years")

    def next_open(self, at: datetime) -> datetime:
        """`at` itself if it is working time, else the moment when work next begins."""
        for day in self._workdays_from(local_date(at, self.tz)):
            opens, closes = self._hours(day)
            if at < closes:
                return max(at.astimezone(UTC), opens)
        raise AssertionError("unreachable")

    def add(self, at: datetime, duration: timedelta) -> datetime:
        """The moment when `duration` of working time has passed since `at`: a deadline ("4 working hours")."""
        if duration < timedelta():
            raise ValueError("a deadline lies ahead")
        at, left = at.astimezone(UTC), duration
        for day in self._workdays_from(local_date(at, self.tz)):
            opens, closes = self._hours(day)
            start = max(at, opens)
            if start >= closes:
                continue
            if start + left <= closes:
                return start + left
            left -= closes - start
        raise AssertionError("unreachable")

    def between(self, earlier: datetime, later: datetime) -> timedelta:
        """The working time from `earlier` to `later` (zero if they are the other way round)."""
        total = timedelta()
        earlier, later = earlier.astimezone(UTC), later.astimezone(UTC)
        day, last = local_date(earlier, self.tz), local_date(later, self.tz)
        while day <= last:
            if self.is_workday(day):
                opens, closes = self._hours(day)
                total += max(min(later, closes) - max(earlier, opens), timedelta())
            day += timedelta(days=1)
        return total
