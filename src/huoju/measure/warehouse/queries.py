"""Asking the engine. Questions are Ibis expressions over the mirrored tables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import ibis
from ibis.expr.types import Scalar, Table

from .mirror import mirror
from .tables import Mirrored

_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "int64",
    "INTEGER": "int32",
    "SMALLINT": "int16",
    "DATE": "date",
    "BOOLEAN": "boolean",
}

type Row = tuple[Any, ...]


def as_table(mirrored: Mirrored, name: str | None = None) -> Table:
    """The unbound Ibis table that expressions over `mirrored` are written on."""
    types = {key: column.type for key, column in mirrored.columns.items()}
    types |= {key: type_ for key, (type_, _) in mirrored.derived.items()}
    schema = {key: _TYPES.get(type_, type_.lower()) for key, type_ in types.items()}
    return ibis.table(schema, name=name or mirrored.name)


@ibis.udf.scalar.builtin(name="getvariable", signature=(("string",), "date"))  # type: ignore[untyped-decorator]  # Ibis has no types
def _date_variable(name: str) -> date: ...  # type: ignore[empty-body]  # DuckDB has the body


@ibis.udf.scalar.builtin(name="getvariable", signature=(("string",), "int64"))  # type: ignore[untyped-decorator]  # Ibis has no types
def _int_variable(name: str) -> int: ...  # type: ignore[empty-body]  # DuckDB has the body


def compiled(question: Table, parameters: Mapping[str, Scalar] | None = None) -> str:
    """`question` in the engine's own language. Costs some ten milliseconds: keep it where the question recurs.

    `parameters` (name → `ibis.param`) stay open; `Session.ask` fills them.
    """
    variables = {
        parameter.op(): (_date_variable if parameter.type().is_date() else _int_variable)(name).op()
        for name, parameter in (parameters or {}).items()
    }
    return str(ibis.to_sql(question.op().replace(variables).to_expr(), dialect="duckdb"))


@dataclass(frozen=True, slots=True)
class Session:
    """Several questions about one moment. `version` is another number after every change of any mirrored row: what
    was computed at the same version still holds."""

    _cursor: duckdb.DuckDBPyConnection
    version: int

    def define(self, name: str, rows: str) -> None:
        """Let `name` stand for `rows` (compiled) in the questions of this session."""
        self._cursor.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {rows}")

    def set(self, **parameters: date | int) -> None:
        """Fill parameters of the questions that follow."""
        for name, value in parameters.items():
            written = f"DATE '{value.isoformat()}'" if isinstance(value, date) else int(value)
            self._cursor.execute(f"SET VARIABLE {name} = {written}")

    def ask(self, question: str) -> list[Row]:
        """The rows of the answer to a compiled question."""
        return self._cursor.execute(question).fetchall()


@contextmanager
def session() -> Iterator[Session]:
    """A session on everything committed by now."""
    with mirror.fresh() as (cursor, version):
        yield Session(cursor, version)
