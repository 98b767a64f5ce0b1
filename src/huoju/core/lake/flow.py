"""From PostgreSQL to Parquet, incrementally and exactly once.

Files are written first; then, in one transaction, the manifest takes them in and the position moves. Whoever is killed
between the two leaves files that nobody knows (`operations.sweep` removes them) and a position that did not move.
"""

import json
import logging
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from duckdb import DuckDBPyConnection
from psycopg import DataError  # what COPY raises; Django does not wrap it

from huoju.core.bulk import copy_lines, text
from huoju.core.facts.delivery import LAST_ID, Horizon, horizon_now
from huoju.core.facts.kinds import Kind, kind_named
from huoju.core.facts.operations import SHARDS

from . import duck
from .facttables import columns_of, payload_columns, select_facts, table_name
from .layout import FLOW, GONE
from .manifest import Change, live_files
from .models import Part, Position
from .store import Store
from .tables import LakeTable
from .transfer import arrow_schema, fetch, select_table

log = logging.getLogger(__name__)

FACTS = "facts"
"""The name of the log's position."""
CHUNK = 200_000
"""About how many facts flow in one transaction."""

type Mark = tuple[int, UUID]


# --- facts ---------------------------------------------------------------------------------------------


def flow_facts(store: Store, *, now: datetime, horizon: Horizon = "committed", chunk: int = CHUNK) -> int:
    """Let the next facts flow; how many they were. 0: everything below the horizon is in the lake."""
    with transaction.atomic():
        position, _ = Position.objects.get_or_create(name=FACTS)
        edge = horizon_now(horizon)
        after = (position.tx, position.fact_id)
        end = _end_of_chunk(after, edge, chunk)
        span = (
            f"shard = ANY('{{{','.join(str(shard) for shard in range(SHARDS))}}}') AND tx <= {end} "
            f"AND (tx, id) > ({after[0]}, '{after[1]}')"
        )
        kinds, total, last = _kinds_in(span)
        change = Change(store)
        for name, oldest in kinds.items():
            kind = kind_named(name)
            if kind is not None:
                _add_facts(change, kind, fetch_facts(kind, span, oldest=oldest))
        change.commit()
        if horizon == "committed":
            last = (end, LAST_ID)
        position.tx, position.fact_id = max(after, last or after)
        position.rows += total
        position.flowed_at, position.error, position.failed_at = now, "", None
        position.save()
        return total


def _end_of_chunk(after: Mark, edge: int, chunk: int) -> int:
    """The last transaction of the next chunk. Transactions are taken whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT min(far.tx) FROM generate_series(0, %(shards)s - 1) s CROSS JOIN LATERAL (
                   SELECT tx FROM facts_fact WHERE shard = s AND tx < %(edge)s AND (tx, id) > (%(tx)s, %(id)s)
                   ORDER BY tx, id OFFSET %(step)s LIMIT 1) far""",
            {"shards": SHARDS, "edge": edge, "tx": after[0], "id": after[1], "step": chunk // SHARDS},
        )
        (far,) = cursor.fetchone()
    return edge - 1 if far is None else int(far)


def _kinds_in(span: str) -> tuple[dict[str, int], int, Mark | None]:
    """The kinds among the facts of `span`, each with its oldest version; their number; the last one's mark."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT kind, min(version), count(*), max(tx) FROM facts_fact WHERE {span}
                GROUP BY kind ORDER BY kind"""
        )
        rows = cursor.fetchall()
        if not rows:
            return {}, 0, None
        tx = max(row[3] for row in rows)
        cursor.execute(f"SELECT id FROM facts_fact WHERE {span} AND tx = %s ORDER BY id DESC LIMIT 1", [tx])
        (id_,) = cursor.fetchone()
    return {row[0]: row[1] for row in rows}, sum(row[2] for row in rows), (tx, id_)


def fetch_facts(kind: Kind, where: str, *, oldest: int = 0) -> pa.Table:
    """The facts of `kind` that the SQL condition `where` is true of; those of older versions are lifted to today's.

    `oldest`: the oldest version that there can be.
    """
    if oldest >= kind.version or not kind.upcasts:
        return _fetch(kind, where)
    current = _fetch(kind, f"version >= {kind.version} AND {where}")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, version, payload FROM facts_fact WHERE kind = %s AND version < %s AND {where}",
            [kind.name, kind.version],
        )
        lifted = [(id_, kind.lifted(json.loads(raw), version)) for id_, version, raw in cursor.fetchall()]
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS lake_lifted (id uuid, lifted jsonb) ON COMMIT DROP")
        cursor.execute("TRUNCATE lake_lifted")
        lines = [f"{id_}\t{text(json.dumps(raw))}" for id_, raw in lifted]
        copy_lines(cursor, "lake_lifted", ("id", "lifted"), lines)
    raised = _fetch(kind, "true", payload="lifted", source="facts_fact JOIN lake_lifted USING (id)")
    return pa.concat_tables([current, raised])


def _fetch(kind: Kind, where: str, *, payload: str = "payload", source: str = "facts_fact") -> pa.Table:
    """Facts by the kind's SELECT. A value that does not fit its field (raw SQL wrote it, or the field changed its type
    without a version) is NULL: it must not stop all that come after it."""
    columns = columns_of(kind)
    try:
        with transaction.atomic():
            return fetch(f"{select_facts(kind, payload=payload, source=source)} AND {where}", columns)
    except DataError as error:
        log.warning("lake: a %s does not fit its kind: %s", kind.name, error)
    as_text = {**columns, **{column: "string" for column, _ in payload_columns(kind).values()}}
    facts = fetch(f"{select_facts(kind, payload=payload, source=source, typed=False)} AND {where}", as_text)
    with duck.session() as session:
        session.register("facts", facts)
        casts = [
            f'TRY_CAST("{name}" AS {duck.DIALECT.type_name(type_)}) AS "{name}"'
            for name, type_ in columns.items()
        ]
        return (
            session.execute(f"SELECT {', '.join(casts)} FROM facts")
            .to_arrow_table()
            .cast(arrow_schema(columns))
        )


def _add_facts(change: Change, kind: Kind, facts: pa.Table) -> None:
    """A file for each month in which some of `facts` occurred."""
    facts = facts.sort_by([("occurred_at", "ascending")])
    months = pc.strftime(facts["occurred_at"], "%Y-%m")
    for month in pc.unique(months).to_pylist():
        change.add(
            table_name(kind),
            facts.filter(pc.equal(months, month)),
            columns_of(kind),
            folder=f"facts/{kind.name}/{month}",
            month=month,
        )


# --- tables --------------------------------------------------------------------------------------------


def flow_table(store: Store, table: LakeTable, *, now: datetime, horizon: Horizon = "committed") -> int:
    """Let what changed in `table` flow: how many rows are new, different or gone.

    Which rows changed is read off the transaction that wrote each row version (`xmin`): none from before the oldest
    transaction that was open last time can have. No trigger, no column, no index: one pass over the table. What is
    gone is looked for, by comparing keys, only when the number of rows does not come out.
    """
    with transaction.atomic():
        if horizon == "committed":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        position, _ = Position.objects.get_or_create(name=table.name)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            (mark,) = cursor.fetchone()
        change = Change(store)
        fingerprint = _fingerprint(table)
        # A transaction id of 32 bits cannot be told from one two thousand million later.
        if position.fingerprint != fingerprint or mark - position.tx > 2**31 - 10**6:
            moved = _load(change, table, position)
        else:
            moved = _load_changes(change, table, position)
        change.commit()
        position.tx, position.fingerprint = mark, fingerprint
        position.flowed_at, position.error, position.failed_at = now, "", None
        position.save()
        return moved


def _fingerprint(table: LakeTable) -> str:
    """What a table's rows in the lake depend on beside its rows in PostgreSQL, with the cluster that numbers them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier FROM pg_control_system()")
        (cluster,) = cursor.fetchone()
    made_by = [table.relation, table.key, dict(table.columns), dict(table.sources), cluster]
    return sha256(json.dumps(made_by).encode()).hexdigest()


def _load(change: Change, table: LakeTable, position: Position) -> int:
    rows = fetch(select_table(table), table.columns)
    change.drop(live_files([table.name])[table.name])
    _add_rows(change, table, rows)
    position.rows = rows.num_rows
    return int(rows.num_rows)


def _add_rows(change: Change, table: LakeTable, rows: pa.Table) -> None:
    if rows.num_rows:
        rows = rows.sort_by([(table.key, "ascending")])
        change.add(table.name, rows, table.columns, folder=f"tables/{table.name}")


def _load_changes(change: Change, table: LakeTable, position: Position) -> int:
    since = f"age(xmin) <= age('{position.tx % 2**32}'::xid)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE {since}) FROM {table.relation}")
        count, candidates = cursor.fetchone()
    if not candidates and count == position.rows:
        return 0
    files = live_files([table.name])[table.name]
    changed = fetch(select_table(table, since), table.columns)
    session = duck.session()
    duck.attach(session, change.store, "held", table.columns, files, key=table.key)
    session.register("changed", changed)
    key = f'"{table.key}"'
    # Seen again because an old transaction was open last time, not because they are different.
    changed = session.execute(
        f"SELECT * FROM changed EXCEPT SELECT * FROM held WHERE {key} IN (SELECT {key} FROM changed)"
    ).to_arrow_table()
    session.register("changed", changed)
    (known,) = _row(session, f"SELECT count(*) FROM held WHERE {key} IN (SELECT {key} FROM changed)")
    expected = position.rows + changed.num_rows - known
    gone = changed.slice(0, 0)
    if expected != count:
        source = table.sources.get(table.key, table.key)
        keys = fetch(f"SELECT {source} FROM {table.relation}", {table.key: table.columns[table.key]})
        session.register("keys", keys)
        gone = session.execute(f"SELECT {key} FROM held ANTI JOIN keys USING ({key})").to_arrow_table()
    position.rows = count
    if not (changed.num_rows or gone.num_rows):
        return 0
    changes = _marked(table, changed, gone, change.generation)
    change.add(
        table.name,
        changes,
        {**table.columns, FLOW: "int64", GONE: "boolean"},
        folder=f"tables/{table.name}",
        part=Part.CHANGES,
    )
    return int(changes.num_rows)


def _row(session: DuckDBPyConnection, query: str) -> tuple[int, ...]:
    found = session.execute(query).fetchone()
    if found is None:
        raise LookupError(query)
    return tuple(found)


def _marked(table: LakeTable, changed: pa.Table, gone: pa.Table, generation: int) -> pa.Table:
    """Rows, and keys that are gone, as one table of changes."""
    schema = arrow_schema(table.columns)
    empty = {name: pa.nulls(gone.num_rows, schema.field(name).type) for name in schema.names}
    deleted = pa.table({**empty, table.key: gone[table.key]}, schema=schema)
    changes = pa.concat_tables([changed.cast(schema), deleted])
    flags = pa.array([False] * changed.num_rows + [True] * gone.num_rows, pa.bool_())
    flow = pa.array([generation] * changes.num_rows, pa.int64())
    return changes.append_column(GONE, flags).append_column(FLOW, flow).sort_by([(table.key, "ascending")])
