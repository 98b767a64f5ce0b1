"""Handing facts to readers: exactly once, in order, past poison.

Which facts a reader may see. Two transactions can commit in the other order than they began; a cursor that follows ids
or times would step over the slow one's facts for good. So each fact carries the id of its transaction, and a reader
reads only below `pg_snapshot_xmin(pg_current_snapshot())`: every transaction under that mark has ended, nothing
can still appear there, and (tx, id) is an order that only grows at its end.
"""

import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pydantic_core import from_json

from huoju.core.pickling import made

from .models import Cursor, DeadLetter
from .operations import SHARDS
from .readers import Reader, StoredFact, reader_named

TRIES = 3
"""How often one fact is tried before it becomes a dead letter."""

LAST_ID = UUID(int=2**128 - 1)

Horizon = Literal["committed", "own"]
"""`committed`: facts that can no longer be overtaken (the only right value outside tests).
`own`: also those of the open transaction, for code that rolls everything back at its end."""

_NAMES = (
    *("id", "kind", "version", "person_id", "visitor_id", "company_id", "occurred_at", "recorded_at"),
    *("actor", "source", "payload", "tx"),
)
_FIELDS = ", ".join(_NAMES)
# Times as text: a batch holds few different ones, and the session speaks UTC.
_TOLD = _FIELDS.replace("occurred_at, recorded_at", "occurred_at::text, recorded_at::text")


def horizon_now(mode: Horizon = "committed") -> int:
    """The position below which the log is complete."""
    if mode == "own":
        return 2**62
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + lift FROM facts_lift")
        return int(cursor.fetchone()[0])


def run_shards(
    reader: Reader, shards: Sequence[int], *, horizon: Horizon = "committed", limit: int | None = None
) -> int:
    """Hand the next batch of some shards to `reader`; returns how many facts it handled.

    Handling and moving the cursors are one transaction: several shards together cost the reader's queries once. Shards
    whose cursors another worker holds are left to it; returns 0 at once when it holds all.
    """
    with transaction.atomic():
        cursors = list(
            Cursor.objects.select_for_update(skip_locked=True)
            .filter(reader=reader.name, shard__in=shards)
            .order_by("shard")
        )
        if not cursors:
            return 0
        edge = horizon_now(horizon)
        size = max(1, (limit or reader.batch) // len(cursors))
        facts, lasts = _read_on(reader.kind_names, cursors, below=edge, limit=size)
        now = timezone.now()
        if facts:
            _handle(reader, facts, now)
        for cursor in cursors:
            count, last = lasts.get(cursor.shard, (0, None))
            if count < size and horizon == "committed":
                # Nothing more of these kinds below the mark: step over what belongs to other readers.
                cursor.tx, cursor.fact_id = max(cursor.tx, edge - 1), LAST_ID
            elif last is not None:
                cursor.tx, cursor.fact_id = last.tx, last.id
            cursor.handled += count
        _move(cursors, now)
        return len(facts)


def _move(cursors: Sequence[Cursor], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE facts_cursor c SET tx = r.tx, fact_id = r.fact_id, handled = r.handled, moved_at = %s
               FROM unnest(%s::bigint[], %s::bigint[], %s::uuid[], %s::bigint[]) AS r(id, tx, fact_id, handled)
               WHERE c.id = r.id""",
            [
                now,
                *map(
                    list,
                    zip(*[(each.pk, each.tx, each.fact_id, each.handled) for each in cursors], strict=True),
                ),
            ],
        )


def _read_on(
    kinds: Sequence[str], cursors: Sequence[Cursor], *, below: int, limit: int
) -> tuple[list[StoredFact], dict[int, tuple[int, StoredFact]]]:
    """The next facts of each cursor's shard, at most `limit` of one, all in order; and how many those were of each
    shard, with the last."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {_TOLD}, c.shard
                FROM unnest(%s::int[], %s::bigint[], %s::uuid[]) AS c(shard, after_tx, after_id)
                CROSS JOIN LATERAL (
                    SELECT {_FIELDS} FROM facts_fact f
                    WHERE f.shard = c.shard AND f.tx < %s AND (f.tx, f.id) > (c.after_tx, c.after_id) AND kind = ANY(%s)
                    ORDER BY f.tx, f.id LIMIT %s) read
                ORDER BY tx, id""",
            [
                [each.shard for each in cursors],
                [each.tx for each in cursors],
                [each.fact_id for each in cursors],
                below,
                list(kinds),
                limit,
            ],
        )
        rows = cursor.fetchall()
    facts = _facts(rows)
    shards = [row[-1] for row in rows]
    counts, lasts = Counter(shards), dict(zip(shards, facts, strict=True))
    return facts, {shard: (counts[shard], last) for shard, last in lasts.items()}


def read(kinds: Sequence[str], *, after: tuple[int, UUID], below: int, limit: int) -> list[StoredFact]:
    """Facts of `kinds` after a position and below a mark, in order, of all shards."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {_TOLD} FROM facts_fact
                WHERE tx < %s AND (tx, id) > (%s, %s) AND kind = ANY(%s)
                ORDER BY tx, id LIMIT %s""",
            [below, *after, list(kinds), limit],
        )
        return _facts(cursor.fetchall())


def _facts(rows: Sequence[tuple[Any, ...]]) -> list[StoredFact]:
    """The facts of rows that begin with `_TOLD`, column by column: thousands cost a third of what they cost alone."""
    columns: dict[str, Iterable[Any]] = dict(zip(_NAMES, zip(*rows, strict=True), strict=False))
    if not columns:
        return []
    for name in ("occurred_at", "recorded_at"):
        known = {text: datetime.fromisoformat(text) for text in set(columns[name])}
        columns[name] = map(known.__getitem__, columns[name])
    columns["payload"] = map(from_json, columns["payload"])  # Django leaves jsonb of raw queries as text
    return made(StoredFact, len(rows), **columns)


def _handle(reader: Reader, facts: Sequence[StoredFact], now: datetime) -> None:
    """Handle a batch; when it fails, one fact at a time, and what fails still becomes a dead letter."""
    try:
        with transaction.atomic():
            reader.handle(facts, now)
    except OperationalError:
        raise  # the database, not the fact: a deadlock, a lost connection; the whole batch is tried again later
    except Exception:  # noqa: BLE001 (any failure of a handler is recorded, none may stop the shard)
        for fact in facts:
            _handle_alone(reader, fact, now)


def _handle_alone(reader: Reader, fact: StoredFact, now: datetime) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                reader.handle([fact], now)
        except OperationalError:
            raise
        except Exception:  # noqa: BLE001 (recorded, as above)
            if attempt == TRIES:
                DeadLetter.objects.update_or_create(
                    reader=reader.name,
                    fact_id=fact.id,
                    defaults={
                        "kind": fact.kind, "traceback": traceback.format_exc(), "tries": TRIES, "failed_at": now,
                        "resolved_at": None, "resolution": "",
                    },
                )  # fmt: skip
        else:
            return


def retry_dead_letter(*, letter_id: int, now: datetime) -> bool:
    """Handle a dead letter's fact again; True when it went through and the letter is closed.

    A further failure keeps the letter open with the new traceback.
    """
    with transaction.atomic():
        letter = DeadLetter.objects.select_for_update().get(pk=letter_id, resolved_at=None)
        fact = get_fact(letter.fact_id)
        try:
            with transaction.atomic():
                reader_named(letter.reader).handle([fact], now)
        except Exception:  # noqa: BLE001 (recorded, as above)
            letter.traceback = traceback.format_exc()
            letter.tries += 1
            letter.failed_at = now
        else:
            letter.resolved_at, letter.resolution = now, "retried"
        letter.save()
        return letter.resolved_at is not None


def dismiss_dead_letter(*, letter_id: int, now: datetime) -> None:
    """Close a dead letter without handling its fact."""
    DeadLetter.objects.filter(pk=letter_id, resolved_at=None).update(resolved_at=now, resolution="dismissed")


def get_fact(fact_id: UUID) -> StoredFact:
    """One fact. Raises `LookupError`."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_TOLD} FROM facts_fact WHERE id = %s", [fact_id])
        for fact in _facts(cursor.fetchall()):
            return fact
    raise LookupError(f"no fact {fact_id}")


def ensure_cursors(readers: Sequence[Reader]) -> None:
    """Give every reader a cursor in every shard; a new reader starts at the first fact."""
    Cursor.objects.bulk_create(
        [Cursor(reader=reader.name, shard=shard) for reader in readers for shard in range(SHARDS)],
        ignore_conflicts=True,
    )


def waiting(readers: Sequence[Reader], horizon: Horizon = "committed") -> list[tuple[Reader, int]]:
    """The (reader, shard) pairs that have something to look at, in reader order. One query."""
    by_name = {reader.name: reader for reader in readers}
    order = {name: index for index, name in enumerate(by_name)}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.reader, c.shard FROM facts_cursor c
               CROSS JOIN LATERAL (SELECT f.tx, f.id FROM facts_fact f WHERE f.shard = c.shard AND f.tx < %s
                                   ORDER BY f.tx DESC, f.id DESC LIMIT 1) last
               WHERE c.reader = ANY(%s) AND (last.tx, last.id) > (c.tx, c.fact_id)""",
            [horizon_now(horizon), list(by_name)],
        )
        rows = cursor.fetchall()
    return [(by_name[name], shard) for name, shard in sorted(rows, key=lambda row: (order[row[0]], row[1]))]


def drain(readers: Sequence[Reader], *, horizon: Horizon = "committed", rounds: int = 1000) -> int:
    """Run `readers` until nothing is left to read; returns how many facts were handled (counted once a reader)."""
    ensure_cursors(readers)
    total = 0
    for _ in range(rounds):
        pairs = waiting(readers, horizon)
        handled = 0
        for reader, shard in pairs:
            while done := run_shards(reader, [shard], horizon=horizon):
                handled += done
                if done < reader.batch:
                    break
        total += handled
        # Reading one's own transaction leaves cursors behind facts of other kinds: stop when a round brings nothing.
        if not pairs or (horizon == "own" and handled == 0):
            break
    return total
