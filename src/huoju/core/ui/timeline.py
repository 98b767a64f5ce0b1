"""A timeline: events by day, newest first."""

from collections.abc import Iterable
from itertools import groupby

from django.utils import timezone

from .parts import DayOfEvents, Event


def by_day(events: Iterable[Event]) -> list[DayOfEvents]:
    """Events grouped by the day on which they happened in the user's zone."""
    newest_first = sorted(events, key=lambda event: event.at, reverse=True)
    groups = groupby(newest_first, key=lambda event: timezone.localtime(event.at).date())
    return [DayOfEvents(day, list(found)) for day, found in groups]
