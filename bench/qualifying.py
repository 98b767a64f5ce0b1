"""Scoring and routing through the database, by one worker."""

import gc
import random
import time
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from huoju.convert.routing.operations import route_batch, save_seat
from huoju.core.access.models import User
from huoju.core.facts import delivery
from huoju.core.facts.operations import NewFact, append
from huoju.qualify.leads.facts import LeadCaptured
from huoju.qualify.recognition.readers import recognition_reader
from huoju.qualify.scoring.operations import refresh_chunk, start_refresh

from .harness import Figure, benchmark

LEADS = 40_000
BATCH = 2_000
SEATS = 30
REGIONS = ("11", "31", "3301", "44", "4403", "51", "")

_LEADS = """
WITH c AS (
    INSERT INTO companies_company (name, key, industry, region, country, size, source, created_at)
    SELECT 'Company ' || n, 'company ' || n, 'software', '', 'CN',
           (ARRAY['1-19','500-999','5000+',''])[n %% 4 + 1], 'bench', now()
    FROM generate_series(1, %(leads)s / 3) n RETURNING id
), cs AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM c), p AS (
    INSERT INTO identity_person (name, title, company_id, mobile, email, region, country, language, source, created_at)
    SELECT 'Person ' || n, (ARRAY['CTO','数据部经理','工程师',''])[n %% 4 + 1], cs.id, '',
           'p' || n || '@c' || n || '.cn', '', 'CN', '', 'bench', now()
    FROM generate_series(1, %(leads)s) g(n) JOIN cs USING (n)
    UNION ALL SELECT 'Person ' || n, 'CIO', NULL, '+86138' || lpad(n::text, 8, '0'), '', '', 'CN', '', 'bench', now()
    FROM generate_series(%(leads)s / 3 + 1, %(leads)s) g(n) RETURNING id, company_id
)
INSERT INTO leads_lead (person_id, company_id, stage, stage_at, stage_actor, stage_reason, grade, captured_at, keyword,
                        landing_page, referrer, product, region, industry, size, segment, score, band, warnings, extra,
                        created_at)
SELECT id, company_id, %(stage)s, now(), 'bench', '', '', now() - (id %% 90) * interval '1 day', '', '', '', '',
       (%(regions)s::text[])[id %% %(choices)s + 1], '', '', '', 0, '', '[]', '{}', now()
FROM p RETURNING id, person_id, company_id
"""


def _make_leads(stage: str) -> list[tuple[int, int, int | None]]:
    """Leads with people and companies; a third share theirs with nobody, the others know no company."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "leads": LEADS,
            "stage": stage,
            "regions": list(REGIONS),
            "choices": len(REGIONS),
        }
        cursor.execute(_LEADS, values)
        leads = sorted(cursor.fetchall())
        cursor.execute("ANALYZE")
    return leads


def _like_a_worker() -> None:
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@benchmark("rescore")
def score_through_the_database() -> None:
    """Leads scored and judged a second from new facts, and by the nightly refresh; the limit is 12,000."""
    leads = _make_leads("won")  # nothing to judge: what moves leads is measured with the import
    chosen = random.Random(1)
    now = timezone.now()
    for begin in range(0, len(leads), BATCH):
        facts = [
            NewFact(
                payload=LeadCaptured(lead_id=lead, via="form", purpose=chosen.choice(["trial", "download", "contact"])),
                occurred_at=now - timedelta(days=chosen.random() * 60), person_id=person, company_id=company,
            )
            for lead, person, company in leads[begin : begin + BATCH]
        ]  # fmt: skip
        with transaction.atomic():
            append(facts, actor="bench", source="bench", now=now)
    _like_a_worker()
    reader = recognition_reader()
    delivery.ensure_cursors([reader])
    started = time.perf_counter()
    delivery.drain([reader])
    rate = len(leads) / (time.perf_counter() - started)
    Figure(
        "scoring.reader", rate, "leads/s", 12_000, f"{len(leads)} new leads, one fact each; reference: limit"
    ).emit()
    refresh = start_refresh(now=timezone.now() + timedelta(days=20))
    started = time.perf_counter()
    while refresh_chunk(refresh_id=refresh.pk, now=now):
        pass
    rate = len(leads) / (time.perf_counter() - started)
    Figure(
        "scoring.refresh", rate, "leads/s", 12_000, f"{len(leads)} scores 20 days later; reference: limit"
    ).emit()


@benchmark("assign")
def route_through_the_database() -> None:
    """Leads routed, assigned and explained a second, and whether the last ones take longer than the first."""
    now = timezone.now()
    for number in range(SEATS):
        user = User.objects.create(username=f"rep{number}", name=f"Rep {number}", role="sales")
        regions = [REGIONS[number % len(REGIONS)][:2]] if REGIONS[number % len(REGIONS)] else []
        save_seat(
            user_id=user.pk, regions=regions, products=[], capacity=LEADS, weight=1 + number % 3, away=False,
            actor="bench", now=now,
        )  # fmt: skip
    leads = [lead for lead, _, _ in _make_leads("mql")]
    _like_a_worker()
    seconds: list[float] = []
    for begin in range(0, len(leads), BATCH):
        started = time.perf_counter()
        with transaction.atomic():
            route_batch(leads[begin : begin + BATCH], now=now)
        seconds.append(time.perf_counter() - started)
    quarter = len(seconds) // 4
    rate = len(leads) / sum(seconds)
    note = (
        f"{len(leads)} leads in batches of {BATCH}, {SEATS} people, own lead.assigned facts; reference: limit"
    )
    Figure("routing.assign", rate, "leads/s", 5_000, note).emit()
    first, last = (quarter * BATCH / sum(part) for part in (seconds[:quarter], seconds[-quarter:]))
    Figure("routing.last_quarter", last, "leads/s", first, "reference: the first quarter (1 = linear)").emit()
