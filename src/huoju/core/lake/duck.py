"""Files of the lake as tables of DuckDB."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from threading import Lock

import duckdb
import ibis
from ibis.backends.sql.datatypes import DuckDBType

from .layout import Dialect, table_sql
from .manifest import LiveFile
from .store import Store

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


DIALECT = Dialect(
    quote='"', type_name=lambda type_: str(DuckDBType.to_string(ibis.dtype(type_))), anti_join="ANTI JOIN"
)


def attach(
    connection: duckdb.DuckDBPyConnection, store: Store, name: str, columns: Mapping[str, str],
    files: Sequence[LiveFile], *, key: str | None = None,
) -> None:  # fmt: skip
    """Make `name` a view of the rows in `files`. `key`: of a table whose changes are files of their own."""

    def source(free_name: str, members: Sequence[LiveFile]) -> str:
        addresses = [store.address(file.path) for file in members]
        if store.has_paths:
            literals = ("'" + address.replace("'", "''") + "'" for address in addresses)
            return f"read_parquet([{', '.join(literals)}])"
        # Object storage by Arrow, which needs no extension; filters and columns reach it.
        # Loading it takes seconds where pandas is installed, and a lake in a folder never needs it.
        dataset = import_module("pyarrow.dataset").dataset(
            addresses, filesystem=store.filesystem, format="parquet"
        )
        connection.register(free_name, dataset)
        return DIALECT.quoted(free_name)

    query = table_sql(DIALECT, name, columns, key, files, source)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {DIALECT.quoted(name)} AS {query}")
