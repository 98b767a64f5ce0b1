"""The loop that hands facts to readers as they come."""

import logging
import threading
import time

import psycopg
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from . import delivery, partitions
from .operations import CHANNEL, SHARDS
from .readers import Reader, all_readers

log = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""How long to sleep without a notification before looking anyway."""
OVERTAKEN_SECONDS = 0.05
"""How long to wait when facts are there but an older transaction is still open below them."""


FLOOD_FACTS = 500
"""So many facts in one batch are a flood, for `FLOOD_SECONDS` after it."""
FLOOD_SECONDS = 2.0


class Tide:
    """Who stands back while facts flood in. Times are seconds of one clock."""

    def __init__(self) -> None:
        self._flood_ends = 0.0
        self._waiting_since: dict[str, float] = {}

    def holds(self, reader: Reader, now: float) -> bool:
        """Whether a reader that has something to read stands back; never for longer than its patience."""
        if now >= self._flood_ends:
            return False
        return now - self._waiting_since.setdefault(reader.name, now) < reader.patience

    def rest(self, now: float) -> float:
        """How long to sleep at most: until who stands back may read."""
        return min(self._flood_ends - now, IDLE_SECONDS) if now < self._flood_ends else IDLE_SECONDS

    def note(self, reader: Reader, handled: int, now: float) -> None:
        """`reader` has handled a batch of so many facts."""
        self._waiting_since.pop(reader.name, None)
        if handled >= FLOOD_FACTS and not reader.patience:
            self._flood_ends = now + FLOOD_SECONDS


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
    tide = Tide()
    with psycopg.connect(**params, autocommit=True) as ears:
        ears.execute(f"LISTEN {CHANNEL}")
        while not stop.is_set():
            while not stop.is_set() and _pass_over(stop, tide):
                pass
            if time.monotonic() > next_partitions:
                partitions.ensure(timezone.now())
                next_partitions = time.monotonic() + 3600
            _sleep(ears, stop, tide.rest(time.monotonic()))


def _pass_over(stop: threading.Event, tide: Tide) -> bool:
    """One round over every reader that has something waiting; True if anything was handled."""
    handled = 0
    standing_back: set[str] = set()
    for reader, shard in delivery.waiting(all_readers()):
        if stop.is_set():
            return False
        if reader.name in standing_back or (reader.patience and tide.holds(reader, time.monotonic())):
            standing_back.add(reader.name)
            continue
        try:
            done = delivery.run_shard(reader, shard)
            tide.note(reader, done, time.monotonic())
            handled += done
        except OperationalError as error:
            if connection.connection is None or connection.connection.closed:
                raise
            log.info("facts: %s shard %s will be tried again (%s)", reader.name, shard, error)
            stop.wait(0.02)
    return handled > 0


def _sleep(ears: psycopg.Connection[tuple[object, ...]], stop: threading.Event, seconds: float) -> None:
    """Wait for a notification, in slices short enough to notice `stop` and facts under an open transaction."""
    deadline = time.monotonic() + seconds
    pending = _unread_above()
    while not stop.is_set() and time.monotonic() < deadline:
        for _ in ears.notifies(timeout=OVERTAKEN_SECONDS if pending else 0.5, stop_after=1):
            return
        if pending:
            return


def _unread_above() -> bool:
    """Whether facts are committed that an older open transaction still hides from the readers."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT FROM facts_fact WHERE shard = ANY(%s) AND tx >= (
                   SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + lift FROM facts_lift) LIMIT 1)""",
            [list(range(SHARDS))],
        )
        return bool(cursor.fetchone()[0])
