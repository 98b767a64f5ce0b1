"""Bulk writing: COPY, arrays as parameters, ids in blocks.

psycopg's own adaptation of rows and lists costs several times as much as the database's part; here both are text
that callers put together field by field.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from secrets import token_hex
from typing import Any

from django.db.backends.utils import CursorWrapper
from psycopg import sql

NULL = f"\x01{token_hex(4)}"
"""A missing value among the fields of a row. Nobody can type it: it is another one in each process."""

# Backslash starts an escape, tab and newline end a field and a row; NUL cannot be stored.
_SPECIAL = re.compile(r"[\\\t\n\r\x00]")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\x00": None})


def plain(value: object) -> str:
    """A number, id or time (or None) as a field."""
    return NULL if value is None else str(value)


def text(value: str | None) -> str:
    """`value` as a field of a line for `copy_lines`."""
    if value is None:
        return NULL
    return value.translate(_ESCAPES) if _SPECIAL.search(value) else value


def copy_lines(cursor: CursorWrapper, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """COPY `lines`, each its fields (`text`, `plain`) joined by tabs, into `table`."""
    body = "\n".join(lines)
    if body:
        _send(cursor, table, tuple(columns), body)


def copy_rows(
    cursor: CursorWrapper, table: str, columns: tuple[str, ...], rows: Sequence[Sequence[str]]
) -> None:
    """COPY `rows` into `table`: each the text of its fields, `NULL` where there is none."""
    if not rows:
        return
    body = "\n".join(["\t".join(row) for row in rows])
    # Most batches need no escapes: one look at the whole text instead of one at each field.
    if (
        "\\" in body
        or "\r" in body
        or "\x00" in body
        or body.count("\n") != len(rows) - 1
        or body.count("\t") != len(rows) * (len(columns) - 1)
    ):
        body = "\n".join(["\t".join([field.translate(_ESCAPES) for field in row]) for row in rows])
    _send(cursor, table, columns, body)


def _send(cursor: CursorWrapper, table: str, columns: tuple[str, ...], body: str) -> None:
    with cursor.copy(_copy(table, columns)) as copy:
        copy.write(body)
        copy.write("\n")


@lru_cache(maxsize=64)
def _copy(table: str, columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN (NULL {})").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Literal(NULL)
    )


def texts(values: Sequence[str]) -> str:
    """Texts as one parameter for `%s::text[]`."""
    if not values:
        return "{}"
    joined = '","'.join(values)
    if "\\" in joined or "\x00" in joined or joined.count('"') != 2 * (len(values) - 1):
        joined = '","'.join(
            [value.replace("\\", "\\\\").replace('"', '\\"').replace("\x00", "") for value in values]
        )
    return f'{{"{joined}"}}'


def numbers(values: Iterable[Any]) -> str:
    """Numbers or None as one parameter for `%s::bigint[]` and its like; also booleans and times."""
    return "{" + ",".join(["NULL" if value is None else f'"{value}"' for value in values]) + "}"


def take_ids(cursor: CursorWrapper, table: str, count: int) -> list[int]:
    """`count` unused ids of `table`, ascending, to be given to rows before they are written."""
    if count <= 0:
        return []
    cursor.execute(
        sql.SQL("SELECT nextval({}) FROM generate_series(1, %s)")
        .format(sql.Literal(f"{table}_id_seq"))
        .as_string(cursor.connection),
        [count],
    )
    return sorted([id_ for (id_,) in cursor.fetchall()])
