"""Writing many rows with few statements: COPY, arrays as parameters, ids in blocks.

psycopg's own adaptation of rows and lists costs several times as much as the database's part; here both are text
that callers format line by line.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper
from psycopg import sql

NULL = r"\N"
"""A missing value in a COPY line."""

_SPECIAL = re.compile(r"[\\\t\n\r\x00]")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\x00": None})


def text(value: str | None) -> str:
    """`value` as a field of a COPY line; NUL, which PostgreSQL cannot store, is dropped."""
    if value is None:
        return NULL
    return value if _SPECIAL.search(value) is None else value.translate(_ESCAPES)


def plain(value: object) -> str:
    """A number, id or time (or None) as a field of a COPY line."""
    return NULL if value is None else str(value)


def copy_lines(cursor: CursorWrapper, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """COPY `lines` (fields made by `text` and `plain`, joined by tabs, without an end of line) into `table`."""
    body = "\n".join(lines)
    if not body:
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as copy:
        copy.write(body)
        copy.write("\n")


def texts(values: Sequence[str]) -> str:
    """Texts as one parameter for `%s::text[]`."""
    if not values:
        return "{}"
    joined = '","'.join(values)
    if "\\" in joined or "\x00" in joined or joined.count('"') != 2 * (len(values) - 1):
        joined = '","'.join(
            value.replace("\\", "\\\\").replace('"', '\\"').replace("\x00", "") for value in values
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
        "SELECT nextval(s) FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS s) AS sequence, "
        "generate_series(1, %s)",
        [table, count],
    )
    return sorted(id_ for (id_,) in cursor.fetchall())
