"""Reading and changing the manifest. Who changes it holds the writers' lock; who reads files holds a generation."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
from django.db import connection

from .models import File, Part
from .store import Store

_WRITERS, _READERS = 7_120_001, 7_120_002
"""Keys of advisory locks in PostgreSQL."""


class BusyError(Exception):
    """Another process is changing the lake."""


@contextmanager
def only_writer() -> Iterator[None]:
    """Nobody else changes the lake meanwhile. The lock goes with the connection: a killed process leaves none.

    Raises `BusyError` at once when another has it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [_WRITERS])
        (granted,) = cursor.fetchone()
    if not granted:
        raise BusyError
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [_WRITERS])


def hold_writers() -> None:
    """Wait until nobody else changes the lake, and keep others waiting until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_WRITERS])


@dataclass(frozen=True, slots=True)
class LiveFile:
    """A file as readers need it."""

    id: int
    path: str
    part: str
    month: str
    rows: int
    bytes: int
    columns: Mapping[str, str]


@contextmanager
def reading(tables: Iterable[str]) -> Iterator[dict[str, list[LiveFile]]]:
    """The files of `tables` by table, all of one generation; none of them is removed before this ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(generation), 0) FROM lake_state")
        (generation,) = cursor.fetchone()
        # First the lock, then the list: what is dropped in between carries a later generation, and stays.
        slot = generation % 2**31
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", [_READERS, slot])
    try:
        yield live_files(tables)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_shared(%s, %s)", [_READERS, slot])


def live_files(tables: Iterable[str]) -> dict[str, list[LiveFile]]:
    """The files in use of `tables`, by table, oldest first."""
    found: dict[str, list[LiveFile]] = {name: [] for name in tables}
    for file in File.objects.filter(table__in=list(found), dropped=None).order_by("id"):
        found[file.table].append(
            LiveFile(file.pk, file.path, file.part, file.month, file.rows, file.bytes, file.columns)
        )
    return found


def oldest_in_use() -> int | None:
    """The oldest generation that somebody reads, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT min(objid::bigint) FROM pg_locks
               WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""",
            [_READERS],
        )
        (oldest,) = cursor.fetchone()
    return oldest if oldest is None else int(oldest)


class Change:
    """New files and files that they replace, collected before they become true together by `commit`.

    Made and committed in one transaction of a writer.
    """

    def __init__(self, store: Store) -> None:
        """`store`: where new files go."""
        self.store = store
        self.added: list[File] = []
        self.dropped: list[int] = []
        self._generation: int | None = None

    @property
    def generation(self) -> int:
        """The generation that begins with this change."""
        if self._generation is None:
            self._generation = _next_generation()
        return self._generation

    def add(
        self, table: str, rows: pa.Table, columns: Mapping[str, str], *, folder: str, month: str = "",
        part: str = Part.ROWS,
    ) -> None:  # fmt: skip
        """Write `rows` of `table` to a new file."""
        path, size = self.store.write(folder, rows)
        self.added.append(
            File(
                table=table, path=path, part=part, month=month, rows=rows.num_rows, bytes=size,
                columns=dict(columns), generation=self.generation,
            )
        )  # fmt: skip

    def drop(self, files: Iterable[LiveFile]) -> None:
        """Take files out of use."""
        self.dropped.extend(file.id for file in files)

    def commit(self) -> None:
        """Change the manifest."""
        File.objects.bulk_create(self.added)
        if self.dropped:
            File.objects.filter(pk__in=self.dropped).update(dropped=self.generation)


def _next_generation() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO lake_state (only_row, generation) VALUES (true, 1)
               ON CONFLICT (only_row) DO UPDATE SET generation = lake_state.generation + 1 RETURNING generation"""
        )
        (generation,) = cursor.fetchone()
    return int(generation)
