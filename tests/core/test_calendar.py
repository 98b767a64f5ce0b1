"""Days and working time."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.core.calendar import (
    WorkingTime,
    add_months,
    day_bounds,
    days_between,
    local_date,
    months_between,
    zone,
)

SHANGHAI = zone()
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_a_day_is_the_day_of_the_zone() -> None:
    late = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
    assert local_date(late, SHANGHAI) == date(2026, 3, 2)
    assert local_date(late, UTC) == date(2026, 3, 1)
    start, end = day_bounds(date(2026, 3, 2), SHANGHAI)
    assert (start, end) == (datetime(2026, 3, 1, 16, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC))


def test_a_day_of_a_clock_change_has_23_hours() -> None:
    start, end = day_bounds(date(2026, 3, 29), zone("Europe/Berlin"))
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=23)


def test_calendar_days_count_midnights() -> None:
    assert days_between(at("2026-03-02T23:59"), at("2026-03-03T00:01"), SHANGHAI) == 1
    assert days_between(at("2026-03-03T00:01"), at("2026-03-03T23:59"), SHANGHAI) == 0
    assert days_between(at("2026-03-05T00:01"), at("2026-03-03T23:59"), SHANGHAI) == -2


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
        (date(2026, 11, 30), 13, date(2027, 12, 30)),
    ],
)
def test_months_are_added_within_the_month(day: date, months: int, result: date) -> None:
    assert add_months(day, months) == result


def test_months_of_a_span() -> None:
    assert list(months_between(date(2025, 11, 20), date(2026, 1, 2))) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
    ]
    assert list(months_between(date(2026, 2, 1), date(2026, 1, 1))) == []


OFFICE = WorkingTime(SHANGHAI)


@pytest.mark.parametrize(
    ("start", "hours", "deadline"),
    [
        ("2026-03-02T10:00", 4, "2026-03-02T14:00"),
        ("2026-03-02T16:00", 4, "2026-03-03T11:00"),
        ("2026-03-06T16:00", 4, "2026-03-09T11:00"),  # over the weekend
        ("2026-03-07T12:00", 1, "2026-03-09T10:00"),  # from a Saturday
        ("2026-03-02T03:00", 1, "2026-03-02T10:00"),  # before work
        ("2026-03-02T20:00", 1, "2026-03-03T10:00"),  # after work
        ("2026-03-02T09:00", 9, "2026-03-02T18:00"),
        ("2026-03-02T09:00", 45, "2026-03-06T18:00"),
    ],
)
def test_a_deadline_counts_working_time(start: str, hours: int, deadline: str) -> None:
    assert OFFICE.add(at(start), timedelta(hours=hours)) == at(deadline)


def test_holidays_and_days_worked_instead() -> None:
    office = WorkingTime(
        SHANGHAI, holidays=frozenset({date(2026, 3, 2)}), workdays=frozenset({date(2026, 3, 7)})
    )
    assert not office.is_open(at("2026-03-02T10:00"))
    assert office.is_open(at("2026-03-07T10:00"))
    assert office.next_open(at("2026-03-02T10:00")) == at("2026-03-03T09:00")


def test_open_hours_end_at_closing_time() -> None:
    assert OFFICE.is_open(at("2026-03-02T09:00"))
    assert not OFFICE.is_open(at("2026-03-02T18:00"))
    assert OFFICE.next_open(at("2026-03-02T18:00")) == at("2026-03-03T09:00")
    assert OFFICE.next_open(at("2026-03-02T10:30")) == at("2026-03-02T10:30")


@given(MOMENTS, st.integers(0, 200 * 60))
def test_a_deadline_is_that_much_working_time_away(start: datetime, minutes: int) -> None:
    wait = timedelta(minutes=minutes)
    assert OFFICE.between(start, OFFICE.add(start, wait)) == wait


@given(MOMENTS, MOMENTS, MOMENTS)
def test_working_time_adds_up(a: datetime, b: datetime, c: datetime) -> None:
    a, b, c = sorted([a, b, c])
    assert OFFICE.between(a, b) + OFFICE.between(b, c) == OFFICE.between(a, c)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="end after it begins"):
        WorkingTime(SHANGHAI, time(18), time(9))
    with pytest.raises(ValueError, match="weekdays"):
        WorkingTime(SHANGHAI, weekdays=frozenset({7}))
    with pytest.raises(ValueError, match="lies ahead"):
        OFFICE.add(at("2026-03-02T10:00"), timedelta(hours=-1))
