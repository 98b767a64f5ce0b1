"""Rows of PostgreSQL as Arrow tables, through COPY and Arrow's CSV reader; and as tables of DuckDB."""

import io
import json
import tempfile
from collections.abc import Mapping
from typing import IO

import duckdb
import ibis
import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import connection
from psycopg.errors import OperationalError, error_from_result
from psycopg.pq import ExecStatus

from .tables import LakeTable

_BLOCK_BYTES = 16 * 1024 * 1024
"""What Arrow parses at once; a row must fit into it."""


def arrow_schema(columns: Mapping[str, str]) -> pa.Schema:
    """The Arrow schema of columns given by their Ibis types."""
    return ibis.schema(dict(columns)).to_pyarrow()


def fetch(query: str, columns: Mapping[str, str]) -> pa.Table:
    """The rows of `query`, whose columns are `columns` in their order; arrays come as JSON text."""
    received = io.BytesIO()
    _copy(query, received)
    schema = arrow_schema(columns)
    if not received.tell():
        return schema.empty_table()
    received.seek(0)
    lists = {name: type_ for name, type_ in zip(schema.names, schema.types, strict=True) if is_list(type_)}
    types = {
        name: pa.string() if name in lists else type_
        for name, type_ in zip(schema.names, schema.types, strict=True)
    }
    table = pa_csv.read_csv(
        received,
        read_options=pa_csv.ReadOptions(column_names=schema.names, block_size=_BLOCK_BYTES),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pa_csv.ConvertOptions(
            column_types=types,
            true_values=["t"],
            false_values=["f"],
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    for name, type_ in lists.items():
        values = [None if text is None else json.loads(text) for text in table[name].to_pylist()]
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, type_))
    return table.cast(schema)


def load(engine: duckdb.DuckDBPyConnection, name: str, query: str, columns: Mapping[str, str]) -> None:
    """Make the rows of `query` a temporary table of DuckDB; `columns` are its names and DuckDB's types.

    By a file that is gone afterwards: DuckDB reads it on all threads, and handing it an Arrow table would load
    pyarrow.dataset and with it pandas where that is installed, a second and a half in each process.
    """
    with tempfile.NamedTemporaryFile(prefix="huoju-load-", suffix=".csv") as file:
        _copy(query, file)
        file.flush()
        types = ", ".join(f"'{column}': '{type_}'" for column, type_ in columns.items())
        texts = ", ".join(f"'{column}'" for column, type_ in columns.items() if type_ == "VARCHAR")
        engine.execute(
            f"""CREATE TEMP TABLE "{name}" AS FROM read_csv('{file.name}', columns={{{types}}}, auto_detect=false,
                    header=false, delim=',', quote='"', escape='"', force_not_null=[{texts}])"""
        )


def _copy(query: str, to: IO[bytes]) -> None:
    """Write all that a COPY sends as CSV. Read from libpq itself: psycopg's reader costs three times as much a row."""
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy:
        server = copy.connection.pgconn
        size = 1
        while size > 0:
            try:
                size, row = server.get_copy_data(0)
            except OperationalError:  # the result behind it tells why
                break
            to.write(row)
        ends = iter(server.get_result, None)
        failed = [each for each in ends if each is not None and each.status != ExecStatus.COMMAND_OK]
    if failed:
        raise error_from_result(failed[0])


def is_list(type_: pa.DataType) -> bool:
    """Whether the column holds arrays."""
    return bool(pa.types.is_list(type_))


def select_table(table: LakeTable, where: str = "true") -> str:
    """The SQL that `fetch` reads the rows of `table` with."""
    columns = []
    for name, type_ in table.columns.items():
        source = table.sources.get(name, name)
        columns.append(f'{f"to_json({source})" if type_.startswith("array") else source} AS "{name}"')
    return f"SELECT {', '.join(columns)} FROM {table.relation} WHERE {where}"
