"""Reading the log and the state of its readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from huoju.core.ui.parts import Label

from .delivery import horizon_now
from .models import DeadLetter, Fact
from .readers import all_readers

_COLUMNS = (
    "id, kind, version, person_id, visitor_id, company_id, occurred_at, recorded_at, actor, source, payload, "
    "dedup_key, shard, tx"
)
_WALK = """SELECT f.* FROM unnest(%s::{type}[]) AS who(id) CROSS JOIN LATERAL (
    SELECT {columns} FROM facts_fact WHERE {whose} {kinds} {before}
    ORDER BY occurred_at DESC, id DESC LIMIT %s) f"""


def list_facts_of_persons(
    person_ids: Sequence[int],
    *,
    visitor_ids: Sequence[str] = (),
    kinds: Sequence[str] = (),
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Fact]:
    """Facts of the persons, newest first; `before` is the (occurred_at, id) of the last one of the page above.

    `visitor_ids`: what these website visitors did before anybody knew who they were. Walks the index of each person and
    each visitor from its newest fact on, so a page costs the same however long the history is.
    """
    walks: list[str] = []
    values: list[Any] = []
    for type_, whose, ids in (
        ("bigint", "person_id = who.id", list(person_ids)),
        ("text", "visitor_id = who.id AND person_id IS NULL", list(visitor_ids)),
    ):
        if not ids:
            continue
        values.append(ids)
        if kinds:
            values.append(list(kinds))
        if before is not None:
            values += [before[0], *before]
        values.append(limit)
        walks.append(
            _WALK.format(
                type=type_,
                columns=_COLUMNS,
                whose=whose,
                kinds="AND kind = ANY(%s::text[])" if kinds else "",
                # The first bound is for the index of visitors, which has no id.
                before="AND occurred_at <= %s AND (occurred_at, id) < (%s, %s)" if before else "",
            )
        )
    if not walks:
        return []
    statement = f"{' UNION ALL '.join(walks)} ORDER BY occurred_at DESC, id DESC LIMIT %s"
    return list(Fact.objects.raw(statement, [*values, limit]))


def list_facts_of_companies(
    company_ids: Sequence[int],
    person_ids: Sequence[int] = (),
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Fact]:
    """Facts of the companies themselves and of `person_ids`, newest first; `before` as for persons. Two queries."""
    facts = Fact.objects.filter(company_id__in=company_ids, person_id=None)
    if before is not None:
        facts = facts.extra(where=["(occurred_at, id) < (%s, %s)"], params=list(before))
    own = list(facts.order_by("-occurred_at", "-id")[:limit])
    theirs = list_facts_of_persons(person_ids, before=before, limit=limit) if person_ids else []
    return sorted([*own, *theirs], key=lambda each: (each.occurred_at, each.pk), reverse=True)[:limit]


@dataclass(frozen=True, slots=True)
class ReaderState:
    """How a reader stands: facts handled so far, facts of its kinds not yet handled, and since when."""

    name: str
    label: Label
    does: Label
    patience: float
    kinds: list[str]
    handled: int
    behind: int
    waiting_since: datetime | None
    moved_at: datetime | None
    open_letters: int


def list_reader_states() -> list[ReaderState]:
    """The state of every reader, in the order in which they run. One query a reader; `behind` counts to 10,000."""
    edge = horizon_now()
    states = []
    with connection.cursor() as cursor:
        for reader in all_readers():
            cursor.execute(
                """SELECT coalesce(sum(handled), 0), max(moved_at), sum(late.n), min(late.since),
                          (SELECT count(*) FROM facts_deadletter WHERE reader = %(reader)s AND resolved_at IS NULL)
                   FROM facts_cursor c CROSS JOIN LATERAL (
                       SELECT count(*) AS n, min(recorded_at) AS since FROM (
                           SELECT recorded_at FROM facts_fact f WHERE f.shard = c.shard AND f.tx < %(edge)s
                           AND (f.tx, f.id) > (c.tx, c.fact_id) AND f.kind = ANY(%(kinds)s) LIMIT 10000) counted) late
                   WHERE c.reader = %(reader)s""",
                {"reader": reader.name, "edge": edge, "kinds": reader.kind_names},
            )
            handled, moved_at, behind, since, letters = cursor.fetchone()
            states.append(
                ReaderState(
                    name=reader.name, label=reader.label or reader.name, does=reader.does, patience=reader.patience,
                    kinds=reader.kind_names, handled=int(handled), behind=int(behind or 0),
                    waiting_since=since, moved_at=moved_at, open_letters=letters,
                )
            )  # fmt: skip
    return states


def list_open_letters(reader: str = "") -> QuerySet[DeadLetter]:
    """Dead letters that nobody has retried or dismissed yet, oldest first; of one reader, or of all."""
    found = DeadLetter.objects.filter(resolved_at=None).order_by("failed_at", "id")
    return found.filter(reader=reader) if reader else found


def count_facts_since(moment: datetime) -> int:
    """How many facts were recorded since `moment`, counted to a million."""
    with connection.cursor() as cursor:
        query = "SELECT count(*) FROM (SELECT FROM facts_fact WHERE recorded_at >= %s LIMIT 1000000) counted"
        cursor.execute(query, [moment])
        return int(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a moment could see: every position below `ceiling` that is not among `running`. `writing`: the caller's own
    open transaction is among them; what it writes becomes visible to itself without a new snapshot."""

    ceiling: int
    running: tuple[int, ...]
    writing: bool = False


def snapshot_now() -> Snapshot:
    """What the next statement sees, as positions of transactions; the caller's own open transaction counts as running
    because it may write more."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pg_snapshot_xmax(seen)::text::bigint + lift,
                      ARRAY(SELECT xid::text::bigint + lift FROM pg_snapshot_xip(seen) xid),
                      pg_current_xact_id_if_assigned()::text::bigint + lift
               FROM pg_current_snapshot() seen, facts_lift"""
        )
        ceiling, running, own = cursor.fetchone()
    if own is None:
        return Snapshot(ceiling, tuple(sorted(running)))
    return Snapshot(ceiling, tuple(sorted({*running, own})), writing=True)


def position_now() -> int:
    """The position of the caller's transaction: what rows that others mirror are stamped with."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint + lift FROM facts_lift")
        return int(cursor.fetchone()[0])
