"""Each kind of fact as a table: its columns from the payload's dataclass, the SQL that reads it in PostgreSQL.

The lake is filled by the same SELECT that stands for the table in PostgreSQL, so both hold the same values by
construction, to the spelling of nested JSON.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import ibis
from ibis.expr.types import Table

from huoju.core.facts.kinds import Kind, all_kinds, kind_of

COMMON: Mapping[str, str] = {
    "id": "string",
    "person_id": "int64",
    "visitor_id": "string",
    "company_id": "int64",
    "occurred_at": "timestamp('UTC')",
    "recorded_at": "timestamp('UTC')",
    "actor": "string",
    "source": "string",
    "version": "int16",
}
"""What every fact has. A field of the payload with one of these names is found as `payload_` + its name."""

_TYPES: Mapping[type[Any], str] = {
    bool: "boolean",
    int: "int64",
    float: "float64",
    str: "string",
    UUID: "string",
    datetime: "timestamp('UTC')",
    date: "date",
    Decimal: "decimal(20, 4)",
}
_CASTS: Mapping[str, str] = {
    "boolean": "boolean",
    "int64": "bigint",
    "float64": "double precision",
    "timestamp('UTC')": "timestamptz",
    "date": "date",
    "decimal(20, 4)": "numeric(20, 4)",
}


def table_name(kind: Kind) -> str:
    """The name of a kind's table: `fact_lead__stage_changed` for `lead.stage_changed`."""
    return "fact_" + kind.name.replace(".", "__")


def fact_table(payload_class: type[Any]) -> Table:
    """The Ibis table of the facts whose payload is `payload_class`; expressions on it run on every engine.

    A field absent from a stored payload is NULL; nested values (lists, mappings, dataclasses) are their JSON text.
    """
    kind = kind_of(payload_class)
    return ibis.table(dict(columns_of(kind)), name=table_name(kind))


def fact_tables() -> dict[str, Kind]:
    """Every kind by the name of its table."""
    return {table_name(kind): kind for kind in all_kinds()}


def columns_of(kind: Kind) -> dict[str, str]:
    """The columns of a kind's table, each with its Ibis type."""
    return {**COMMON, **dict(payload_columns(kind).values())}


def payload_columns(kind: Kind) -> Mapping[str, tuple[str, str]]:
    """Fields of the payload, each with the name and the Ibis type of its column."""
    return _payload_columns(kind.payload_type)  # type: ignore[arg-type]


@cache
def _payload_columns(payload_type: type[Any]) -> Mapping[str, tuple[str, str]]:
    hints = get_type_hints(payload_type)
    names = [each.name for each in fields(payload_type)]
    return {
        name: (f"payload_{name}" if name in COMMON else name, _column_type(hints[name])) for name in names
    }


def _column_type(hint: Any) -> str:
    """The Ibis type for a type hint; "string" (JSON text) for what has no flat type."""
    hint = getattr(hint, "__value__", hint)  # `type X = …`
    if get_origin(hint) in (Union, UnionType):
        members = {_column_type(each) for each in get_args(hint) if each is not NoneType}
        return members.pop() if len(members) == 1 else "string"
    if get_origin(hint) is Literal:
        members = {_TYPES.get(type(each), "string") for each in get_args(hint)}
        return members.pop() if len(members) == 1 else "string"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "string"
    return _TYPES.get(hint, "string")


def select_facts(
    kind: Kind, *, payload: str = "payload", source: str = "facts_fact", typed: bool = True
) -> str:
    """The SQL that reads a kind's table from the log: from `source`, with the payload in the expression `payload`.

    Not `typed`: the fields of the payload are text, as they are stored.
    """
    columns = [f'{"id::text" if name == "id" else name} AS "{name}"' for name in COMMON]
    for field, (column, type_) in payload_columns(kind).items():
        cast = f"::{_CASTS[type_]}" if typed and type_ in _CASTS else ""
        columns.append(f"({payload}->>'{field}'){cast} AS \"{column}\"")
    return f"SELECT {', '.join(columns)} FROM {source} WHERE kind = '{kind.name}'"
