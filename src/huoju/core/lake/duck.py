"""Files of the lake as tables of DuckDB."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from threading import Lock

import duckdb
import ibis
import pyarrow.dataset as pa_dataset
from ibis.backends.sql.datatypes import DuckDBType

from .manifest import LiveFile
from .models import Part
from .store import Store

FLOW, GONE = "_flow", "_gone"
"""Columns of a table's files: the generation that wrote the row, and whether the row is deleted in it."""

_making = Lock()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
    made.execute("SET GLOBAL TimeZone = 'UTC'")
    return made


def session() -> duckdb.DuckDBPyConnection:
    """A connection for one question; views made on it are seen by nobody else."""
    with _making:
        return _database().cursor()


def sql_type(type_: str) -> str:
    """DuckDB's name of an Ibis type."""
    return str(DuckDBType.to_string(ibis.dtype(type_)))


def attach(
    connection: duckdb.DuckDBPyConnection, store: Store, name: str, columns: Mapping[str, str],
    files: Sequence[LiveFile], *, key: str | None = None,
) -> None:  # fmt: skip
    """Make `name` a view of the rows in `files`. `key`: of a table whose changes are files of their own."""
    wanted = dict(columns)
    rows = [file for file in files if file.part == Part.ROWS]
    changes = [file for file in files if file.part == Part.CHANGES]
    query = _union(connection, store, f"{name}__rows", wanted, rows)
    if key is not None and changes:
        marked = wanted | {FLOW: "int64", GONE: "boolean"}
        listed = ", ".join(_quoted(column) for column in columns)
        latest = _union(connection, store, f"{name}__changes", marked, changes)
        query = f"""WITH changed AS MATERIALIZED (
                SELECT * FROM ({latest})
                QUALIFY row_number() OVER (PARTITION BY {_quoted(key)} ORDER BY {FLOW} DESC) = 1)
            SELECT * FROM ({query}) standing ANTI JOIN changed USING ({_quoted(key)})
            UNION ALL SELECT {listed} FROM changed WHERE NOT {GONE}"""
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {_quoted(name)} AS {query}")


def _union(
    connection: duckdb.DuckDBPyConnection, store: Store, name: str, columns: Mapping[str, str],
    files: Iterable[LiveFile],
) -> str:  # fmt: skip
    """The SQL of all rows of `files`. Files of different columns are brought to `columns` group by group."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for file in files:
        groups.setdefault(tuple(sorted(file.columns.items())), []).append(store.address(file.path))
    selects = []
    for number, (held, addresses) in enumerate(groups.items()):
        if store.is_local:
            source = f"read_parquet([{', '.join(_literal(each) for each in addresses)}])"
        else:
            source = _quoted(f"{name}__{number}")
            connection.register(
                f"{name}__{number}",
                pa_dataset.dataset(addresses, filesystem=store.filesystem, format="parquet"),
            )
        listed = ", ".join(_column(column, type_, dict(held)) for column, type_ in columns.items())
        selects.append(f"SELECT {listed} FROM {source}")
    if not selects:
        listed = ", ".join(_column(column, type_, {}) for column, type_ in columns.items())
        selects.append(f"SELECT {listed} WHERE false")
    return " UNION ALL ".join(selects)


def _column(name: str, type_: str, held: Mapping[str, str]) -> str:
    if name not in held:
        return f"CAST(NULL AS {sql_type(type_)}) AS {_quoted(name)}"
    if held[name] != type_:
        return f"TRY_CAST({_quoted(name)} AS {sql_type(type_)}) AS {_quoted(name)}"
    return _quoted(name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
