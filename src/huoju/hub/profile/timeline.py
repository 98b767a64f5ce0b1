"""A person's timeline: every fact of all members, and of the visitors that they were; filtered and paged.

Text is looked for in what people read, so it is told first and searched then: a page looks through `SCAN` facts at most
and goes on from there, so a request never takes long, however rare the word and long the history.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huoju.core.facts import queries as facts
from huoju.core.facts.telling import tell, told_kinds
from huoju.core.ui.parts import DayOfEvents, Event, Label
from huoju.core.ui.timeline import by_day
from huoju.hub.identity.queries import list_visitors

from .registry import all_groups

PAGE = 40
CHUNK = 250
SCAN = 2000
INTEREST = "interest"
"""The group of what people do by themselves."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a timeline. `older` is the cursor of the next one, empty at the end."""

    days: list[DayOfEvents]
    older: str


def group_options() -> list[tuple[str, Label]]:
    """What the timeline can be narrowed to."""
    return [(group.code, group.label) for group in all_groups()]


def kinds_of(group: str) -> list[str]:
    """The kinds of a group; all that are told without one."""
    chosen = next((each for each in all_groups() if each.code == group), None)
    told = told_kinds()
    if chosen is None:
        return told
    earlier = all_groups()[: all_groups().index(chosen)]
    return [kind for kind in told if chosen.has(kind) and not any(each.has(kind) for each in earlier)]


def read_cursor(text: str) -> tuple[datetime, UUID] | None:
    """The position that a page's `older` names. Raises `ValueError`."""
    if not text:
        return None
    moment, _sep, id_ = text.partition("|")
    return datetime.fromisoformat(moment), UUID(id_)


def read_page(
    members: Sequence[int], *, group: str = "", text: str = "", before: tuple[datetime, UUID] | None = None
) -> Page:
    """The page of the timeline that follows `before`."""
    kinds, visitors = kinds_of(group), list_visitors(members)
    wanted = text.strip().casefold()
    size = CHUNK if wanted else PAGE
    found: list[Event] = []
    for _round in range(SCAN // CHUNK if wanted else 1):
        stored = facts.list_facts_of_persons(
            members, visitor_ids=visitors, kinds=kinds, before=before, limit=size + 1
        )
        shown = stored[:size]
        for event, fact in zip(tell(shown), shown, strict=True):
            if len(found) == PAGE:
                return _page(found, before)
            before = (fact.occurred_at, fact.id)
            if wanted in f"{event.title} {event.text} {event.actor}".casefold():
                found.append(event)
        if len(stored) <= size:
            return _page(found, None)
    return _page(found, before)


def _page(events: Sequence[Event], last: tuple[datetime, UUID] | None) -> Page:
    return Page(by_day(events), f"{last[0].isoformat()}|{last[1]}" if last else "")


def last_heard(members: Sequence[int]) -> Event | None:
    """The last thing that the person did: the newest fact of the group of interests. None if there was none."""
    kinds = kinds_of(INTEREST)
    stored = facts.list_facts_of_persons(members, kinds=kinds, limit=1) if kinds else []
    return next(iter(tell(stored)), None)
