"""Writing scores and scoring rules."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from huoju.core.bulk import copy_rows, numbers, texts
from huoju.core.facts.activation import Activation
from huoju.core.facts.operations import NewFact, append, append_one

from . import policy
from .facts import ActivityWithdrawn, BandChanged, ScoringActivated
from .models import LeadScore, ScoreRefresh, ScoringRules
from .policy import Line, Score
from .queries import RULES, Scorable, list_activities, list_scorable, refreshed_at

CHUNK = 2000
"""Leads of one transaction of a refresh."""
SOURCE = "scoring"


@dataclass(frozen=True, slots=True)
class Scored:
    """What scoring a batch gave: each lead with its new score, and how many stored scores changed."""

    leads: list[tuple[Scorable, Score]] = field(default_factory=list)
    changed: int = 0


def score_persons(heard: Mapping[int, datetime], *, now: datetime, announce: bool = True) -> Scored:
    """Score every lead of the persons in `heard`, who were last heard of at that time (recorded, not occurred).

    A score is computed as of the latest of: that time, the time it was computed for before, and the last refresh. So
    it is a function of the log, the active rules and that moment, whoever computes it. `announce` False writes no
    facts (a replay: they are in the log already). Needs a transaction; locks the leads in the order of their ids, so
    that of two scorings at once the later one sees all that the earlier one saw.
    """
    persons = sorted(heard)
    _lock("person_id", persons)
    leads = list_scorable(person_ids=persons)
    moments = {
        lead.lead_id: heard[lead.person_id] if lead.as_of is None else max(heard[lead.person_id], lead.as_of)
        for lead in leads
    }
    return _score(leads, moments, now=now, announce=announce)


def _lock(by: str, ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT count(*) FROM (
                    SELECT FROM leads_lead WHERE {by} = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE) l""",
            [numbers(ids)],
        )


def _score(
    leads: Sequence[Scorable], moments: Mapping[int, datetime], *, now: datetime, announce: bool
) -> Scored:
    """Score `leads`; `moments` are the times of their last facts, kept as `as_of`."""
    if not leads:
        return Scored()
    rules, refreshed = RULES.active(), refreshed_at()
    activities = list_activities([lead.person_id for lead in leads])
    scored: list[tuple[Scorable, Score]] = []
    for lead in leads:
        heard = moments[lead.lead_id]
        as_of = heard if refreshed is None or refreshed < heard else refreshed
        scored.append((lead, policy.score(lead.profile, activities.get(lead.person_id, ()), rules, as_of)))
    changed = _store(scored, moments)
    _repeat_on_leads(scored)
    if announce:
        moved = [
            NewFact(
                payload=BandChanged(
                    lead_id=lead.lead_id, from_band=lead.band, to_band=score.band.value,
                    total=score.total, rules_version=score.version,
                ),
                occurred_at=now, person_id=lead.person_id, company_id=lead.company_id,
            )
            for lead, score in scored if lead.band and lead.band != score.band.value
        ]  # fmt: skip
        append(moved, actor=f"rule:score/{rules.version}", source=SOURCE, now=now)
    return Scored(scored, changed)


_COLUMNS = ("lead_id", "fit", "engagement", "total", "band", "lines", "rules_version", "as_of")
_UPSERT = """
    INSERT INTO scoring_leadscore AS old ({columns})
    SELECT {columns} FROM scoring_fresh ORDER BY lead_id
    ON CONFLICT (lead_id) DO UPDATE SET {updates}
    WHERE (old.total, old.band, old.rules_version, old.as_of, old.lines)
       IS DISTINCT FROM (excluded.total, excluded.band, excluded.rules_version, excluded.as_of, excluded.lines)
""".format(
    columns=", ".join(_COLUMNS), updates=", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
)  # fmt: skip


def _store(scored: Sequence[tuple[Scorable, Score]], moments: Mapping[int, datetime]) -> int:
    """Write the scores that differ from the stored ones; returns how many those were."""
    fixed: dict[tuple[str, str, int], str] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS scoring_fresh (LIKE scoring_leadscore) ON COMMIT DELETE ROWS"
        )
        cursor.execute("DELETE FROM scoring_fresh")
        rows = [_as_fields(lead.lead_id, score, str(moments[lead.lead_id]), fixed) for lead, score in scored]
        copy_rows(cursor, "scoring_fresh", _COLUMNS, rows)
        cursor.execute(_UPSERT)
        return int(cursor.rowcount)


def store_new(scored: Sequence[tuple[int, Score]], *, now: datetime) -> None:
    """Keep the first scores of leads that the caller's transaction has just made, computed as of `now`."""
    fixed: dict[tuple[str, str, int], str] = {}
    with connection.cursor() as cursor:
        rows = [_as_fields(*each, str(now), fixed) for each in scored]
        copy_rows(cursor, "scoring_leadscore", _COLUMNS, rows)


def _as_fields(
    lead_id: int, score: Score, as_of: str, fixed: dict[tuple[str, str, int], str]
) -> tuple[str, ...]:
    """A score as a row of COPY, in the order of `_COLUMNS`."""
    head = (str(lead_id), str(score.fit), str(score.engagement), str(score.total), score.band)
    return (*head, _lines_as_json(score.lines, fixed), str(score.version), as_of)


def _lines_as_json(lines: Sequence[Line], fixed: dict[tuple[str, str, int], str]) -> str:
    """The lines as a row keeps them. Most lines come again and again in a batch: what is fixed is written once."""
    parts: list[str] = []
    for line in lines:
        key = (line.part, line.code, line.points)
        if (text := fixed.get(key)) is None:
            row = {"part": line.part.value, "code": line.code, "points": line.points}
            text = fixed[key] = json.dumps(row)[:-1]
        if line.latest is None:
            parts.append(text + "}")
        else:
            parts.append(f'{text}, "count": {line.count}, "latest": "{line.latest.isoformat()}"}}')
    return f"[{', '.join(parts)}]"


def _repeat_on_leads(scored: Sequence[tuple[Scorable, Score]]) -> None:
    """Repeat total and band on the leads, for lists: only where they differ, because each costs a new row version."""
    differ = [
        (lead.lead_id, score.total, score.band.value)
        for lead, score in scored
        if lead.score != score.total or lead.band != score.band.value
    ]
    if not differ:
        return
    ids, totals, bands = zip(*differ, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE leads_lead l SET score = n.score, band = n.band
               FROM unnest(%s::bigint[], %s::smallint[], %s::text[]) AS n(id, score, band) WHERE l.id = n.id""",
            [numbers(ids), numbers(totals), texts(bands)],
        )


# --- the nightly refresh ------------------------------------------------------------------------------------


def start_refresh(*, now: datetime) -> ScoreRefresh:
    """Begin a pass over all leads as of `now`, or take up the open one if the rules are still the same."""
    rules = RULES.active()
    with transaction.atomic():
        open_one = ScoreRefresh.objects.select_for_update().filter(done_at=None).first()
        if open_one is not None:
            if open_one.rules_version == rules.version:
                return open_one
            open_one.done_at = now  # overtaken by new rules: the next pass begins again
            open_one.save(update_fields=["done_at"])
        return ScoreRefresh.objects.create(as_of=now, rules_version=rules.version)


def refresh_chunk(*, refresh_id: int, now: datetime, size: int = CHUNK) -> Scored | None:
    """Bring the next `size` leads to the refresh's moment, and keep the progress in the same transaction.

    None when there is nothing left: the refresh is closed.
    """
    with transaction.atomic():
        refresh = ScoreRefresh.objects.select_for_update().get(pk=refresh_id)
        if refresh.done_at is not None:
            return None
        ids = list(
            LeadScore.objects.filter(lead_id__gt=refresh.last_lead_id)
            .order_by("lead_id")
            .values_list("lead_id", flat=True)[:size]
        )
        if not ids:
            refresh.done_at = now
            refresh.save(update_fields=["done_at"])
            return None
        _lock("id", ids)
        leads = [lead for lead in list_scorable(lead_ids=ids) if lead.as_of is not None]
        moments = {lead.lead_id: lead.as_of for lead in leads if lead.as_of is not None}
        scored = _score(leads, moments, now=now, announce=True)
        refresh.last_lead_id = ids[-1]
        refresh.seen += len(ids)
        refresh.changed += scored.changed
        refresh.save(update_fields=["last_lead_id", "seen", "changed"])
        return scored


def forget_scores() -> None:
    """Empty what was derived from the log, before it is derived again."""
    LeadScore.objects.all().delete()


# --- rules and corrections ----------------------------------------------------------------------------------


def save_version(
    *, rules: Mapping[str, object], note: str, user_id: int | None, now: datetime
) -> ScoringRules:
    """Keep `rules` as the next version, not active yet. Raises `InvalidRulesError`."""
    return RULES.save(content=dict(rules), note=note, user_id=user_id, now=now)


activate = Activation(RULES, ScoringActivated, SOURCE)
"""Lets a version decide; all leads are scored anew soon after."""


def withdraw_activity(
    *, fact_id: UUID, person_id: int, reason: str, actor: str, now: datetime
) -> UUID | None:
    """Judge that a fact did not happen (a bot's click): it counts no more. Idempotent."""
    with transaction.atomic():
        return append_one(
            NewFact(
                payload=ActivityWithdrawn(fact_id=fact_id, reason=reason), occurred_at=now, person_id=person_id,
                dedup_key=f"activity.withdrawn:{fact_id}",
            ),
            actor=actor, source=SOURCE, now=now,
        )  # fmt: skip
