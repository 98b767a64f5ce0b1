"""Bulk writing: COPY, arrays as parameters, ids in blocks.

psycopg's own adaptation of rows and lists costs several times as much as the database's part; here both are text
that callers put together field by field.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from secrets import token_hex
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import Connection, sql

NULL = f"\x01{token_hex(4)}"
"""A missing value among the fields of a row. Nobody can type it: it is another one in each process."""

# Backslash starts an escape, tab and newline end a field and a row; NUL cannot be stored.
_SPECIAL = re.compile(r"[\\\t\n\r\x00]")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\x00": None})


def plain(value: object) -> str:
    """A number, id or time (or None) as a field."""
    return NULL if value is None else str(value)


@lru_cache(maxsize=1024)
def moment(at: datetime) -> str:
    """A time as a field. Most rows of a batch have the same."""
    return str(at)


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
    behind = _behind.get()
    if behind is None:
        _copy_now(cursor.connection, table, columns, body)
    else:
        behind.put(_copy_now, cursor.connection, table, columns, body)


def _copy_now(session: Connection[Any], table: str, columns: tuple[str, ...], body: str) -> None:
    with session.cursor() as cursor, cursor.copy(_copy(table, columns)) as copy:
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


# --- Writing behind -------------------------------------------------------------------------------------------


class _Behind:
    """Statements on their way in a thread of their own, in their order. After one that failed the others are left
    out: the transaction has failed, and whoever waits learns of it."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self.thread = thread
        self.going: list[Future[None]] = []
        self.failed = False
        self.known: dict[str, Any] = {}

    def put(self, work: Callable[..., None], *arguments: object) -> None:
        self.going.append(self.thread.submit(self._do, work, *arguments))

    def _do(self, work: Callable[..., None], *arguments: object) -> None:
        if self.failed:
            return
        try:
            work(*arguments)
        except BaseException:
            self.failed = True
            raise

    def settle(self) -> None:
        """Wait for all; raises what went wrong."""
        going, self.going = self.going, []
        wait(going)
        self.failed = False
        for each in going:
            each.result()

    def before(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        """Django's wrapper around every other statement."""
        if self.going:
            self.settle()
        return execute(*arguments)


_TURN_SECONDS = 0.0005
"""How long Python lets one thread go on while another wants to. A COPY wants to for an instant, each time that the
socket has taken in 100 kB: after the usual 5 ms, sending would take ten times as long as the database needs."""

_behind: ContextVar[_Behind | None] = ContextVar("behind", default=None)


@contextmanager
def written_behind() -> Iterator[None]:
    """Within one transaction: while the database takes in a COPY (`copy_rows`, `copy_lines`), we go on.

    A batch's Python and its database session otherwise take turns. The session gets the same statements in the same
    order: each other statement waits for what is under way, and so does the end. What fails is raised there, where
    the transaction must be rolled back; who would rather catch a failure asks whether it will come (`is_behind`).
    """
    with ThreadPoolExecutor(1, "copy") as thread:
        behind = _Behind(thread)
        token, turn = _behind.set(behind), sys.getswitchinterval()
        sys.setswitchinterval(_TURN_SECONDS)
        try:
            with connection.execute_wrapper(behind.before):
                yield
            behind.settle()
        finally:
            # Of a block that failed by itself, what is under way ends first; it is rolled back with the rest.
            behind.failed = True
            wait(behind.going)
            sys.setswitchinterval(turn)
            _behind.reset(token)


def is_behind() -> bool:
    """Whether COPYs are written behind now, so that their failures come later."""
    return _behind.get() is not None


def tell(cursor: CursorWrapper, statement: str, parameters: Sequence[Any]) -> None:
    """Execute a statement that returns nothing of interest: behind COPYs that are written behind."""
    behind = _behind.get()
    if behind is None:
        cursor.execute(statement, parameters)
    else:
        behind.put(_tell_now, cursor.connection, statement, parameters)


def _tell_now(session: Connection[Any], statement: str, parameters: Sequence[Any]) -> None:
    with session.cursor() as cursor:
        cursor.execute(statement, parameters)


def once[T](name: str, read: Callable[[], T]) -> T:
    """What `read` returns. While COPYs are written behind, it is read once and kept under `name`: for what is the
    same during a whole transaction, and would wait for them each time."""
    behind = _behind.get()
    if behind is None:
        return read()
    if name not in behind.known:
        behind.known[name] = read()
    found: T = behind.known[name]
    return found
