"""Building a segment from everybody: who is in, written in short transactions while the log goes on.

1. The gate is closed for a moment: from then on readers note whom they would have evaluated, in `Touched`.
2. Everybody is evaluated on one view of the data. Nothing is written meanwhile, so nobody waits.
3. The differences are written, some thousand rows a transaction, each with its facts.
4. Those in `Touched` are evaluated afresh; the last of them with the gate closed, and the segment is live.

A build that dies is run again by the queue and finds what it wrote already there.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import batched

from django.db import connection, transaction
from django.db.models import F

from huoju.core.bulk import numbers

from ..asking import company_zone, is_timed_formula
from ..engines import evaluate_all
from ..models import Membership, Segment, Touched
from ..policy.formula import dependencies, normalise
from ..policy.parsing import DefinitionError
from ..queries import Running, people_among, vocabulary
from .evaluating import Ask, Move, evaluate, report
from .locks import close_gate, own_profiles, share_gate

CHUNK = 5_000
"""Rows a transaction."""

LAST = 500
"""How many may be left to look at when the gate is closed for good."""


def build(*, segment_id: int, now: datetime) -> int:
    """Evaluate the segment over everybody and bring its memberships in line; returns how many entered or left.

    A segment that names something that is gone becomes `BROKEN` and keeps its members. Not for a caller's transaction,
    except in tests.
    """
    segment = _begin(segment_id)
    if segment is None:
        return 0
    state = evaluate_all(segment.formula, now=now)
    touch(segment_id, state.unsure)
    before = set(
        Membership.objects.filter(segment_id=segment_id, left_at=None).values_list("profile_id", flat=True)
    )
    came, gone = sorted(state.members - before), sorted(before - state.members)
    _set_progress(segment_id, done=0, total=len(came) + len(gone))
    moved = 0
    for chunk in batched(came, CHUNK, strict=False):
        moved += _enter(segment, chunk, now)
    for chunk in batched(gone, CHUNK, strict=False):
        moved += _leave(segment, chunk, now)
    _replace_due(segment, state.due)
    return moved + _finish(segment, now)


def _begin(segment_id: int) -> Running | None:
    """Close the door behind the old definition; None for a segment that is archived, gone or broken."""
    with transaction.atomic():
        close_gate()
        segment = Segment.objects.select_for_update().filter(pk=segment_id, archived=False).first()
        if segment is None:
            return None
        known = vocabulary()
        try:
            formula = normalise(known.segments[segment_id], known, company_zone())
        except (KeyError, DefinitionError):
            Segment.objects.filter(pk=segment_id).update(state=Segment.State.BROKEN)
            return None
        Segment.objects.filter(pk=segment_id).update(
            state=Segment.State.BUILDING, build_done=0, build_total=0
        )
        Touched.objects.filter(segment_id=segment_id).delete()
        return Running(segment_id, segment.version, True, formula, dependencies(formula, known))


def touch(segment_id: int, person_ids: Iterable[int]) -> None:
    """Have these looked at before the segment goes live."""
    for chunk in batched(sorted(person_ids), CHUNK, strict=False):
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO segments_touched (segment_id, person_id)
                   SELECT %s, unnest(%s::bigint[]) ON CONFLICT DO NOTHING""",
                [segment_id, numbers(chunk)],
            )


def _set_progress(segment_id: int, *, done: int, total: int) -> None:
    Segment.objects.filter(pk=segment_id).update(build_done=done, build_total=total)


def _enter(segment: Running, profile_ids: Sequence[int], now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO segments_membership (segment_id, profile_id, entered_at)
               SELECT %s, p.id, %s FROM identity_person p WHERE p.id = ANY(%s::bigint[])
               ON CONFLICT (segment_id, profile_id) WHERE left_at IS NULL DO NOTHING RETURNING profile_id""",
            [segment.pk, now, numbers(profile_ids)],
        )
        came = sorted(pk for (pk,) in cursor.fetchall())
        report([Move(segment.pk, segment.version, came=came)] if came else [], now=now, cause="build")
        Segment.objects.filter(pk=segment.pk).update(build_done=F("build_done") + len(profile_ids))
    return len(came)


def _leave(segment: Running, profile_ids: Sequence[int], now: datetime) -> int:
    with transaction.atomic():
        gone = _end(segment.pk, segment.version, profile_ids, now)
        Segment.objects.filter(pk=segment.pk).update(build_done=F("build_done") + len(profile_ids))
    return gone


def _end(segment_id: int, version: int, profile_ids: Sequence[int], now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE segments_membership SET left_at = %s
               WHERE segment_id = %s AND left_at IS NULL AND profile_id = ANY(%s::bigint[]) RETURNING profile_id""",
            [now, segment_id, numbers(profile_ids)],
        )
        gone = sorted(pk for (pk,) in cursor.fetchall())
    report([Move(segment_id, version, gone=gone)] if gone else [], now=now, cause="build")
    return len(gone)


def empty(*, segment_id: int, now: datetime) -> int:
    """Let everybody leave an archived segment, some thousand a transaction, each with its fact; returns how many left.

    Stops where the segment is taken back meanwhile. Not for a caller's transaction, except in tests.
    """
    moved = 0
    while True:
        with transaction.atomic():
            segment = Segment.objects.select_for_update().filter(pk=segment_id, archived=True).first()
            inside = Membership.objects.filter(segment_id=segment_id, left_at=None)
            ids = list(inside.values_list("profile_id", flat=True)[:CHUNK])
            if segment is None or not ids:
                return moved
            moved += _end(segment_id, segment.version, ids, now)


def _replace_due(segment: Running, due: Iterable[tuple[int, datetime]]) -> None:
    """Exchange the moments at which time alone may change something."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM segments_due WHERE segment_id = %s", [segment.pk])
    if not is_timed_formula(segment.formula):
        return
    for chunk in batched(due, CHUNK, strict=False):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO segments_due (segment_id, profile_id, due_at)
                   SELECT %s, u.id, u.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS u(id, at)
                   JOIN identity_person p ON p.id = u.id ON CONFLICT DO NOTHING""",
                [segment.pk, numbers(pk for pk, _ in chunk), numbers(at for _, at in chunk)],
            )


def _finish(segment: Running, now: datetime) -> int:
    """Look at those of whom the log told something meanwhile; the last of them with the gate closed."""
    moved = 0
    while len(people := _take(segment.pk, CHUNK)) > LAST:
        with transaction.atomic():
            share_gate()
            moved += _look_again(segment, people, now)
    with transaction.atomic():
        close_gate()
        for people in _all_touched(segment.pk):
            moved += _look_again(segment, people, now)
        Segment.objects.filter(pk=segment.pk, version=segment.version, archived=False).update(
            state=Segment.State.LIVE, built_at=now
        )
    return moved


def _take(segment_id: int, limit: int) -> list[int]:
    rows = Touched.objects.filter(segment_id=segment_id).order_by("person_id")
    return list(rows.values_list("person_id", flat=True)[:limit])


def _all_touched(segment_id: int) -> Iterator[list[int]]:
    while people := _take(segment_id, CHUNK):
        yield people


def _look_again(segment: Running, person_ids: list[int], now: datetime) -> int:
    people, profiles = people_among(person_ids)
    own_profiles({*person_ids, *profiles})
    # Taken off the list first: what is told of them from here on puts them on it again.
    Touched.objects.filter(segment_id=segment.pk, person_id__in=person_ids).delete()
    people, profiles = people_among(person_ids)
    ask = Ask(segment, people, profiles, sorted({*person_ids, *profiles}))
    return evaluate([ask], now=now, cause="build")
