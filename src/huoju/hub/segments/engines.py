"""A formula over everybody: on PostgreSQL, or where people are many over the lake, with the fresh tail of the log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
from django.db import connection

from huoju.core.lake import operations as lake
from huoju.core.lake.engines import Engine, engine
from huoju.core.lake.manifest import BusyError
from huoju.core.lake.queries import list_positions

from .asking import compiler, fact, is_timed_formula, iterate, offset_at, sources, statement
from .compiler import Compiler
from .policy.formula import Formula
from .queries import MERGES, people_of_companies

MANY = 100_000
"""From so many persons on the lake is asked instead of PostgreSQL."""

SAMPLE = 10


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Who is in; when time alone may change it, for whom; and who has to be looked at again because the view was older
    than the log."""

    members: set[int]
    due: Iterable[tuple[int, datetime]]
    unsure: Iterable[int] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """How many a definition holds of, and some of them."""

    count: int
    sample: Sequence[int]


def evaluate_all(formula: Formula, *, now: datetime) -> Evaluated:
    """A formula over everybody. Reads only (and lets the lake flow where it is asked)."""
    if _are_many() and (found := _over_the_lake(formula, now=now)) is not None:
        return found
    return _in_postgres(formula, now=now)


def preview(formula: Formula, *, now: datetime) -> Preview:
    """Count and sample, as fresh as the engine is: over the lake, as of its last flow."""
    if _are_many() and _flowed_with(formula, now):
        members = _lake_compiler(now).members(formula)
        rows = engine().rows(
            members.order_by(ibis.desc("profile_id")).mutate(n=ibis._.count().over()).limit(SAMPLE)
        )
        return Preview(int(rows[0][1]) if rows else 0, [int(row[0]) for row in rows])
    found = statement(compiler(sources(), offset_at(now), restricted=False, now=now).members(formula))
    tables = f"{found.tables}, " if found.tables else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH {tables}members AS MATERIALIZED ({found.body})
                SELECT (SELECT count(*) FROM members),
                       ARRAY(SELECT profile_id FROM members ORDER BY profile_id DESC LIMIT {SAMPLE})"""
        )
        count, sample = cursor.fetchone()
    return Preview(count, sample)


def _in_postgres(formula: Formula, *, now: datetime) -> Evaluated:
    found = compiler(sources(), offset_at(now), restricted=False, now=now)
    members: set[int] = set()
    due: list[tuple[int, datetime]] = []
    if not is_timed_formula(formula):
        for rows in iterate(statement(found.members(formula)).whole()):
            members.update(row[0] for row in rows)  # type: ignore[misc]
        return Evaluated(members, due)
    for rows in iterate(statement(found.state(formula)).whole()):
        for profile_id, member, due_at in rows:
            if member:
                members.add(profile_id)  # type: ignore[arg-type]
            if due_at is not None:
                due.append((profile_id, due_at))  # type: ignore[arg-type]
    return Evaluated(members, due)


# --- the lake -----------------------------------------------------------------------------------------------------


def _are_many() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'identity_person'::regclass")
        return bool(cursor.fetchone()[0] >= MANY)


def _lake_compiler(now: datetime) -> Compiler:
    # The moment as a literal: the engine skips files by it.
    return Compiler(sources(), fact, ibis.literal(now, "timestamp('UTC')"), offset_at(now))


def _over_the_lake(formula: Formula, *, now: datetime) -> Evaluated | None:
    """The lake is brought up to date and asked; whoever the log has told of since its position is unsure. None where
    something did not flow."""
    try:
        lake.flow(now=now)
    except BusyError:
        return None
    edge = _flowed_with(formula, now)
    if edge is None:
        return None
    return evaluate_in(engine(), formula, now=now, unsure=_told_since(edge))


def evaluate_in(asked: Engine, formula: Formula, *, now: datetime, unsure: Iterable[int] = ()) -> Evaluated:
    """A formula over everybody in an engine of the lake."""
    made = _lake_compiler(now)
    if not is_timed_formula(formula):
        answer = asked.run(made.members(formula))
        return Evaluated(set(answer["profile_id"].to_pylist()), [], unsure)
    state = made.state(formula)
    state = state.filter(state.member | state.due_at.notnull())
    answer = asked.run(state)
    ids, inside, moments = (answer[name].to_pylist() for name in ("profile_id", "member", "due_at"))
    members = {pk for pk, member in zip(ids, inside, strict=True) if member}
    due = [(pk, at) for pk, at in zip(ids, moments, strict=True) if at is not None]
    return Evaluated(members, due, unsure)


def _flowed_with(formula: Formula, now: datetime) -> int | None:
    """The position up to which the log has flowed; None unless every table of the formula has flowed as late."""
    positions = list_positions()
    tx, flowed_at = positions.get("facts", (0, None))
    if flowed_at is None:
        return None
    for name in engine("duckdb").compiled(_lake_compiler(now).members(formula)).names:
        if name.startswith("fact_"):
            continue
        at = positions.get(name, (0, None))[1]
        if at is None or at < flowed_at:
            return None
    return tx


def _told_since(edge: int) -> list[int]:
    """Everybody of whom the log has told at or after the position."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT person_id, company_id, kind = ANY(%s), (payload ->> 'profile_id')
               FROM facts_fact WHERE tx >= %s""",
            [list(MERGES), edge],
        )
        rows = cursor.fetchall()
    people = {row[0] for row in rows if row[0] is not None}
    people |= {int(row[3]) for row in rows if row[2] and row[3]}
    companies = sorted({row[1] for row in rows if row[0] is None and row[1] is not None})
    return sorted(people.union(*people_of_companies(companies).values()))
