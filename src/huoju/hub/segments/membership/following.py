"""Keeping memberships up to date: whoever something happened to is evaluated, all segments together, set by set."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from huoju.core.bulk import numbers

from ..queries import Running, people_among, running
from .evaluating import Ask, Cause, evaluate, is_derived
from .locks import own_profiles, share_gate

DUE_AT_ONCE = 2_000
"""How many due (segment, profile) pairs are worked off in one transaction."""

SETTLED = timedelta(seconds=10)
"""After a fact, values that other readers derive from it (scores) are looked at once more: they may come later."""


def follow(touched: Mapping[int, Collection[int]], *, now: datetime, cause: Cause = "change") -> int:
    """Evaluate the profiles of `touched` (segment → persons) and write who entered and who left; returns how many.

    A segment that is being built only notes the persons; one that is archived or broken is left out. In the caller's
    transaction.
    """
    share_gate()
    by_id = {segment.pk: segment for segment in running()}
    wanted = {pk: set(people) for pk, people in touched.items() if people and pk in by_id}
    _note({pk: people for pk, people in wanted.items() if by_id[pk].building})
    live = [by_id[pk] for pk in sorted(wanted) if not by_id[pk].building]
    if not live:
        return 0
    everybody = sorted(set().union(*(wanted[segment.pk] for segment in live)))
    people, profiles = people_among(everybody)
    own_profiles({*everybody, *profiles})
    # Another may have merged or changed them while we waited: look again, now that nobody can.
    people, profiles = people_among(everybody)
    among = _Among(people, profiles)
    asks = [among.ask(segment, wanted[segment.pk]) for segment in live]
    moved = evaluate(asks, now=now, cause=cause)
    if cause == "change":
        _look_again([ask for ask in asks if is_derived(ask.segment)], now + SETTLED)
    return moved


def _look_again(asks: Sequence[Ask], at: datetime) -> None:
    pairs = [(ask.segment.pk, profile_id) for ask in asks for profile_id in sorted(set(ask.profiles))]
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO segments_due (segment_id, profile_id, due_at)
               SELECT segment_id, profile_id, %s::timestamptz
               FROM unnest(%s::bigint[], %s::bigint[]) AS u(segment_id, profile_id)
               ON CONFLICT (segment_id, profile_id)
               DO UPDATE SET due_at = least(segments_due.due_at, excluded.due_at)""",
            [at, numbers(pk for pk, _ in pairs), numbers(profile_id for _, profile_id in pairs)],
        )


def follow_due(*, now: datetime) -> int:
    """Evaluate what time alone may have changed by now; returns how many (segment, profile) pairs were looked at.

    One transaction of `DUE_AT_ONCE` at most: call it until it returns 0.
    """
    with transaction.atomic():
        share_gate()
        live = [segment.pk for segment in running() if not segment.building]
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT segment_id, profile_id FROM segments_due
                   WHERE due_at <= %s AND segment_id = ANY(%s::bigint[]) ORDER BY due_at LIMIT %s""",
                [now, numbers(live), DUE_AT_ONCE],
            )
            rows = cursor.fetchall()
        touched: dict[int, set[int]] = {}
        for segment_id, profile_id in rows:
            touched.setdefault(segment_id, set()).add(profile_id)
        follow(touched, now=now, cause="time")
        return len(rows)


class _Among:
    """The persons of the batch with their profiles, to be cut down to those of one segment."""

    def __init__(self, people: Sequence[int], profiles: Sequence[int]) -> None:
        self._profile_of = dict(zip(people, profiles, strict=True))
        self._members: dict[int, list[int]] = {}
        for person, profile in self._profile_of.items():
            self._members.setdefault(profile, []).append(person)

    def ask(self, segment: Running, asked: Collection[int]) -> Ask:
        """Persons and profiles that `asked` are read as, and whose memberships are looked after: theirs, and those
        of `asked` themselves (a merged person must not stay a member)."""
        wanted = {self._profile_of.get(person, person) for person in asked}
        pairs = [(person, profile) for profile in wanted for person in self._members.get(profile, ())]
        return Ask(
            segment,
            [person for person, _ in pairs],
            [profile for _, profile in pairs],
            sorted(wanted | set(asked)),
        )


def _note(building: Mapping[int, Iterable[int]]) -> None:
    """Write down whom a build has to look at before it goes live."""
    pairs = sorted((pk, person) for pk, people in building.items() for person in people)
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO segments_touched (segment_id, person_id)
               SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING""",
            [numbers(pk for pk, _ in pairs), numbers(person for _, person in pairs)],
        )
