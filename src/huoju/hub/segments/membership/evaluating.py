"""Evaluating many segments at once: one statement says for each who is in, who was, and when to look again.

The facts of those who are asked for are read once a kind, whatever the number of segments that look at them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Literal

from django.db import connection

from huoju.core.bulk import numbers
from huoju.core.facts.operations import NewFact, append
from huoju.core.lake.facttables import columns_of, fact_tables

from ..asking import company_zone, offset_at, select_table, set_now, state_statement
from ..compiler import column_of
from ..facts import SegmentEntered, SegmentLeft
from ..policy.formula import CountLeaf, Formula, SequenceLeaf, TraitLeaf, Where, literals
from ..queries import Running
from ..registry import derived

type Cause = Literal["change", "time", "build"]

TOGETHER = 50
"""Segments a statement."""

MOMENT = "current_setting('huoju.segments_now')::timestamptz"

ACTOR = "reader:segments"


@dataclass(frozen=True, slots=True)
class Ask:
    """A segment and whom to evaluate for it: persons with their profiles, and the `scope`, whose memberships end unless
    they are found to be in."""

    segment: Running
    people: Sequence[int]
    profiles: Sequence[int]
    scope: Sequence[int]


@dataclass(frozen=True, slots=True)
class Move:
    """Who entered a segment, by a version of its definition, and who left it."""

    segment_id: int
    version: int
    came: Sequence[int] = ()
    gone: Sequence[int] = ()


def is_derived(segment: Running) -> bool:
    """Whether the segment asks for what other readers of the log write."""
    sources = derived()
    leaves = (literal.leaf for literal in literals(segment.formula))
    return any(isinstance(leaf, TraitLeaf) and leaf.source in sources for leaf in leaves)


def evaluate(asks: Iterable[Ask], *, now: datetime, cause: Cause) -> int:
    """Bring the memberships of those asked for in line, and tell the log; returns how many entered or left."""
    # Side by side those that look at the same facts.
    ordered = sorted(asks, key=lambda ask: (sorted(ask.segment.depends.kinds), ask.segment.pk))
    set_now(now)
    moves = [move for some in batched(ordered, TOGETHER, strict=False) for move in _evaluate(some, now)]
    report(moves, now=now, cause=cause)
    return sum(len(move.came) + len(move.gone) for move in moves)


def _evaluate(asks: Sequence[Ask], now: datetime) -> Iterator[Move]:
    offset = offset_at(now)
    states = {ask.segment.pk: state_statement(ask.segment.formula, offset) for ask in asks}
    names = sorted({name for state in states.values() for name in state.names})
    formulas = [ask.segment.formula for ask in asks]
    tables = "".join(f', "{name}" AS {_table(name, formulas)}' for name in names)
    states_sql = " UNION ALL ".join(
        f"""SELECT {pk}::bigint AS segment_id, profile_id, member, due_at FROM (
                WITH segment_among AS MATERIALIZED (
                    SELECT person_id, profile_id FROM asked WHERE segment_id = {pk}
                ) {state.body}) AS of_{pk}"""
        for pk, state in states.items()
    )
    sql = f"""
        WITH asked AS MATERIALIZED (SELECT * FROM unnest(
            {_array(ask.segment.pk for ask in asks for _ in ask.people)},
            {_array(person for ask in asks for person in ask.people)},
            {_array(profile for ask in asks for profile in ask.profiles)}) AS u(segment_id, person_id, profile_id)
        ), scope AS MATERIALIZED (SELECT * FROM unnest(
            {_array(ask.segment.pk for ask in asks for _ in ask.scope)},
            {_array(profile for ask in asks for profile in ask.scope)}) AS u(segment_id, profile_id)
        ){tables}, state AS MATERIALIZED ({states_sql}),
        gone AS (
            UPDATE segments_membership m SET left_at = {MOMENT} FROM scope
            WHERE m.segment_id = scope.segment_id AND m.profile_id = scope.profile_id AND m.left_at IS NULL
              AND NOT EXISTS (SELECT FROM state s WHERE s.member
                              AND s.segment_id = scope.segment_id AND s.profile_id = scope.profile_id)
            RETURNING m.segment_id, m.profile_id
        ), came AS (
            INSERT INTO segments_membership (segment_id, profile_id, entered_at)
            SELECT segment_id, profile_id, {MOMENT} FROM state WHERE member
            ON CONFLICT (segment_id, profile_id) WHERE left_at IS NULL DO NOTHING
            RETURNING segment_id, profile_id
        ), undue AS (
            DELETE FROM segments_due d USING scope
            WHERE d.segment_id = scope.segment_id AND d.profile_id = scope.profile_id
              AND NOT EXISTS (SELECT FROM state s WHERE s.due_at IS NOT NULL
                              AND s.segment_id = scope.segment_id AND s.profile_id = scope.profile_id)
        ), due AS (
            INSERT INTO segments_due (segment_id, profile_id, due_at)
            SELECT segment_id, profile_id, due_at FROM state WHERE due_at IS NOT NULL
            ON CONFLICT (segment_id, profile_id) DO UPDATE SET due_at = excluded.due_at
            WHERE segments_due.due_at <> excluded.due_at
        )
        SELECT segment_id, profile_id, true FROM came UNION ALL SELECT segment_id, profile_id, false FROM gone"""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = sorted(cursor.fetchall())
    for ask in asks:
        mine = [row for row in rows if row[0] == ask.segment.pk]
        if mine:
            came = [profile_id for _, profile_id, entered in mine if entered]
            yield Move(
                ask.segment.pk,
                ask.segment.version,
                came,
                [profile_id for _, profile_id, entered in mine if not entered],
            )


def _array(ids: Iterable[int]) -> str:
    return f"'{numbers(ids)}'::bigint[]"


def _table(name: str, formulas: Sequence[Formula]) -> str:
    """A table that the states stand on: of facts, only those that somebody asks for, read once for all."""
    if (kind := fact_tables().get(name)) is None:
        return f"NOT MATERIALIZED ({select_table(name)})"
    wheres, days = _looked_at(kind.name, formulas)
    known = columns_of(kind)
    columns = {column_of(known, test[0]) for where in wheres for test in where}
    chosen = ", ".join(f'"{column}"' for column in ("person_id", "occurred_at", *sorted(columns)))
    since = "" if days is None else f" AND occurred_at > {MOMENT} - interval '{days * 86_400} seconds'"
    return f"""MATERIALIZED (SELECT {chosen} FROM ({select_table(name)}) AS f
        WHERE person_id IN (SELECT person_id FROM asked){since})"""


def _looked_at(kind: str, formulas: Sequence[Formula]) -> tuple[set[Where], int | None]:
    """The conditions on facts of a kind, and how many days back they look; None: without end."""
    wheres: set[Where] = set()
    windows: set[int | None] = set()
    for formula in formulas:
        for literal in literals(formula):
            match literal.leaf:
                case CountLeaf(kind=counted, where=where, days=days) if counted == kind:
                    wheres.add(where)
                    windows.add(days)
                case SequenceLeaf(steps=steps, days=days) if any(step.kind == kind for step in steps):
                    wheres |= {step.where for step in steps if step.kind == kind}
                    windows.add(days)
                case _:
                    pass
    bounded = [days for days in windows if days is not None]
    return wheres, max(bounded) if bounded and len(bounded) == len(windows) else None


def report(moves: Sequence[Move], *, now: datetime, cause: Cause) -> None:
    """Tell the log who entered and left, and count them."""
    if not moves:
        return
    facts: list[NewFact] = []
    for move in moves:
        told = {"segment_id": move.segment_id, "version": move.version, "cause": cause}
        entered, left = SegmentEntered(**told), SegmentLeft(**told)  # type: ignore[arg-type]
        facts += [NewFact(payload=entered, occurred_at=now, person_id=pk) for pk in move.came]
        facts += [NewFact(payload=left, occurred_at=now, person_id=pk) for pk in move.gone]
    append(facts, actor=ACTOR, source="hub.segments", now=now)
    day = now.astimezone(company_zone()).date()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO segments_tally (segment_id, day, entered, "left")
               SELECT segment_id, %s, came, gone
               FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS u(segment_id, came, gone)""",
            [
                day,
                numbers(move.segment_id for move in moves),
                numbers(len(move.came) for move in moves),
                numbers(len(move.gone) for move in moves),
            ],
        )
