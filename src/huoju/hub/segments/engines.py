"""A formula over everybody: on PostgreSQL, or where people are many over the lake, with the fresh tail of the log."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
from django.db import connection

from huoju.core.bulk import numbers
from huoju.core.lake import operations as lake
from huoju.core.lake.engines import Engine, engine
from huoju.core.lake.manifest import BusyError
from huoju.core.lake.queries import list_positions
from huoju.hub.profile.queries import MERGES

from .asking import compiler, fact, is_timed_formula, iterate, offset_at, sources, statement
from .compiler import AMONG, Compiler
from .policy.formula import Formula
from .queries import COMPANY_MERGES, people_among, people_of_companies, shared_kinds

MANY = 100_000
"""From so many persons on the lake is asked instead of PostgreSQL."""

SAMPLE = 10

DRAWN = 10_000
"""Persons that an estimate looks at."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Who is in; when time alone may change it, for whom; and who has to be looked at again because the view was older
    than the log."""

    members: set[int]
    due: Iterable[tuple[int, datetime]]
    unsure: Iterable[int] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """How many a definition holds of, and some of them: exactly as of `at` (None: now), or estimated from so many
    profiles (`drawn`) that were drawn evenly."""

    count: int
    sample: Sequence[int]
    at: datetime | None = None
    drawn: int | None = None


def evaluate_all(formula: Formula, *, now: datetime) -> Evaluated:
    """A formula over everybody. Reads only (and lets the lake flow where it is asked)."""
    if _are_many() and (found := _over_the_lake(formula, now=now)) is not None:
        return found
    return _in_postgres(formula, now=now)


def preview(formula: Formula, *, now: datetime) -> Preview:
    """Count and sample in well under a second: in PostgreSQL; where people are many, over the lake as of its last flow,
    or where that has not flowed, by an estimate."""
    if _are_many():
        members = _lake_compiler(now).members(formula).order_by(ibis.desc("profile_id"))
        question = engine().compiled(members.mutate(n=ibis._.count().over()).limit(SAMPLE))
        if (flowed := _flowed(question.names)) is None:
            return _estimate(formula, now=now)
        rows = engine().rows(question)
        return Preview(int(rows[0][1]) if rows else 0, [int(row[0]) for row in rows], at=flowed[1])
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


def _estimate(formula: Formula, *, now: datetime) -> Preview:
    """By profiles drawn evenly: the same ones each time, so two definitions do not differ by the draw."""
    people, profiles = people_among(_drawn())
    made = statement(compiler(sources(), offset_at(now), restricted=True, now=now).members(formula))
    tables = f", {made.tables}" if made.tables else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH {AMONG} AS MATERIALIZED (
                    SELECT * FROM unnest('{numbers(people)}'::bigint[], '{numbers(profiles)}'::bigint[])
                    AS u(person_id, profile_id)){tables}
                {made.body} ORDER BY profile_id DESC"""
        )
        found = [profile_id for (profile_id,) in cursor.fetchall()]
        cursor.execute(
            """SELECT sum(CASE oid WHEN 'identity_person'::regclass THEN 1 ELSE -1 END * greatest(reltuples, 0))
               FROM pg_class WHERE oid IN ('identity_person'::regclass, 'identity_alias'::regclass)"""
        )
        everybody = cursor.fetchone()[0]
    drawn = len(set(profiles))
    return Preview(round(everybody * len(found) / max(drawn, 1)), found[:SAMPLE], drawn=drawn)


def _drawn() -> list[int]:
    """Profiles by ids drawn evenly between the first and the last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM identity_person")
        first, last = cursor.fetchone()
        ids = range(first, last + 1)
        chosen = random.Random(1).sample(ids, min(DRAWN, len(ids)))
        cursor.execute(
            """SELECT p.id FROM identity_person p JOIN unnest(%s::bigint[]) AS t(id) ON t.id = p.id
               WHERE NOT EXISTS (SELECT FROM identity_alias a WHERE a.person_id = p.id)""",
            [numbers(chosen)],
        )
        return [pk for (pk,) in cursor.fetchall()]


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
    flowed = _flowed(engine("duckdb").compiled(_lake_compiler(now).members(formula)).names)
    if flowed is None:
        return None
    return evaluate_in(engine(), formula, now=now, unsure=_told_since(flowed[0]))


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


def _flowed(names: Iterable[str]) -> tuple[int, datetime] | None:
    """The position up to which the log has flowed, and when; None unless every table of `names` has flowed as late."""
    positions = list_positions()
    tx, flowed_at = positions.get("facts", (0, None))
    if flowed_at is None:
        return None
    for name in names:
        if name.startswith("fact_"):
            continue
        at = positions.get(name, (0, None))[1]
        if at is None or at < flowed_at:
            return None
    return tx, flowed_at


def _told_since(edge: int) -> list[int]:
    """Everybody of whom the log has told at or after the position."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT person_id, company_id, payload ->> 'profile_id', payload ->> 'former_profile_id'
               FROM facts_fact WHERE tx >= %s AND kind = ANY(%s)
               UNION SELECT person_id, company_id, NULL, NULL FROM facts_fact WHERE tx >= %s
               UNION SELECT NULL, company_id, NULL, NULL FROM facts_fact WHERE tx >= %s AND kind = ANY(%s)
               UNION SELECT NULL, (payload ->> 'main_id')::bigint, NULL, NULL FROM facts_fact
               WHERE tx >= %s AND kind = ANY(%s)""",
            [edge, list(MERGES), edge, edge, list(shared_kinds()), edge, list(COMPANY_MERGES)],
        )
        rows = cursor.fetchall()
    people = {row[0] for row in rows if row[0] is not None}
    people |= {int(profile) for row in rows for profile in row[2:] if profile}
    companies = sorted({row[1] for row in rows if row[0] is None and row[1] is not None})
    return sorted(people.union(*people_of_companies(companies).values()))
