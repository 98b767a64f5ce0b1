"""The loop that hands facts to readers as they come."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import batched, groupby

import psycopg
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from . import delivery, partitions
from .operations import CHANNEL, SHARDS
from .readers import Reader, all_readers
from .tide import TIDE

log = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""How long to sleep without a notification before looking anyway."""
OVERTAKEN_SECONDS = (0.05, 0.4)
"""How long to wait when facts are there but an older transaction is still open below them: at first, and at most."""


def run(stop: threading.Event) -> None:
    """Read until `stop` is set. Wakes on NOTIFY; survives the loss of the database and takes up where it was."""
    pause = 0.5
    while not stop.is_set():
        try:
            _run_connected(stop)
            pause = 0.5
        except (OperationalError, psycopg.OperationalError) as error:
            log.warning("facts: the database is away (%s); next try in %.1f s", error, pause)
            connection.close()
            stop.wait(pause)
            pause = min(pause * 2, 15)


def _run_connected(stop: threading.Event) -> None:
    close_old_connections()
    readers = all_readers()
    partitions.ensure(timezone.now())
    delivery.ensure_cursors(readers)
    params = connection.get_connection_params()
    params.pop("cursor_factory", None)
    params.pop("context", None)
    next_partitions = time.monotonic() + 3600
    with psycopg.connect(**params, autocommit=True) as ears:
        ears.execute(f"LISTEN {CHANNEL}")
        pause = OVERTAKEN_SECONDS[0]
        while not stop.is_set():
            while not stop.is_set() and _pass_over(stop):
                pause = OVERTAKEN_SECONDS[0]
            if time.monotonic() > next_partitions:
                partitions.ensure(timezone.now())
                next_partitions = time.monotonic() + 3600
            if _sleep(ears, stop, TIDE.rest(time.monotonic(), IDLE_SECONDS), pause):
                pause = min(2 * pause, OVERTAKEN_SECONDS[1])
            else:
                pause = OVERTAKEN_SECONDS[0]


def _pass_over(stop: threading.Event) -> bool:
    """One round over every reader that has something waiting; True if anything was handled."""
    handled = 0
    standing_back: set[str] = set()
    for reader, shards in _groups(delivery.waiting(all_readers())):
        if stop.is_set():
            return False
        if reader.name in standing_back:
            continue
        if reader.patience and TIDE.holds(reader.name, reader.patience, time.monotonic()):
            standing_back.add(reader.name)
            continue
        try:
            done = delivery.run_shards(reader, shards)
            TIDE.note(reader, done, time.monotonic())
            handled += done
        except OperationalError as error:
            if connection.connection is None or connection.connection.closed:
                raise
            log.info("facts: %s shards %s will be tried again (%s)", reader.name, shards, error)
            stop.wait(0.02)
    return handled > 0


def _groups(waiting: Sequence[tuple[Reader, int]]) -> Iterator[tuple[Reader, list[int]]]:
    """What waits, a reader's shards in groups: read together they cost less, and two workers share a reader."""
    for reader, pairs in groupby(waiting, key=lambda pair: pair[0]):
        for group in batched(pairs, SHARDS // 2, strict=False):
            yield reader, [shard for _, shard in group]


def _sleep(
    ears: psycopg.Connection[tuple[object, ...]], stop: threading.Event, seconds: float, pause: float
) -> bool:
    """Wait for a notification, in slices short enough to notice `stop`, and `pause` seconds at most while facts wait
    under an open transaction (True): its end is not told if it wrote none itself."""
    deadline = time.monotonic() + seconds
    pending = _may_hide()
    while not stop.is_set() and time.monotonic() < deadline:
        for _ in ears.notifies(timeout=pause if pending else 0.5, stop_after=1):
            return False
        if pending:
            return True
    return False


def _may_hide() -> bool:
    """Whether a transaction is open that may hide facts from the readers. Not asked of the facts themselves: among
    those that an import has not committed yet, that would be a long search."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(now) < pg_snapshot_xmax(now) FROM pg_current_snapshot() AS now"
        )
        return bool(cursor.fetchone()[0])
