"""Profiles: a person's timeline at 100,000 facts, and what hearing of known people costs."""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from huoju.core.facts import partitions
from huoju.hub.identity.models import Person
from huoju.hub.profile import operations, timeline
from huoju.hub.profile.operations import Said

from .harness import Figure, benchmark, say

FACTS = 100_000
OTHERS = 400_000
PAGES = 200
HEARD = 20_000
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

_FILL = """
INSERT INTO facts_fact (id, kind, version, person_id, occurred_at, recorded_at, actor, source, payload, shard, tx)
SELECT gen_random_uuid(), kind, 1, person, at, at, 'system', 'bench', payload::jsonb, person %% 8, 1
FROM (SELECT n, CASE WHEN n <= %s THEN %s ELSE %s + n %% 5000 END AS person,
             %s::timestamptz - n %% 100000 * interval '300 seconds' AS at FROM generate_series(1, %s) n) made,
LATERAL (SELECT (ARRAY['lead.touched', 'tag.added', 'lead.warned'])[1 + n %% 3] AS kind) k,
LATERAL (SELECT CASE kind WHEN 'lead.touched' THEN '{"lead_id": 1, "via": "form"}'
                          WHEN 'tag.added' THEN '{"tag_id": 1, "source": "hand"}'
                          ELSE '{"lead_id": 1, "codes": []}' END AS payload) p
"""
_BARE = """SELECT * FROM facts_fact WHERE person_id = %s AND (occurred_at, id) < (%s, %s)
           ORDER BY occurred_at DESC, id DESC LIMIT 41"""


def _p95(ask: Callable[[tuple[datetime, UUID]], object], cursors: list[tuple[datetime, UUID]]) -> float:
    for each in cursors[:10]:
        ask(each)
    times = []
    for each in cursors:
        started = time.perf_counter()
        ask(each)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(times, n=20)[-1]


@benchmark("profile_timeline")
def page_through_a_long_life() -> None:
    """A page anywhere in the timeline of a person with 100,000 facts over a year, p95, against the rows alone."""
    say(f"profile_timeline: {FACTS:,} facts of one person, {OTHERS:,} of others …")
    for month in range(12):
        partitions.ensure(NOW - timedelta(days=30 * month))
    person = Person.objects.create(name="长", created_at=NOW)
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [FACTS, person.pk, person.pk + 1, NOW, FACTS + OTHERS])
        cursor.execute("VACUUM ANALYZE facts_fact")
    dice = random.Random(1)
    cursors = [(NOW - timedelta(seconds=dice.randrange(FACTS * 300)), UUID(int=0)) for _ in range(PAGES)]

    def bare(before: tuple[datetime, UUID]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_BARE, [person.pk, *before])
            cursor.fetchall()

    rows = _p95(bare, cursors)
    note = f"p95 of {PAGES} pages of 40 anywhere among {FACTS:,} facts in 12 partitions; reference: the rows by SQL"
    for name, ask in (
        ("page", lambda before: timeline.read_page([person.pk], before=before)),
        ("group", lambda before: timeline.read_page([person.pk], group="profile", before=before)),
        ("search", lambda before: timeline.read_page([person.pk], text="标签", before=before)),
    ):
        Figure(f"profile_timeline.{name}", _p95(ask, cursors), "ms", rows, note).emit()


@benchmark("profile_hear")
def hear_of_known_people() -> None:
    """CPU for what rows say of known people, where all of it agrees and where every row brings another title."""
    people = Person.objects.bulk_create(
        Person(name=f"P{n}", title="CTO", created_at=NOW) for n in range(HEARD)
    )
    for name, title in (("agree", "CTO"), ("differ", "CEO")):
        said = [
            Said(person_id=each.pk, values={"name": each.name, "title": title}, source="form")
            for each in people
        ]
        started = time.process_time()
        for begin in range(0, HEARD, 2000):
            with transaction.atomic():
                operations.hear_batch(said[begin : begin + 2000], actor="bench", now=NOW)
        rate = HEARD / (time.process_time() - started)
        Figure(
            f"profile_hear.{name}", rate, "rows/s of CPU", 5000, "reference: an import's rows a second"
        ).emit()
