"""The lake: facts into Parquet, and counting them there."""

import time
from collections.abc import Callable
from datetime import timedelta

import duckdb
from django.conf import settings
from django.db import connection
from django.utils import timezone

from huoju.core.lake import operations
from huoju.core.lake.engines import engine, fact_table
from huoju.core.lake.manifest import live_files
from huoju.core.lake.store import store
from huoju.qualify.leads.facts import LeadCaptured, LeadStageChanged

from .harness import Figure, benchmark, say, server_cpu_seconds

FACTS = 1_000_000
ROUNDS = 20

# Half captured, half changed; over a year; a transaction each 5,000.
_FILL = """
INSERT INTO facts_fact (id, kind, version, person_id, visitor_id, company_id, occurred_at, recorded_at, actor, source,
    payload, dedup_key, shard, tx)
SELECT uuidv7(), CASE n %% 2 WHEN 0 THEN 'lead.captured' ELSE 'lead.stage_changed' END, 1, n / 4, NULL, NULL,
    now() - n * interval '365 days' / %(facts)s, now(), 'import:1', 'import',
    CASE n %% 2 WHEN 0 THEN jsonb_build_object('lead_id', n / 2, 'via', 'import', 'channel_id', n %% 11,
        'campaign_id', NULL, 'keyword', 'keyword ' || n %% 3000,
        'landing_page', '/page/' || n %% 500, 'product', 'p' || n %% 4,
        'region', '44', 'industry', 'software', 'size', 's' || n %% 5, 'segment', '', 'submission_id', NULL,
        'import_id', 1, 'message', '', 'purpose', '')
    ELSE jsonb_build_object('lead_id', n / 2, 'from_stage', 'lead',
        'to_stage', (ARRAY['mql', 'sql', 'lost'])[n %% 3 + 1], 'reason', '', 'rule', 'mql/1') END,
    NULL, (n / 4) %% 8, n / 5000 + 10
FROM generate_series(1, %(facts)s) n"""


def _fill() -> None:
    say(f"lake: {FACTS:,} facts …")
    settings.LAKE_URL = str(settings.DATA_DIR / f"lake_{time.time_ns()}")
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"facts": FACTS})  # at positions below those of real transactions
        cursor.execute("ANALYZE facts_fact")


def _cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU that `work` takes, here and in the database server."""
    before = time.process_time() + server_cpu_seconds()
    work()
    return time.process_time() + server_cpu_seconds() - before


def _copy_out() -> None:
    with connection.cursor() as cursor, cursor.copy("COPY (SELECT * FROM facts_fact) TO STDOUT") as rows:
        for _ in rows:
            pass


def _clear() -> None:
    place = store()
    place.delete(list(place.paths()))


@benchmark("lake_flow")
def let_facts_flow() -> None:
    """Facts that flow into Parquet a second of CPU (database included), against a raw COPY of the same rows."""
    _fill()
    bare = _cpu(_copy_out)
    seconds = _cpu(lambda: operations.flow(now=timezone.now()))
    files = [
        file
        for group in live_files(["fact_lead__captured", "fact_lead__stage_changed"]).values()
        for file in group
    ]
    if sum(file.rows for file in files) != FACTS:
        raise RuntimeError("not all facts have flowed")
    size = sum(file.bytes for file in files) / FACTS
    note = f"{FACTS} facts of two kinds over 13 months, typed columns, {len(files)} files, {size:.0f} bytes a fact"
    Figure(
        "lake.flow", FACTS / seconds, "facts/s of CPU", FACTS / bare, note + "; reference: COPY of the rows"
    ).emit()
    idle = _cpu(lambda: operations.flow(now=timezone.now()))
    Figure("lake.flow_nothing", idle * 1000, "ms of CPU", None, "a flow when nothing has changed").emit()
    _clear()


@benchmark("lake_scan")
def count_in_the_lake() -> None:
    """Counting by stage in a window over the lake, against DuckDB's own SQL on the same files."""
    _fill()
    operations.flow(now=timezone.now())
    operations.compact(whole=True)
    since = timezone.now() - timedelta(days=100)
    changed, captured = fact_table(LeadStageChanged), fact_table(LeadCaptured)
    recent = changed.filter(changed.occurred_at >= since)
    by_stage = recent.group_by("to_stage").agg(n=recent.count(), persons=recent.person_id.nunique())
    once = captured.filter(captured.channel_id == 3).group_by("person_id").agg(n=lambda t: t.count())
    often = once.filter(once.n >= 1).semi_join(recent, "person_id")
    both = often.agg(persons=often.count())
    files = {
        name: [store().address(file.path) for file in found]
        for name, found in live_files(["fact_lead__captured", "fact_lead__stage_changed"]).items()
    }
    changes, leads = (
        f"read_parquet({files[name]!r})" for name in ("fact_lead__stage_changed", "fact_lead__captured")
    )
    moment = f"TIMESTAMPTZ '{since.isoformat()}'"
    own = duckdb.connect()
    bare = {
        "by_stage": f"SELECT to_stage, count(*), count(DISTINCT person_id) FROM {changes} "
        f"WHERE occurred_at >= {moment} GROUP BY 1",
        "both": f"SELECT count(*) FROM (SELECT person_id FROM {leads} WHERE channel_id = 3 GROUP BY 1 "
        f"HAVING count(*) >= 1) WHERE person_id IN (SELECT person_id FROM {changes} WHERE occurred_at >= {moment})",
    }
    asked = engine("duckdb")
    for name, expression in (("by_stage", by_stage), ("both", both)):
        question = asked.compiled(expression)
        expected = sorted(own.execute(bare[name]).fetchall())
        if sorted(asked.rows(question)) != expected:
            raise RuntimeError(f"{name}: {sorted(asked.rows(question))} is not {expected}")
        taken = _cpu(lambda question=question: [asked.rows(question) for _ in range(ROUNDS)])  # type: ignore[misc]
        reference = _cpu(lambda sql=bare[name]: [own.execute(sql).fetchall() for _ in range(ROUNDS)])  # type: ignore[misc]
        note = (
            f"{FACTS} facts; {name}, mean of {ROUNDS}; reference: hand-written DuckDB SQL on the same files"
        )
        Figure(
            f"lake.scan_{name}", taken / ROUNDS * 1000, "ms of CPU", reference / ROUNDS * 1000, note
        ).emit()
    _clear()
