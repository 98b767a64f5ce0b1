"""Writing to the log."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zlib import crc32

from django.db import connection

from huoju.core.bulk import NULL, copy_rows, moment, once, tell
from huoju.core.ids import uuid7s
from huoju.core.records import named_record

from .kinds import kind_of

SHARDS = 8
CHANNEL = "huoju_facts"

_COLUMNS = (
    *("id", "kind", "version", "person_id", "visitor_id", "company_id", "occurred_at", "recorded_at"),
    *("actor", "source", "payload", "dedup_key", "shard", "tx"),
)


@named_record
class NewFact:
    """A fact to be appended.

    `payload` is an instance of a class registered with `kinds.fact`. `dedup_key`: a second fact with the same key is
    dropped without an error. `shard_key` keeps facts in order that belong together before the person is known (a form's
    two submissions by one mobile); a fact of a known person is always ordered by the person.
    """

    payload: Any
    occurred_at: datetime
    person_id: int | None = None
    visitor_id: str | None = None
    company_id: int | None = None
    dedup_key: str | None = None
    shard_key: str | None = None


def shard_of(person_id: int | None, key: str) -> int:
    """The shard of a fact: by its person, or by `key` while there is none."""
    return (person_id if person_id is not None else crc32(key.encode())) % SHARDS


def append(facts: Sequence[NewFact], *, actor: str, source: str, now: datetime) -> list[UUID | None]:
    """Append `facts`, in their order, in the caller's transaction; returns their ids, None for one already there.

    Readers see them when that transaction commits. `actor` is who did it (`user:7`, `rule:mql/3`, `visitor`), `source`
    the part of the product or outside system that reports it, `now` becomes `recorded_at`.

    Raises `RuntimeError` outside a transaction: a fact must never outlive the change that it reports.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("append needs a transaction: the fact and its change must commit together")
    if not facts:
        return []
    ids: list[UUID | None] = list(uuid7s(len(facts)))
    with connection.cursor() as cursor:
        _drop_known(cursor, facts, ids)
        tx = place()
        fixed = (moment(now), actor, source)
        rows = [_row(new, id_, fixed, tx) for new, id_ in zip(facts, ids, strict=True) if id_ is not None]
        copy_rows(cursor, "facts_fact", _COLUMNS, rows)
        once("notify", lambda: tell(cursor, "SELECT pg_notify(%s, '')", [CHANNEL]))
    return ids


def _row(new: NewFact, id_: UUID, fixed: tuple[str, str, str], tx: str) -> tuple[str, ...]:
    """The fields of a fact, in the order of `_COLUMNS`."""
    kind = kind_of(type(new.payload))
    person_id = new.person_id
    if person_id is None:
        shard = shard_of(None, new.visitor_id or new.shard_key or new.dedup_key or str(id_))
    else:
        shard = person_id % SHARDS
    return (
        f"{id_.int:032x}",
        kind.name,
        str(kind.version),
        NULL if person_id is None else str(person_id),
        new.visitor_id or NULL,
        NULL if new.company_id is None else str(new.company_id),
        moment(new.occurred_at),
        *fixed,
        kind.encode(new.payload),
        new.dedup_key or NULL,
        str(shard),
        tx,
    )


def append_one(fact: NewFact, *, actor: str, source: str, now: datetime) -> UUID | None:
    """`append` for a single fact."""
    return append([fact], actor=actor, source=source, now=now)[0]


def place() -> str:
    """Where in the log this transaction's facts stand. `append` asks by itself; who writes behind (`core.bulk`) asks
    before the first COPY, which the question would wait for."""
    return once("facts", _read_place)


def _read_place() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (pg_current_xact_id()::text::bigint + lift)::text FROM facts_lift")
        (position,) = cursor.fetchone()
        return str(position)


def _drop_known(cursor: Any, facts: Sequence[NewFact], ids: list[UUID | None]) -> None:
    """Set to None the ids of facts whose dedup key was seen before, in this batch or any other.

    Keys are inserted in sorted order so that two batches with common keys wait for each other instead of deadlocking.
    """
    keyed: dict[str, int] = {}
    for index, new in enumerate(facts):
        if new.dedup_key is not None:
            if new.dedup_key in keyed:
                ids[index] = None
            else:
                keyed[new.dedup_key] = index
    if not keyed:
        return
    rows = [{"k": key, "f": str(ids[index])} for key, index in sorted(keyed.items())]
    cursor.execute(
        """INSERT INTO facts_key (dedup_key, fact_id)
           SELECT k, f FROM jsonb_to_recordset(%s::jsonb) AS r(k text, f uuid) ORDER BY k COLLATE "C"
           ON CONFLICT DO NOTHING RETURNING dedup_key""",
        [json.dumps(rows)],
    )
    for key in keyed.keys() - {key for (key,) in cursor.fetchall()}:
        ids[keyed[key]] = None
