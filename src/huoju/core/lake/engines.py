"""Asking: one Ibis expression, answered by DuckDB over the lake, by Spark over the lake, or by PostgreSQL as it is now.

An expression is written on `fact_table(PayloadClass)` and on `LakeTable.unbound()`; it knows no engine.

    leads = fact_table(LeadCaptured)
    question = leads.group_by("channel_id").agg(n=leads.count())
    engine().run(question)                       # DuckDB, or what HUOJU_ENGINE says
    engine("postgres").run(question)             # the same, fresh to the last commit
"""

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import ibis
import pyarrow as pa
from django.conf import settings
from django.db import connection
from ibis.backends.sql.datatypes import PostgresType
from ibis.expr import operations as ops
from ibis.expr.types import Table

from . import duck
from .facttables import columns_of, fact_table, fact_tables, select_facts
from .manifest import reading
from .store import store
from .tables import all_tables

__all__ = ["Engine", "Question", "Row", "engine", "fact_table", "tables"]

type Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """An expression in an engine's own language. Making one costs some ten milliseconds; it can be asked again."""

    sql: str
    names: tuple[str, ...]
    schema: pa.Schema


class Engine(Protocol):
    """What answers."""

    name: str

    def compiled(self, expression: Table) -> Question:
        """`expression` in the engine's language."""
        ...

    def run(self, question: Table | Question, given: Mapping[str, pa.Table] | None = None) -> pa.Table:
        """The answer, in the schema of the expression.

        `given` holds rows for names that are no table of the lake (a set of persons, say): the expression has them as
        unbound tables of the same columns.
        """
        ...

    def rows(self, question: Table | Question, given: Mapping[str, pa.Table] | None = None) -> list[Row]:
        """The answer as tuples."""
        ...


def tables() -> dict[str, Table]:
    """Every table by name, unbound: a table for each kind of fact, and the registered ones."""
    kinds = {name: ibis.table(dict(columns_of(kind)), name=name) for name, kind in fact_tables().items()}
    return kinds | {table.name: table.unbound() for table in all_tables()}


def engine(name: str | None = None) -> Engine:
    """The engine of that name (`duckdb`, `postgres`, `spark-local`, `spark://host:port`), else the one of the settings.

    Raises `ValueError` for a name that is none, `ModuleNotFoundError` for Spark without the extra `spark`.
    """
    name = name or settings.LAKE_ENGINE
    if name == "duckdb":
        return DuckEngine()
    if name == "postgres":
        return PostgresEngine()
    if name.startswith("spark"):
        # By name: pyspark is an extra that most installations do without.
        made: Engine = importlib.import_module("huoju.core.lake.spark").SparkEngine(name)
        return made
    raise ValueError(f"no engine {name!r}: it is duckdb, postgres, spark-local or spark://host:port")


def compiled(expression: Table, dialect: str) -> Question:
    """`expression` in the language of `dialect`, with the names of the tables that it asks."""
    found = {node.name for node in expression.op().find(ops.UnboundTable)}
    schema = expression.schema().to_pyarrow()
    return Question(str(ibis.to_sql(expression, dialect=dialect)), tuple(sorted(found)), schema)


def as_rows(answer: pa.Table) -> list[Row]:
    """An Arrow table as tuples."""
    columns = [column.to_pylist() for column in answer.columns]
    return list(zip(*columns, strict=True)) if columns else []


def columns_named(name: str) -> tuple[dict[str, str], str | None]:
    """The columns of a table, and its key if its changes are kept apart. Raises `KeyError`."""
    if kind := fact_tables().get(name):
        return dict(columns_of(kind)), None
    for table in all_tables():
        if table.name == name:
            return dict(table.columns), table.key
    raise KeyError(f"no table {name!r} in the lake, and none given")


class DuckEngine:
    """DuckDB in this process, over the lake: as of the last flow."""

    name = "duckdb"

    def compiled(self, expression: Table) -> Question:
        """See `Engine`."""
        return compiled(expression, "duckdb")

    def run(self, question: Table | Question, given: Mapping[str, pa.Table] | None = None) -> pa.Table:
        """See `Engine`."""
        if isinstance(question, Table):
            question = self.compiled(question)
        given = given or {}
        asked = [name for name in question.names if name not in given]
        with duck.session() as session, reading(asked) as files:
            for name in asked:
                columns, key = columns_named(name)
                duck.attach(session, store(), name, columns, files[name], key=key)
            for name, rows in given.items():
                session.register(name, rows)
            answer = session.execute(question.sql).to_arrow_table()
        return answer.cast(question.schema)

    def rows(self, question: Table | Question, given: Mapping[str, pa.Table] | None = None) -> list[Row]:
        """See `Engine`."""
        return as_rows(self.run(question, given))


class PostgresEngine:
    """PostgreSQL itself, on the caller's connection: fresh, and quick for few persons."""

    name = "postgres"

    def compiled(self, expression: Table) -> Question:
        """See `Engine`."""
        return compiled(expression, "postgres")

    def run(self, question: Table | Question, given: Mapping[str, pa.Table] | None = None) -> pa.Table:
        """See `Engine`."""
        if isinstance(question, Table):
            question = self.compiled(question)
        columns = list(zip(*self.rows(question, given), strict=True)) or [()] * len(question.schema)
        arrays = [
            pa.array(values, type_) for values, type_ in zip(columns, question.schema.types, strict=True)
        ]
        return pa.table(arrays, schema=question.schema)

    def rows(self, question: Table | Question, given: Mapping[str, pa.Table] | None = None) -> list[Row]:
        """See `Engine`."""
        if isinstance(question, Table):
            question = self.compiled(question)
        given = given or {}
        parts, values = [], []
        for name in question.names:
            if name in given:
                parts.append(
                    f'"{name}" AS (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r({_shape(given[name])}))'
                )
                values.append(json.dumps(given[name].to_pylist(), default=str))
            else:
                parts.append(f'"{name}" AS NOT MATERIALIZED ({_select_live(name)})')
        names = f"WITH {', '.join(parts)} " if parts else ""
        query = f"{names}SELECT * FROM ({question.sql.replace('%', '%%')}) answer"
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall())


def _select_live(name: str) -> str:
    """The SQL that a name stands for in PostgreSQL."""
    if kind := fact_tables().get(name):
        return select_facts(kind).replace("%", "%%")
    for table in all_tables():
        if table.name == name:
            return table.select().replace("%", "%%")
    raise KeyError(f"no table {name!r} in the lake, and none given")


def _shape(rows: pa.Table) -> str:
    """The columns of `rows` as PostgreSQL declares them."""
    schema = ibis.Schema.from_pyarrow(rows.schema)
    return ", ".join(f'"{name}" {PostgresType.to_string(type_)}' for name, type_ in schema.items())
