"""Reading what a score is made of, and scores."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Max

from huoju.core.bulk import numbers
from huoju.core.facts.kinds import kind_of
from huoju.core.mail import email_class
from huoju.core.rules import RuleBook
from huoju.core.text import msgid
from huoju.hub.companies.policy import SIZE_FLOORS, SizeBand, title_of
from huoju.qualify.leads.facts import LeadTouchWithdrawn, LeadWithdrawn
from huoju.qualify.leads.policy import Profile

from . import policy
from .facts import ActivityWithdrawn
from .models import LeadScore, ScoreRefresh, ScoringRules
from .policy import Activity, ScoreRules
from .signals import CAPTURED, TOUCHED, Signal, all_signals
from .vocabulary import list_fields as list_fields

RULES: RuleBook[ScoreRules, ScoringRules] = RuleBook(
    ScoringRules, policy.rules_from_json, policy.validate, lambda: policy.rules_as_json(policy.DEFAULT_RULES)
)
"""Every version of the scoring rules."""

WITHDRAWN = kind_of(ActivityWithdrawn).name
LEAD_WITHDRAWN = kind_of(LeadWithdrawn).name
TOUCH_WITHDRAWN = kind_of(LeadTouchWithdrawn).name
_CORRECTIONS: tuple[type[Any], ...] = (ActivityWithdrawn, LeadWithdrawn, LeadTouchWithdrawn)
"""Kinds that make earlier facts of the person not count."""


class Scorable(NamedTuple):
    """A lead as scoring, recognition and routing need it. `score`, `band` and `as_of` are the stored ones."""

    lead_id: int
    person_id: int
    company_id: int | None
    stage: str
    stage_at: datetime
    mql_at: datetime | None
    captured_at: datetime
    owner_id: int | None
    score: int
    band: str
    as_of: datetime | None
    profile: Profile
    given: bool  # its stage was brought in from another system


_PROFILES = """
    SELECT l.id, l.person_id, l.company_id, l.stage,
           -- A lead brought in where it stands came to stand there, for us, when it was brought in.
           greatest(l.stage_at, CASE WHEN l.extra ? 'given' THEN l.created_at END), l.mql_at,
           l.captured_at, l.owner_id, l.score, l.band,
           s.as_of,
           p.name <> '', p.mobile <> '', p.email, p.title,
           coalesce(nullif(l.size, ''), c.size, ''), coalesce(nullif(l.industry, ''), c.industry, ''),
           coalesce(nullif(l.region, ''), nullif(c.region, ''), p.region),
           coalesce(nullif(p.country, ''), c.country, ''), p.language, l.product, ch.code, ch.kind, ca.code,
           CASE WHEN l.warnings <> '[]' THEN ARRAY(SELECT jsonb_array_elements_text(l.warnings)) END,
           l.extra ? 'given'
    FROM leads_lead l
    JOIN identity_person p ON p.id = l.person_id
    LEFT JOIN companies_company c ON c.id = l.company_id
    LEFT JOIN campaigns_channel ch ON ch.id = l.channel_id
    LEFT JOIN campaigns_campaign ca ON ca.id = l.campaign_id
    LEFT JOIN scoring_leadscore s ON s.lead_id = l.id
    WHERE l.{by} = ANY(%s::bigint[]) ORDER BY l.id"""


def list_scorable(*, lead_ids: Sequence[int] = (), person_ids: Sequence[int] = ()) -> list[Scorable]:
    """The leads of `lead_ids` or of `person_ids`, by id. One query."""
    by, ids = ("id", lead_ids) if lead_ids else ("person_id", person_ids)
    with connection.cursor() as cursor:
        cursor.execute(_PROFILES.format(by=by), [numbers(ids)])
        return [_scorable(row) for row in cursor.fetchall()]


def _scorable(row: tuple[Any, ...]) -> Scorable:
    has_name, has_mobile, email, title, size, industry, region, country, language = row[11:20]
    product, channel, channel_kind, campaign, warnings, given = row[20:]
    profile = profile_of(
        has_name=has_name, has_mobile=has_mobile, email=email, company_usable=row[2] is not None, title=title,
        size=size, industry=industry, region=region, country=country, language=language, product=product,
        channel=channel or "", channel_kind=channel_kind or "", campaign=campaign or "", warnings=warnings or (),
    )  # fmt: skip
    return Scorable._make((*row[:11], profile, given))


_TEST = frozenset({"test_submission", "test_company"})
_BLOCKED = frozenset({"competitor", "own_staff"}) | {
    f"blacklisted_{what}" for what in ("person", "phone", "email", "domain", "company")
}


def profile_of(
    *, has_name: bool, has_mobile: bool, email: str, company_usable: bool, title: str, size: str, industry: str,
    region: str, country: str, language: str, product: str, channel: str, channel_kind: str, campaign: str,
    warnings: Collection[str],
) -> Profile:  # fmt: skip
    """A lead as the rules see it, from what is stored (or about to be): codes of sources, warnings of cleaning."""
    function, seniority = _title(title) if title else ("", "")
    return Profile(
        has_name, has_mobile, _mail(email) if email else "", company_usable, title, function, seniority, size,
        _employees(size) if size else 0, industry, region[:2], region[:4] if len(region) > 3 else "", country,
        language, product, channel, campaign, "", not _TEST.isdisjoint(warnings),
        not _BLOCKED.isdisjoint(warnings), 0, "", 0, channel_kind,
    )  # fmt: skip


@lru_cache(maxsize=16384)
def _title(title: str) -> tuple[str, str]:
    """Function and seniority of a job title, empty where it does not tell them."""
    known = title_of(title)
    return (known.function or "", known.seniority or "") if known else ("", "")


@lru_cache(maxsize=1024)
def _employees(size: str) -> int:
    """The fewest employees of a size band; 0 for free text of an old system that is no band."""
    return SIZE_FLOORS[SizeBand(size)] if size in SizeBand else 0


def _mail(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return email_class(local, domain).value


def capture_signal() -> Signal:
    """As what the capture of a lead counts, by door and purpose (`activities_of("form/trial")`)."""
    return all_signals()[CAPTURED.kind]


# --- activities ---------------------------------------------------------------------------------------------


def activity_facts() -> list[type[Any]]:
    """The facts that can change a score through what the person did, corrections included."""
    return [*(signal.fact for signal in all_signals().values()), *_CORRECTIONS]


def _activity_kinds() -> list[str]:
    return [kind_of(each).name for each in activity_facts()]


def list_activities(person_ids: Sequence[int]) -> dict[int, list[Activity]]:
    """What each person did, from the log; facts that were withdrawn are left out. One query, two for corrected people.

    Facts that came with a lead or an import that was taken back never happened, like those withdrawn one by one.
    """
    signals = all_signals()
    keys = " ".join(
        f"WHEN '{kind}' THEN concat_ws('/', {', '.join(f"payload->>'{field}'" for field in signal.by)})"
        for kind, signal in signals.items()
        if signal.by
    )
    done: dict[int, list[Activity]] = {}
    corrected: set[int] = set()
    cache: dict[tuple[str, str], tuple[str, ...]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT person_id, kind, occurred_at, CASE kind {keys} ELSE '' END
                FROM facts_fact WHERE person_id = ANY(%s::bigint[]) AND kind = ANY(%s)""",
            [numbers(person_ids), _activity_kinds()],
        )
        for person_id, kind, at, key in cursor.fetchall():
            if (signal := signals.get(kind)) is None:
                corrected.add(person_id)
                continue
            counts = cache.get((kind, key))
            if counts is None:
                counts = cache[kind, key] = signal.activities_of(key)
            for code in counts:
                if (known := done.get(person_id)) is None:
                    done[person_id] = [Activity(code, at)]
                else:
                    known.append(Activity(code, at))
    if corrected:
        done.update(_list_corrected(sorted(corrected)))
    return done


def _list_corrected(person_ids: Sequence[int]) -> dict[int, list[Activity]]:
    """`list_activities` for people of whom some fact was taken back."""
    signals = all_signals()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id, person_id, kind, occurred_at, payload FROM facts_fact
               WHERE person_id = ANY(%s::bigint[]) AND kind = ANY(%s)""",
            [numbers(person_ids), _activity_kinds()],
        )
        rows = [(*row[:4], json.loads(row[4])) for row in cursor.fetchall()]
    facts: set[UUID] = set()
    leads: set[int] = set()
    touches: set[tuple[int, int, datetime]] = set()
    for _, _, kind, _, payload in rows:
        if kind == WITHDRAWN:
            facts.add(UUID(payload["fact_id"]))
        elif kind == LEAD_WITHDRAWN:
            leads.add(payload["lead_id"])
        elif kind == TOUCH_WITHDRAWN:
            touches.add((payload["lead_id"], payload["import_id"], datetime.fromisoformat(payload["at"])))
    done: dict[int, list[Activity]] = {person_id: [] for person_id in person_ids}
    for id_, person_id, kind, at, payload in rows:
        signal = signals.get(kind)
        lead_id = payload.get("lead_id")
        touch = (lead_id, payload.get("import_id"), at)
        taken_back = id_ in facts or lead_id in leads or (kind == TOUCHED.kind and touch in touches)
        if signal is not None and not taken_back:
            key = "/".join(str(payload[field]) for field in signal.by if payload.get(field) is not None)
            done[person_id] += [Activity(code, at) for code in signal.activities_of(key)]
    return done


# --- scores -------------------------------------------------------------------------------------------------


def refreshed_at() -> datetime | None:
    """The moment to which every score has decayed, or is just being brought: scores are never older."""
    last: datetime | None = ScoreRefresh.objects.aggregate(last=Max("as_of"))["last"]
    return last


def scored_since(heard: Mapping[int, datetime]) -> set[int]:
    """The leads of `heard` whose stored score, by the active rules, was computed at that time or later. One query."""
    if not heard:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT s.lead_id FROM unnest(%s::bigint[], %s::timestamptz[]) AS r(id, at)
               JOIN scoring_leadscore s ON s.lead_id = r.id WHERE s.as_of >= r.at AND s.rules_version = %s""",
            [numbers(heard), numbers(heard.values()), RULES.active().version],
        )
        return {lead_id for (lead_id,) in cursor.fetchall()}


def get_score(lead_id: int) -> LeadScore | None:
    """A lead's stored score, None before it has one."""
    return LeadScore.objects.filter(lead_id=lead_id).first()


# --- explanations -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """A line of a score. `label` is an English msgid or an administrator's own words."""

    label: str
    points: int
    count: int
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class Explained:
    """A stored score with its lines, fit first."""

    score: LeadScore
    fit: tuple[ExplainedLine, ...]
    engagement: tuple[ExplainedLine, ...]


_BOUNDS = {
    policy.SILENCE: msgid("Silent since"),
    policy.CEILING: msgid("Upper limit"),
    policy.FLOOR: msgid("Lower limit"),
}


def explain(lead_id: int) -> Explained | None:
    """Why a lead has the score that it has; None before it has one."""
    stored = get_score(lead_id)
    if stored is None:
        return None
    labels = dict(_BOUNDS)
    try:
        rules = RULES.get(stored.rules_version)
    except LookupError:
        rules = RULES.active()
    labels |= {line.code: line.label for line in rules.fit} | {
        line.kind: line.label for line in rules.engagement
    }
    parts: dict[str, list[ExplainedLine]] = {part.value: [] for part in policy.Part}
    for line in stored.lines:
        latest = datetime.fromisoformat(line["latest"]) if "latest" in line else None
        label = labels.get(line["code"]) or line["code"]
        parts[line["part"]].append(ExplainedLine(label, line["points"], line.get("count", 0), latest))
    return Explained(stored, tuple(parts["fit"]), tuple(parts["engagement"]))


# --- trying rules on history --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BandCount:
    """Leads of one band under the rules of today and under others, and how many of each were won."""

    band: str
    before: int
    after: int
    won_before: int
    won_after: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A lead whose band would change."""

    lead_id: int
    before: policy.Score
    after: policy.Score


@dataclass(frozen=True, slots=True)
class BackTest:
    """What other rules would have made of the latest leads."""

    seen: int
    bands: tuple[BandCount, ...]
    up: int
    down: int
    examples: tuple[Moved, ...]


def backtest(rules: ScoreRules, *, now: datetime, limit: int = 5000, examples: int = 10) -> BackTest:
    """Score the latest `limit` leads by the active rules and by `rules`, as of now. Writes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, won_at IS NOT NULL FROM leads_lead ORDER BY captured_at DESC, id DESC LIMIT %s",
            [limit],
        )
        won = dict(cursor.fetchall())
    leads = list_scorable(lead_ids=list(won)) if won else []
    activities = list_activities([lead.person_id for lead in leads]) if leads else {}
    active = RULES.active()
    before: Counter[tuple[str, bool]] = Counter()
    after: Counter[tuple[str, bool]] = Counter()
    moved: list[Moved] = []
    for lead in leads:
        done = activities.get(lead.person_id, ())
        old, new = (policy.score(lead.profile, done, each, now) for each in (active, rules))
        before[old.band.value, won[lead.lead_id]] += 1
        after[new.band.value, won[lead.lead_id]] += 1
        if old.band is not new.band:
            moved.append(Moved(lead.lead_id, old, new))
    moved.sort(key=lambda each: (-abs(each.after.total - each.before.total), each.lead_id))
    up = sum(each.after.band.value < each.before.band.value for each in moved)
    bands = tuple(
        BandCount(
            band.value, before[band.value, True] + before[band.value, False],
            after[band.value, True] + after[band.value, False], before[band.value, True], after[band.value, True],
        )
        for band in policy.Band
    )  # fmt: skip
    return BackTest(len(leads), bands, up, len(moved) - up, tuple(moved[:examples]))


def list_names(lead_ids: Sequence[int]) -> dict[int, str]:
    """What the leads are called in lists of examples: person and company."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT l.id, p.name, c.name FROM leads_lead l JOIN identity_person p ON p.id = l.person_id
               LEFT JOIN companies_company c ON c.id = l.company_id WHERE l.id = ANY(%s::bigint[])""",
            [numbers(lead_ids)],
        )
        return {
            id_: " · ".join(filter(None, [person, company])) or f"#{id_}"
            for id_, person, company in cursor.fetchall()
        }
