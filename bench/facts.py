"""The fact log: appending in batches, and a reader that does nothing."""

import time
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from huoju.core.facts import delivery
from huoju.core.facts.operations import NewFact, append
from huoju.core.facts.readers import Reader, StoredFact
from huoju.qualify.leads.facts import LeadCaptured

from .harness import Figure, benchmark

FACTS = 200_000
BATCH = 5_000


def _fill(total: int) -> float:
    """Append `total` facts in batches, each in a transaction; returns the seconds it took."""
    now = timezone.now()
    seconds = 0.0
    for begin in range(0, total, BATCH):
        facts = [
            NewFact(
                payload=LeadCaptured(lead_id=n, via="import", channel_id=3, region="44", industry="software"),
                occurred_at=now,
                person_id=n,
            )
            for n in range(begin, begin + BATCH)
        ]
        started = time.perf_counter()
        with transaction.atomic():
            append(facts, actor="import:1", source="import", now=now)
        seconds += time.perf_counter() - started
    return seconds


@benchmark("append")
def append_in_batches() -> None:
    """Facts appended a second, against a raw COPY of the same rows into a table with the same indexes."""
    seconds = _fill(FACTS)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (LIKE facts_fact INCLUDING ALL)")
        with cursor.copy("COPY (SELECT * FROM facts_fact ORDER BY tx, id) TO STDOUT") as out:
            rows = [bytes(chunk) for chunk in out]
        started = time.perf_counter()
        with cursor.copy("COPY bare FROM STDIN") as copy:
            copy.write(b"".join(rows))
        bare = time.perf_counter() - started
    note = f"{FACTS} facts in batches of {BATCH}; reference: COPY of the same rows, one table, same indexes"
    Figure("facts.append", FACTS / seconds, "facts/s", FACTS / bare, note).emit()


@benchmark("read")
def read_by_one_worker() -> None:
    """Facts handed to a reader that does nothing, a second, against fetching the same rows with bare SQL."""
    _fill(FACTS)
    handled = 0

    def handle(facts: Sequence[StoredFact], _: datetime) -> None:
        nonlocal handled
        handled += len(facts)

    reader = Reader("bench", (LeadCaptured,), handle, batch=2_000)
    delivery.ensure_cursors([reader])
    started = time.perf_counter()
    delivery.drain([reader])
    seconds = time.perf_counter() - started
    if handled != FACTS:
        raise RuntimeError(f"{handled} of {FACTS} facts handled")
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM facts_fact ORDER BY tx, id")
        while cursor.fetchmany(2_000):
            pass
    bare = time.perf_counter() - started
    note = f"{FACTS} facts, one worker, batches of 2000; reference: fetching the same rows in one SELECT"
    Figure("facts.read", FACTS / seconds, "facts/s", FACTS / bare, note).emit()
