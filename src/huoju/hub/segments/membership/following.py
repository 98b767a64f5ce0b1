"""Keeping memberships up to date: whoever something happened to is evaluated, segment by segment, set by set."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from django.db import connection, transaction

from huoju.core.bulk import numbers
from huoju.core.facts.operations import NewFact, append

from ..asking import company_zone, is_timed_formula, offset_at, set_now, state_statement
from ..facts import SegmentEntered, SegmentLeft
from ..policy.formula import TraitLeaf, literals
from ..queries import Running, people_among, running
from ..registry import derived
from .locks import own_profiles, share_gate

type Cause = Literal["change", "time", "build"]

DUE_AT_ONCE = 2_000
"""How many due (segment, profile) pairs are worked off in one transaction."""

SETTLED = timedelta(seconds=10)
"""After a fact, values that other readers derive from it (scores) are looked at once more: they may come later."""

ACTOR = "reader:segments"


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
    set_now(now)
    moved = 0
    for segment in live:
        moved += evaluate(segment, among.of(wanted[segment.pk]), now=now, cause=cause)
        if cause == "change" and _is_derived(segment):
            _look_again(segment, among.of(wanted[segment.pk])[1], now + SETTLED)
    return moved


def _is_derived(segment: Running) -> bool:
    sources = derived()
    leaves = (literal.leaf for literal in literals(segment.formula))
    return any(isinstance(leaf, TraitLeaf) and leaf.source in sources for leaf in leaves)


def _look_again(segment: Running, profile_ids: Collection[int], at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO segments_due (segment_id, profile_id, due_at)
               SELECT DISTINCT %s, id, %s::timestamptz FROM unnest(%s::bigint[]) AS u(id)
               ON CONFLICT (segment_id, profile_id)
               DO UPDATE SET due_at = least(segments_due.due_at, excluded.due_at)""",
            [segment.pk, at, numbers(profile_ids)],
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
        self.people, self.profiles = list(people), list(profiles)
        self._profile_of = dict(zip(self.people, self.profiles, strict=True))

    def of(self, asked: Collection[int]) -> tuple[list[int], list[int], list[int]]:
        """Persons and profiles that `asked` are read as, and whose memberships are looked after: theirs, and those
        of `asked` themselves (a merged person must not stay a member)."""
        wanted = {self._profile_of.get(person, person) for person in asked}
        pairs = [pair for pair in zip(self.people, self.profiles, strict=True) if pair[1] in wanted]
        return [person for person, _ in pairs], [profile for _, profile in pairs], sorted(wanted | set(asked))


def evaluate(
    segment: Running, among: tuple[list[int], list[int], list[int]], *, now: datetime, cause: Cause
) -> int:
    """One segment over some profiles, in one statement: who is in, who was, when to look again. The setting of `now` is
    the caller's."""
    people, profiles, scope = among
    asked = state_statement(segment.formula, offset_at(now))
    tables = f", {asked.tables}" if asked.tables else ""
    due = _DUE if is_timed_formula(segment.formula) or _is_derived(segment) else ""
    sql = f"""
        WITH segment_among AS MATERIALIZED (
            SELECT * FROM unnest(%(people)s::bigint[], %(profiles)s::bigint[]) AS u(person_id, profile_id)
        ), scope AS MATERIALIZED (SELECT unnest(%(scope)s::bigint[]) AS id){tables.replace("%", "%%")},
        state AS MATERIALIZED ({asked.body.replace("%", "%%")}),
        gone AS (
            UPDATE segments_membership m SET left_at = %(now)s FROM scope
            WHERE m.segment_id = %(segment)s AND m.left_at IS NULL AND m.profile_id = scope.id
              AND NOT EXISTS (SELECT FROM state WHERE state.profile_id = scope.id AND state.member)
            RETURNING m.profile_id
        ), came AS (
            INSERT INTO segments_membership (segment_id, profile_id, entered_at)
            SELECT %(segment)s, profile_id, %(now)s FROM state WHERE member
            ON CONFLICT (segment_id, profile_id) WHERE left_at IS NULL DO NOTHING
            RETURNING profile_id
        ){due}
        SELECT true, profile_id FROM came UNION ALL SELECT false, profile_id FROM gone"""
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "people": numbers(people),
                "profiles": numbers(profiles),
                "scope": numbers(scope),
                "now": now,
                "segment": segment.pk,
            },
        )
        rows = cursor.fetchall()
    came = sorted(profile_id for entered, profile_id in rows if entered)
    gone = sorted(profile_id for entered, profile_id in rows if not entered)
    report(segment.pk, segment.version, came, gone, now=now, cause=cause)
    return len(rows)


_DUE = """, undue AS (
            DELETE FROM segments_due d USING scope
            WHERE d.segment_id = %(segment)s AND d.profile_id = scope.id
              AND NOT EXISTS (SELECT FROM state WHERE state.profile_id = scope.id AND state.due_at IS NOT NULL)
        ), due AS (
            INSERT INTO segments_due (segment_id, profile_id, due_at)
            SELECT %(segment)s, profile_id, due_at FROM state WHERE due_at IS NOT NULL
            ON CONFLICT (segment_id, profile_id) DO UPDATE SET due_at = excluded.due_at
            WHERE segments_due.due_at <> excluded.due_at
        )"""


def report(
    segment_id: int, version: int, came: Sequence[int], gone: Sequence[int], *, now: datetime, cause: Cause
) -> None:
    """Tell the log who entered and left, and count them."""
    if not came and not gone:
        return
    facts: list[NewFact] = []
    for profile_id in came:
        entered = SegmentEntered(segment_id=segment_id, version=version, cause=cause)
        facts.append(NewFact(payload=entered, occurred_at=now, person_id=profile_id))
    for profile_id in gone:
        left = SegmentLeft(segment_id=segment_id, version=version, cause=cause)
        facts.append(NewFact(payload=left, occurred_at=now, person_id=profile_id))
    append(facts, actor=ACTOR, source="hub.segments", now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO segments_tally (segment_id, day, entered, "left") VALUES (%s, %s, %s, %s)',
            [segment_id, now.astimezone(company_zone()).date(), len(came), len(gone)],
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
