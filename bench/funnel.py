"""The funnel: folding the log, loading the mirror, and answering at a million leads."""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from huoju.convert.deals.facts import OpportunityWon, PaymentRecorded
from huoju.core.facts import delivery
from huoju.core.facts.operations import NewFact, append
from huoju.measure.funnel import queries
from huoju.measure.funnel.models import FunnelRow
from huoju.measure.funnel.policy.spec import Dimension, FunnelSpec, View
from huoju.measure.funnel.readers import FUNNEL
from huoju.measure.warehouse import operations as warehouse
from huoju.measure.warehouse.queries import session
from huoju.qualify.leads.facts import LeadAssigned, LeadCaptured, LeadStageChanged
from huoju.qualify.leads.policy import FUNNEL as STAGES
from huoju.qualify.leads.policy import Stage

from .harness import Figure, benchmark, say

LEADS = 1_000_000
ROUNDS = 60
TODAY = date(2026, 11, 1)


def _facts_of(lead: int, now: object) -> list[NewFact]:
    about = {"person_id": lead, "occurred_at": now}
    payloads: list[object] = [
        LeadCaptured(lead_id=lead, via="import", channel_id=lead % 10 + 1, region="44", industry="software"),
        LeadStageChanged(lead_id=lead, from_stage="lead", to_stage="mql"),
        LeadAssigned(lead_id=lead, owner_id=lead % 20 + 1),
    ]
    if lead % 10 == 0:
        payloads += [
            OpportunityWon(lead_id=lead, opportunity_id=lead, amount=Decimal(1000)),
            PaymentRecorded(
                lead_id=lead, opportunity_id=lead, payment_id=lead, amount=Decimal(10), currency="CNY"
            ),
        ]
    return [NewFact(payload=payload, **about) for payload in payloads]  # type: ignore[arg-type]


@benchmark("fold")
def fold_the_log() -> None:
    """Facts folded into the funnel's rows a second, against handing the same facts to a reader that does nothing."""
    now = timezone.now()
    total = 0
    for begin in range(1, 40_001, 2000):
        facts = [fact for lead in range(begin, begin + 2000) for fact in _facts_of(lead, now)]
        total += len(facts)
        with transaction.atomic():
            append(facts, actor="import:1", source="import", now=now)
    idle = FUNNEL.__class__(name="idle", kinds=FUNNEL.kinds, handle=lambda _facts, _now: None, batch=5000)
    seconds = []
    for reader in (FUNNEL, idle):
        delivery.ensure_cursors([reader])
        started = time.perf_counter()
        delivery.drain([reader])
        seconds.append(time.perf_counter() - started)
    note = f"{total} facts of 40,000 leads, one worker; reference: a reader that does nothing"
    Figure("funnel.fold", total / seconds[0], "facts/s", total / seconds[1], note).emit()


FILL = """
INSERT INTO funnel_funnelrow (lead_id, channel_id, campaign_id, keyword, landing_page, product, region, industry, size,
    segment, owner_id, sdr_id, stage, captured_at, mql_at, sql_at, opportunity_at, poc_at, won_at, lost_at, won_amount,
    won_currency, warnings, withdrawn, changed_tx)
SELECT id, nullif((id::bigint * 7919) %% 11, 0), nullif(id %% 40, 0), 'keyword ' || (a * 3000)::int,
    '/page/' || (b * 500)::int,
    'product ' || id %% 4, (11 + c * 30)::int::text, 'industry ' || (d * 14)::int, 'size ' || id %% 5, '',
    nullif((e * 60)::int, 0), nullif((a * 20)::int, 0),
    CASE WHEN f < 0.02 THEN 'won' WHEN f < 0.05 THEN 'poc' WHEN f < 0.1 THEN 'opportunity' WHEN f < 0.25 THEN 'sql'
         WHEN f < 0.5 THEN 'mql' WHEN f < 0.6 THEN 'lost' ELSE 'lead' END,
    at, CASE WHEN f < 0.5 THEN at + a * interval '20 days' END, CASE WHEN f < 0.25 THEN at + a * interval '35 days' END,
    CASE WHEN f < 0.1 THEN at + b * interval '60 days' + a * interval '40 days' END,
    CASE WHEN f < 0.04 THEN at + a * interval '90 days' END, CASE WHEN f < 0.02 THEN at + c * interval '150 days' END,
    CASE WHEN f BETWEEN 0.5 AND 0.6 THEN at END, CASE WHEN f < 0.02 THEN (10000 * a)::numeric(14, 2) END, 'CNY', '',
    false, 1
FROM (SELECT id, random() a, random() b, random() c, random() d, random() e, random() f,
      timestamptz '2024-01-01 00:00+8' + id * interval '90 seconds' AS at FROM generate_series(1, %s) id) made"""
FILL_PAYMENTS = """
INSERT INTO funnel_funnelpayment (payment_id, lead_id, paid_at, amount, currency, withdrawn, changed_tx)
SELECT lead_id, lead_id, won_at, won_amount, 'CNY', false, 1 FROM funnel_funnelrow WHERE won_at IS NOT NULL"""


def _times(question: Callable[[], object], rounds: int) -> list[float]:
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        question()
        found.append((time.perf_counter() - started) * 1000)
    return sorted(found)


def _any_spec(dice: random.Random) -> FunnelSpec:
    since = date(2024, 1, 1) + timedelta(days=dice.randrange(700))
    filters: dict[Dimension, tuple[str, ...]] = {}
    if dice.random() < 0.5:
        filters[Dimension.CHANNEL] = tuple(dice.sample(["", *map(str, range(1, 11))], 3))
    if dice.random() < 0.3:
        filters[Dimension.OWNER] = (str(dice.randrange(1, 60)),)
    if dice.random() < 0.2:
        filters[Dimension.REGION] = ("31", "44")
    stages = tuple(stage for stage in STAGES if dice.random() < 0.8 or stage in (Stage.LEAD, Stage.WON))
    return FunnelSpec(
        stages=stages,
        view=dice.choice(list(View)),
        since=since,
        until=since + timedelta(days=dice.choice([30, 90, 365, 1000])),
        filters=filters,
        split=dice.choice(
            [Dimension.CHANNEL, Dimension.OWNER, Dimension.REGION, Dimension.MONTH, Dimension.KEYWORD]
        ),
    )


@benchmark("funnel")
def answer_at_a_million() -> None:
    """The funnel page's figures at a million leads, p95, against counting the stages alone in PostgreSQL."""
    say("funnel: a million leads …")
    with connection.cursor() as cursor:
        cursor.execute(FILL, [LEADS])
        cursor.execute(FILL_PAYMENTS)
        cursor.execute("VACUUM ANALYZE funnel_funnelrow")
        started = time.perf_counter()
        with cursor.copy("COPY funnel_funnelrow TO STDOUT") as out:
            for _ in out:
                pass
        bare = time.perf_counter() - started
    started = time.perf_counter()
    with session():
        pass
    loaded = time.perf_counter() - started
    Figure(
        "funnel.load", loaded, "s", bare, f"mirror of {LEADS} leads; reference: COPY out of the rows"
    ).emit()

    def ask_postgresql() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), count(mql_at), count(sql_at), count(opportunity_at), count(poc_at), count(won_at) "
                "FROM funnel_funnelrow WHERE NOT withdrawn AND captured_at >= '2024-01-01'"
            )

    counting = statistics.quantiles(_times(ask_postgresql, 20), n=20)[-1]
    dice = random.Random(7)
    specs = iter([_any_spec(dice) for _ in range(ROUNDS)])
    for _ in range(5):  # a web process compiles the usual shapes when it starts
        queries.report(_any_spec(random.Random(8)), today=TODAY, trend=Dimension.MONTH)
    asked = _times(lambda: queries.report(next(specs), today=TODAY, trend=Dimension.MONTH), ROUNDS)
    note = f"any stages, view, dates, filters, split; {ROUNDS} different questions, each with comparison and trend, p95"
    reference = "; reference: the six counts alone by PostgreSQL, p95"
    Figure(
        "funnel.first_time", statistics.quantiles(asked, n=20)[-1], "ms", counting, note + reference
    ).emit()
    year = date(2025, 11, 2)
    usual = FunnelSpec(since=year, until=TODAY, split=Dimension.CHANNEL)
    years = iter([replace(usual, since=year - timedelta(days=n)) for n in range(40)])
    queries.report(
        usual, today=TODAY, trend=Dimension.MONTH
    )  # compiled when a web process starts (`jobs.warm_up`)
    again = _times(lambda: queries.report(next(years), today=TODAY, trend=Dimension.MONTH), 40)
    note = "the page as it opens: six stages, a year (another one each time), split by channel, p95"
    Figure("funnel.page", statistics.quantiles(again, n=20)[-1], "ms", counting, note + reference).emit()

    def change_and_ask() -> None:
        rows = FunnelRow.objects.filter(lead_id__lte=1000)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint + lift FROM facts_lift")
            rows.update(changed_tx=cursor.fetchone()[0])
        queries.funnel(usual, today=TODAY)

    written = _times(change_and_ask, 20)
    Figure(
        "funnel.after_writes", statistics.quantiles(written, n=20)[-1], "ms", counting,
        "1,000 rows rewritten, then the same question, both timed, p95" + reference,
    ).emit()  # fmt: skip
    warehouse.forget()
