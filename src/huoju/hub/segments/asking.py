"""Asking PostgreSQL: compiled expressions as statements, with the tables they name written out in front."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

import ibis
from django.db import connection
from django.utils import timezone
from ibis.expr.types import Table

from huoju.core.lake.engines import engine, fact_table
from huoju.core.lake.facttables import fact_tables, select_facts
from huoju.core.lake.tables import table_named
from huoju.hub.profile.registry import TraitSource, all_sources

from .compiler import AMONG, Compiler, Sources
from .policy.formula import Formula, is_timed, literals
from .registry import all_activities


def company_zone() -> tzinfo:
    """The zone whose days definitions mean."""
    return timezone.get_default_timezone()


def offset_at(now: datetime) -> timedelta:
    """What the company's zone is ahead of UTC by."""
    return now.astimezone(company_zone()).utcoffset() or timedelta()


def sources() -> Sources:
    """The trait sources by code."""
    return {source.code: source for source in all_sources()}


def fact(kind: str) -> Table:
    """The unbound table of a kind of facts. Raises `KeyError` for one that is not registered."""
    return fact_table(all_activities()[kind].payload)


@ibis.udf.scalar.builtin(name="current_setting", signature=(("string",), "string"))  # type: ignore[untyped-decorator]  # Ibis has no types
def _setting(name: str) -> str: ...  # type: ignore[empty-body]  # PostgreSQL has the body


def now_setting() -> ibis.expr.types.TimestampScalar:
    """The moment of the question as a setting of the session, so that a statement is compiled once for all moments."""
    return _setting("huoju.segments_now").cast("timestamp('UTC')")


def set_now(now: datetime) -> None:
    """Fill the setting, for the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('huoju.segments_now', %s, true)", [now.isoformat()])


@dataclass(frozen=True, slots=True)
class Statement:
    """A question to PostgreSQL: `body`, which stands on the tables `names` (`AMONG` is the caller's)."""

    names: tuple[str, ...]
    body: str

    @property
    def tables(self) -> str:
        """The tables as common table expressions, for a caller's WITH; empty without any."""
        return ", ".join(f'"{name}" AS NOT MATERIALIZED ({select_table(name)})' for name in self.names)

    def whole(self) -> str:
        """The statement, for a cursor without parameters."""
        return (f"WITH {self.tables} " if self.names else "") + self.body


def statement(expression: Table) -> Statement:
    """An expression for PostgreSQL."""
    question = engine("postgres").compiled(expression)
    names = tuple(name for name in question.names if name != AMONG)
    return Statement(names, f"SELECT * FROM ({question.sql}) AS answer")


def select_table(name: str) -> str:
    """The SQL that reads a table of facts, or one that flows to the lake, in PostgreSQL."""
    if kind := fact_tables().get(name):
        return select_facts(kind)
    return table_named(name).select()


def compiler(
    known: Mapping[str, TraitSource], offset: timedelta, *, restricted: bool, now: datetime | None = None
) -> Compiler:
    """A compiler for PostgreSQL; `now` as the session's setting unless given."""
    moment = now_setting() if now is None else ibis.literal(now, "timestamp('UTC')")
    return Compiler(known, fact, moment, offset, restricted)


def is_timed_formula(formula: Formula) -> bool:
    """Whether time alone can change who is in."""
    return any(is_timed(literal.leaf) for literal in literals(formula))


@lru_cache(maxsize=1024)
def state_statement(formula: Formula, offset: timedelta) -> Statement:
    """`Compiler.state` among given persons. Compiled once a formula: `now` is a setting of the session."""
    return statement(compiler(sources(), offset, restricted=True).state(formula))


def iterate(sql: str, *, size: int = 20_000) -> Iterator[list[tuple[object, ...]]]:
    """The rows of a question over everybody, in pieces. Reads only: nobody waits for it."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(size):
            yield rows
