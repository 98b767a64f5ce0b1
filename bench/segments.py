"""Segments: a full rebuild over the lake against SQL written by hand, what 200 live segments cost a fact, how soon a
change is seen, and what the editor's count costs."""

import os
import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import ibis
from django.db import connection, transaction
from django.utils import timezone

from huoju.acquire.forms.facts import FormSubmitted
from huoju.core.facts.delivery import drain
from huoju.core.facts.operations import NewFact, append
from huoju.core.lake.engines import engine
from huoju.hub.identity.models import Person
from huoju.hub.profile.operations import set_fields
from huoju.hub.profile.policy import Field
from huoju.hub.segments import engines
from huoju.hub.segments.asking import company_zone, fact, offset_at, sources
from huoju.hub.segments.compiler import Compiler
from huoju.hub.segments.membership import build
from huoju.hub.segments.models import Membership
from huoju.hub.segments.operations import create_segment
from huoju.hub.segments.policy.formula import normalise
from huoju.hub.segments.policy.parsing import parse
from huoju.hub.segments.queries import vocabulary
from huoju.hub.segments.readers import segments_reader
from huoju.site.wiring import wire

from .harness import Figure, benchmark, say, server_cpu_seconds
from .imports import worker

PEOPLE = 1_000_000
FACTS = 20_000_000
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

DEFINITION: dict[str, Any] = {
    "where": {
        "type": "all",
        "of": [
            {"type": "trait", "trait": "person.country", "op": "one_of", "value": ["CN", "SG"]},
            {"type": "trait", "trait": "lead.stage", "op": "is", "value": "mql"},
            {"type": "trait", "trait": "company.industry", "op": "is", "value": "finance"},
            {
                "type": "fact",
                "fact": "form.submitted",
                "at_least": 2,
                "days": 180,
                "where": [{"field": "purpose", "op": "is", "value": "trial"}],
            },
            {"type": "fact", "fact": "activity.logged", "at_least": 0, "at_most": 0, "days": 30},
        ],
    }
}

BY_HAND = """
WITH form AS (SELECT person_id, count(*) n FROM fact_form__submitted
              WHERE occurred_at > TIMESTAMPTZ '2026-05-25 12:00:00+00' AND purpose = 'trial' GROUP BY person_id),
 forms AS (SELECT coalesce(a.profile_id, f.person_id) AS p FROM form f
           LEFT JOIN identity_alias a ON a.person_id = f.person_id GROUP BY 1 HAVING sum(n) >= 2),
 called AS (SELECT DISTINCT coalesce(a.profile_id, f.person_id) AS p FROM fact_activity__logged f
            LEFT JOIN identity_alias a ON a.person_id = f.person_id
            WHERE occurred_at > TIMESTAMPTZ '2026-10-22 12:00:00+00'),
 lead AS (SELECT coalesce(a.profile_id, l.person_id) AS p, stage FROM leads l
          LEFT JOIN identity_alias a ON a.person_id = l.person_id
          QUALIFY row_number() OVER (PARTITION BY p ORDER BY captured_at DESC NULLS LAST, id DESC) = 1),
 person AS (SELECT id AS p, country FROM persons x ANTI JOIN identity_alias a ON a.person_id = x.id
            ANTI JOIN profile_combined c ON c.profile_id = x.id
            UNION ALL SELECT profile_id, country FROM profile_combined),
 firm AS (SELECT coalesce(a.profile_id, x.id) AS p, x.company_id FROM persons x
          LEFT JOIN identity_alias a ON a.person_id = x.id WHERE x.company_id IS NOT NULL
          QUALIFY row_number() OVER (PARTITION BY p ORDER BY (x.id = p) DESC, x.id DESC) = 1)
SELECT count(*) FROM person WHERE country IN ('CN', 'SG')
   AND p IN (SELECT p FROM lead WHERE stage = 'mql')
   AND p IN (SELECT p FROM firm JOIN companies c ON c.id = company_id WHERE industry = 'finance')
   AND p IN (SELECT p FROM forms) AND p NOT IN (SELECT p FROM called)"""


def _lay_out(folder: Path) -> duckdb.DuckDBPyConnection:
    """People, leads, companies and facts as Parquet, and views of them."""
    made = duckdb.connect()
    made.execute("SET TimeZone = 'UTC'; SELECT setseed(0.1)")
    half, hour = FACTS // 2, f"INTERVAL (floor(random() * {365 * 24})) HOUR"
    at = f"TIMESTAMPTZ '2026-11-21 12:00:00+00' - {hour} AS occurred_at"
    person = f"1 + (random() * {PEOPLE - 1})::BIGINT AS person_id"
    tables = {
        "persons": f"""SELECT i AS id, 1 + (random() * {PEOPLE // 10})::BIGINT AS company_id,
                       ['CN', 'SG', 'US', 'DE'][1 + i % 4] AS country FROM range(1, {PEOPLE + 1}) r(i)""",
        "companies": f"""SELECT i AS id, ['finance', 'retail', 'health'][1 + i % 3] AS industry
                         FROM range(1, {PEOPLE // 10 + 2}) r(i)""",
        "leads": f"""SELECT i AS id, {person}, ['lead', 'mql', 'sql', 'won'][1 + i % 4] AS stage,
                     TIMESTAMPTZ '2026-11-21 12:00:00+00' - {hour} AS captured_at FROM range(1, {PEOPLE + 1}) r(i)""",
        "identity_alias": f"SELECT i AS person_id, i - 1 AS profile_id FROM range(100, {PEOPLE}, 100) r(i)",
        "companies_alias": "SELECT 0::BIGINT AS company_id, 0::BIGINT AS main_id WHERE false",
        "profile_combined": f"""SELECT i - 1 AS profile_id, ['CN', 'SG', 'US', 'DE'][1 + i % 4] AS country
                                FROM range(100, {PEOPLE}, 100) r(i)""",
        "fact_form__submitted": f"""SELECT {person}, {at}, ['trial', 'contact'][1 + i % 2] AS purpose
                                    FROM range({half}) r(i)""",
        "fact_activity__logged": f"SELECT {person}, {at} FROM range({FACTS - half}) r(i)",
    }
    for name, rows in tables.items():
        path = folder / f"{name}.parquet"
        made.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet)")
        made.execute(f"CREATE VIEW {name} AS SELECT * FROM '{path}'")
    return made


@benchmark("segment_rebuild")
def rebuild() -> None:
    """CPU and wall seconds of a definition of five conditions, and of the same question by hand."""
    wire()
    formula = normalise(parse(DEFINITION), vocabulary(), company_zone())
    compiler = Compiler(sources(), fact, ibis.literal(NOW, "timestamp('UTC')"), offset_at(NOW))
    with TemporaryDirectory() as folder:
        say(f"laying out {FACTS:,} facts")
        made = _lay_out(Path(folder))
        started = time.process_time()
        question = engine("duckdb").compiled(compiler.members(formula)).sql
        compiled = time.process_time() - started
        ours = f"SELECT count(*) FROM ({question})"
        cpu: dict[str, float] = {}
        wall: dict[str, float] = {}
        found: dict[str, object] = {}
        for name, query in (("ours", ours), ("hand", BY_HAND)) * 3:
            begun, clock = time.process_time(), time.perf_counter()
            found[name] = made.execute(query).fetchall()[0][0]
            cpu[name] = min(cpu.get(name, 1e9), time.process_time() - begun)
            wall[name] = min(wall.get(name, 1e9), time.perf_counter() - clock)
    if found["ours"] != found["hand"]:
        raise AssertionError(found)
    note = f"{found['ours']} of {PEOPLE:,} people, {FACTS:,} facts; reference: SQL by hand, limit 1.3"
    Figure("segment_rebuild_cpu", cpu["ours"], "s", cpu["hand"], note).emit()
    Figure("segment_rebuild_wall", wall["ours"], "s", 10, "reference: the limit").emit()
    Figure("segment_compile", compiled, "s").emit()


LIVE = 200
PERSONS = 5_000
ARRIVING = int(os.environ.get("BENCH_ROWS", "10000"))
WARM = 1_000


@benchmark("segment_live")
def live() -> None:
    """CPU of reader and server a fact, with 200 live segments over purposes, counts and traits."""
    wire()
    now = timezone.now()
    Person.objects.bulk_create([Person(country="CN", created_at=now) for _ in range(PERSONS)])
    ids = list(Person.objects.values_list("pk", flat=True))
    purposes = [f"purpose{number}" for number in range(40)]
    for number in range(LIVE):
        kind = ("form.submitted", "form.submitted", "lead.touched", "activity.logged")[number % 4]
        where = [{"field": "purpose", "op": "is", "value": purposes[number % 40]}] if number % 4 < 3 else []
        told = {"type": "fact", "fact": kind, "at_least": 1 + number % 3, "days": 30, "where": where}
        country = {"type": "trait", "trait": "person.country", "op": "is", "value": "CN"}
        definition = {"where": {"type": "all", "of": [told, country]}}
        segment = create_segment(name=f"S{number}", definition=definition, user_id=None, now=now)
        build(segment_id=segment.pk, now=now)
    dice = random.Random(1)
    facts = [_submitted(dice.choice(ids), dice.choice(purposes), now) for _ in range(ARRIVING)]
    reader = segments_reader()
    drain([reader])
    _arrive(facts[:WARM])
    drain([reader])  # every statement is compiled once
    _arrive(facts[WARM:])
    begun, server, clock = time.process_time(), server_cpu_seconds(), time.perf_counter()
    handled = drain([reader])
    ours, theirs = time.process_time() - begun, server_cpu_seconds() - server
    wall = time.perf_counter() - clock
    note = (
        f"{handled:,} facts, {LIVE} segments; reader {ours:.1f} s, server {theirs:.1f} s, wall {wall:.1f} s"
    )
    Figure("segment_live", (ours + theirs) / max(handled, 1) * 1000, "ms CPU/fact", 1, note).emit()


def _submitted(person: int, purpose: str, now: datetime) -> NewFact:
    payload = FormSubmitted(
        submission_id=1, via="form", form_id=1, form_version=1, purpose=purpose, product="", campaign_id=None,
        data={}, source={}, consent={}, consent_text="", ip="",
    )  # fmt: skip
    return NewFact(payload=payload, occurred_at=now - timedelta(minutes=1), person_id=person)


def _arrive(facts: list[NewFact]) -> None:
    for start in range(0, len(facts), 1000):
        with transaction.atomic():
            append(facts[start : start + 1000], actor="bench", source="bench", now=timezone.now())


CHANGES = 100


@benchmark("segment_visible")
def visible() -> None:
    """From the commit of a change until the membership can be read: a real worker, one change after the other."""
    wire()
    now = timezone.now()
    people = Person.objects.bulk_create([Person(title="Captain", created_at=now) for _ in range(CHANGES)])
    title = {"type": "trait", "trait": "person.title", "op": "is", "value": "Admiral"}
    segment = create_segment(name="S", definition={"where": title}, user_id=None, now=now)
    build(segment_id=segment.pk, now=now)
    inside = Membership.objects.filter(segment=segment, left_at=None)
    waited = []
    with worker():
        for count, person in enumerate(people, start=1):
            set_fields(
                person_id=person.pk, values={Field.TITLE: "Admiral"}, actor="bench", now=timezone.now()
            )
            committed = time.perf_counter()
            while inside.count() < count:
                time.sleep(0.002)
            waited.append((time.perf_counter() - committed) * 1000)
    note = f"{CHANGES} changes, one after the other; reference: the limit"
    Figure("segment_visible.p50", statistics.median(waited), "ms", 1000, note).emit()
    Figure("segment_visible.p95", statistics.quantiles(waited, n=20)[-1], "ms", 1000, note).emit()


@benchmark("segment_preview")
def counted() -> None:
    """CPU of what the editor shows where the lake has not flowed: the estimate, and the exact count it stands for."""
    wire()
    people, told = min(PEOPLE, ARRIVING * 100), min(PEOPLE, ARRIVING * 100)
    say(f"writing {people:,} people")
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO identity_person (name, title, mobile, email, region, country, language, source, created_at)
               SELECT '', '', '', '', '', (ARRAY['CN', 'SG', 'US', 'DE'])[1 + i %% 4], '', '', now()
               FROM generate_series(1, %s) i""",
            [people],
        )
        cursor.execute(
            """INSERT INTO facts_fact (id, kind, version, person_id, occurred_at, recorded_at, actor, source, payload,
                                       shard, tx)
               SELECT gen_random_uuid(), 'form.submitted', 1, p, now() - random() * interval '90 days', now(), 'bench',
                      'bench', jsonb_build_object('purpose', 'trial'), p %% 8, 1
               FROM (SELECT (SELECT min(id) FROM identity_person) + floor(random() * %s)::bigint AS p
                     FROM generate_series(1, %s)) r""",
            [people, told],
        )
        cursor.execute("ANALYZE identity_person, facts_fact")
    country, *_others, form, _called = DEFINITION["where"]["of"]
    where = {"type": "all", "of": [country, {**form, "at_least": 1, "days": 30}]}
    formula = normalise(parse({"where": where}), vocabulary(), company_zone())
    found, cpu = {}, {}
    for name, many in (("estimate", 1), ("exact", PEOPLE * 10)) * 2:
        engines.MANY = many
        begun, server = time.process_time(), server_cpu_seconds()
        found[name] = engines.preview(formula, now=timezone.now())
        cpu[name] = time.process_time() - begun + server_cpu_seconds() - server
    about, exactly = found["estimate"].count, found["exact"].count
    note = f"{people:,} people: about {about:,}, exactly {exactly:,} in {cpu['exact']:.2f} s"
    Figure("segment_preview", cpu["estimate"], "s CPU", 1, f"{note}; reference: the limit").emit()
