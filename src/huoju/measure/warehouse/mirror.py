"""The mirror: registered tables of PostgreSQL as columns in an in-memory DuckDB, brought up to date on demand."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from huoju.core.errors import UserError
from huoju.core.facts.queries import Snapshot, snapshot_now

from .models import Epoch
from .tables import Mirrored, all_tables

COMPACT_AFTER = 50_000
"""Rewritten rows after which a table is laid out anew, once they are also a quarter of it."""
PATIENCE = 1.0
"""Seconds that a question waits while another thread loads whole tables, which takes seconds for a million rows."""


class LoadingError(UserError):
    """Whole tables are just being loaded, as after a start: `done` of about `total` rows (None: nobody knows)."""

    def __init__(self, done: int, total: int | None) -> None:
        super().__init__(_("The figures are being gathered; they are here in a few seconds."), "loading")
        self.done = done
        self.total = total


class Mirror:
    """One process's copy. Threads share it: `fresh` brings it up to date and hands out a cursor of the engine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine: duckdb.DuckDBPyConnection | None = None
        self._seen: dict[str, Snapshot] = {}
        self._epochs: dict[str, int] = {}
        self._rewritten: dict[str, int] = {}
        self._version = 0
        self._loading: tuple[int, int | None] | None = None  # rows and about how many there are, under way

    @contextmanager
    def fresh(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, int]]:
        """A cursor on tables that hold every row committed by now (or visible to the caller's own transaction), and
        the version of what they hold: another number after every change. Raises `LoadingError` while another thread
        loads whole tables."""
        while not self._lock.acquire(timeout=PATIENCE):
            if (loading := self._loading) is not None:
                raise LoadingError(*loading)
        try:
            engine = self._refresh()
            version = self._version
        finally:
            self._loading = None
            self._lock.release()
        cursor = engine.cursor()
        try:
            cursor.execute("USE mirror")
            yield cursor, version
        finally:
            cursor.close()

    def forget(self) -> None:
        """Drop everything; the next question loads anew."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
            self._engine = None
            self._seen, self._epochs, self._rewritten = {}, {}, {}
            self._version += 1

    # --- inside, under the lock -------------------------------------------------------------------------------

    def _refresh(self) -> duckdb.DuckDBPyConnection:
        engine = self._engine
        if engine is None:
            engine = self._engine = _open()
        with _one_snapshot():
            now = snapshot_now()
            epochs = dict(Epoch.objects.values_list("table", "number"))
            for table in all_tables():
                seen, epoch = self._seen.get(table.name), epochs.get(table.name, 0)
                if seen is None or self._epochs.get(table.name) != epoch:
                    self._load(engine, table)
                elif seen != now or now.writing:
                    self._follow(engine, table, seen)
                self._seen[table.name], self._epochs[table.name] = now, epoch
        return engine

    def _load(self, engine: duckdb.DuckDBPyConnection, table: Mirrored) -> None:
        with tempfile.TemporaryDirectory(prefix="huoju-") as folder:
            path = Path(folder) / "rows.csv"
            total = _about_rows(table)
            self._loading = (0, total)
            for done in _copied(table, sql.SQL("NOT ({})").format(sql.SQL(table.gone)), path):
                self._loading = (done, total)
            engine.execute(
                f"CREATE OR REPLACE TABLE {table.name} AS {_typed(table, _csv(table, path))} {_ordered(table)}"
            )
        engine.execute("CHECKPOINT mirror")  # compresses what was just written
        self._rewritten[table.name] = 0
        self._version += 1

    def _follow(self, engine: duckdb.DuckDBPyConnection, table: Mirrored, seen: Snapshot) -> None:
        """Take over the rows that the snapshot of the last look could not see."""
        unseen = sql.SQL("{} >= {}").format(sql.Identifier(table.changed), sql.Literal(seen.ceiling))
        if seen.running:
            unseen = sql.SQL("({} OR {} = ANY({}))").format(
                unseen, sql.Identifier(table.changed), sql.Literal(list(seen.running))
            )
        with tempfile.TemporaryDirectory(prefix="huoju-") as folder:
            path = Path(folder) / "rows.csv"
            if not sum(1 for _rows in _copied(table, unseen, path)):
                return
            engine.execute(f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT * FROM {_csv(table, path)}")
        engine.execute("BEGIN")
        engine.execute(f"DELETE FROM {table.name} WHERE {table.key} IN (SELECT {table.key} FROM incoming)")
        engine.execute(f"INSERT INTO {table.name} {_typed(table, 'incoming')}")
        engine.execute("COMMIT")
        self._version += 1
        self._compact(engine, table)

    def _compact(self, engine: duckdb.DuckDBPyConnection, table: Mirrored) -> None:
        """Lay the table out anew when rewritten rows have riddled it."""
        ((changed,),) = engine.execute("SELECT count(*) FROM incoming").fetchall()
        ((rows,),) = engine.execute(f"SELECT count(*) FROM {table.name}").fetchall()
        self._rewritten[table.name] += changed
        if self._rewritten[table.name] > max(COMPACT_AFTER, rows // 4):
            engine.execute(
                f"CREATE OR REPLACE TABLE {table.name} AS SELECT * FROM {table.name} {_ordered(table)}"
            )
            engine.execute("CHECKPOINT mirror")
            self._rewritten[table.name] = 0


mirror = Mirror()
"""The mirror of this process."""


def _open() -> duckdb.DuckDBPyConnection:
    engine = duckdb.connect(
        ":memory:",
        # Nothing is fetched from anywhere; the engine brings what it needs.
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False},
    )
    engine.execute("ATTACH ':memory:' AS mirror (COMPRESS)")
    engine.execute("USE mirror")
    return engine


@contextmanager
def _one_snapshot() -> Iterator[None]:
    """All tables as of one moment; inside a caller's transaction that transaction decides what is seen."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _copied(table: Mirrored, condition: sql.Composable, path: Path) -> Iterator[int]:
    """Write the rows under `condition` to `path` as CSV (NULL bare, empty text quoted); yields how many lines there are
    so far, after each piece."""
    columns = sql.SQL(", ").join(
        sql.SQL(column.source.replace("%(zone)s", "{zone}")).format(zone=sql.Literal(settings.TIME_ZONE))
        for column in table.columns.values()
    )
    statement = sql.SQL("COPY (SELECT {}, {} FROM {} WHERE {}) TO STDOUT (FORMAT csv)").format(
        columns, sql.SQL(table.gone), sql.Identifier(table.source), condition
    )
    lines = 0
    with path.open("wb") as file, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for data in copy:
            file.write(data)
            lines += bytes(data).count(b"\n")
            yield lines


def _about_rows(table: Mirrored) -> int | None:
    """As many rows as the database believes `table` to have."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table.source])
        (rows,) = cursor.fetchone()
    return int(rows) if rows > 0 else None


def _csv(table: Mirrored, path: Path) -> str:
    types = ", ".join(f"'{name}': '{column.type}'" for name, column in table.columns.items())
    return (
        f"read_csv('{path}', auto_detect=false, header=false, delim=',', quote='\"', escape='\"', "
        f"nullstr='', allow_quoted_nulls=false, columns={{{types}, 'gone': 'BOOLEAN'}})"
    )


def _typed(table: Mirrored, rows: str) -> str:
    names = list(table.columns)
    names += [f"({expression})::{type_} AS {name}" for name, (type_, expression) in table.derived.items()]
    return f"SELECT {', '.join(names)} FROM {rows} WHERE NOT gone"


def _ordered(table: Mirrored) -> str:
    return f"ORDER BY {table.order}" if table.order else ""
