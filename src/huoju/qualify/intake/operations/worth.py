"""What a lead is worth in the moment that makes it.

A person whom nobody knew has no other leads and no past: score and criteria need nothing that the incoming row does not
say. So the lead is written once, scored and perhaps recognised, where the reader `recognition` would read it back from
the log and write it twice more. The same policies decide; whatever is not as simple is left to that reader.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from huoju.acquire.campaigns.policy import Source
from huoju.acquire.campaigns.queries import source_codes
from huoju.hub.companies.operations import ResolvedCompany
from huoju.hub.identity.operations import Resolved
from huoju.qualify.leads.operations import Captured, Worth, alone_in_batch
from huoju.qualify.leads.policy import Profile
from huoju.qualify.recognition import queries as recognition
from huoju.qualify.recognition.operations import reason_of
from huoju.qualify.recognition.policy import MqlRules, Verdict, judge
from huoju.qualify.recognition.queries import RULE
from huoju.qualify.scoring import queries as scoring
from huoju.qualify.scoring.operations import store_new
from huoju.qualify.scoring.policy import Activity, Score, ScoreRules
from huoju.qualify.scoring.policy import score as weigh
from huoju.qualify.scoring.queries import profile_of

from ..policy import Prepared, product_of, warnings_of

_NO_COMPANY: Mapping[str, str] = {}


class Weighed(NamedTuple):
    """A row's future lead: its whole score, and what of it the lead itself carries."""

    score: Score
    worth: Worth


class Scales(NamedTuple):
    """What leads are weighed by in this moment."""

    channels: Mapping[int, tuple[str, str]]
    campaigns: Mapping[int, str]
    rules: ScoreRules
    criteria: MqlRules
    activities_of: Callable[[str], Collection[str]]
    refreshed: datetime | None


def read_scales(sources: Sequence[Source]) -> Scales:
    """The active rules, and what they call `sources`. Asked for before anything is written (`core.bulk`)."""
    channels, campaigns = source_codes(
        {source.campaign_id for source in sources if source.campaign_id is not None}
    )
    return Scales(
        channels,
        campaigns,
        scoring.RULES.active(),
        recognition.RULES.active(),
        scoring.capture_signal().activities_of,
        scoring.refreshed_at(),
    )


def weigh_batch(
    rows: Sequence[Prepared],
    companies: Sequence[ResolvedCompany | None],
    persons: Sequence[Resolved],
    sources: Sequence[Source],
    scales: Scales,
    *,
    now: datetime,
) -> list[Weighed | None]:
    """The worth of each row that will make the first lead of a new person; None for every other row."""
    alone = alone_in_batch(
        [person.created for person in persons],
        [person.person_id for person in persons],
        [row.incoming.external_id for row in rows],
    )
    simple = [each and _is_fresh(row) for each, row in zip(alone, rows, strict=True)]
    if not any(simple):
        return [None] * len(rows)
    channels, campaigns, rules, criteria, activities_of, refreshed = scales
    as_of = now if refreshed is None else max(now, refreshed)
    # By identity: the policy gives few verdicts, each again and again.
    known: dict[int, tuple[Verdict, str, str]] = {}
    weighed: list[Weighed | None] = []
    for fits, row, company, person, source in zip(simple, rows, companies, persons, sources, strict=True):
        if not fits:
            weighed.append(None)
            continue
        channel, kind = channels[source.channel_id] if source.channel_id is not None else ("", "")
        campaign = campaigns[source.campaign_id] if source.campaign_id is not None else ""
        profile = _profile(row, company, person, channel, kind, campaign)
        come = row.incoming
        done = [Activity(code, come.at) for code in activities_of(f"{come.via}/{come.purpose}")]
        score = weigh(profile, done, rules, as_of)
        verdict = judge(profile, score.total, criteria)
        if id(verdict) not in known:
            step = (f"{RULE}/{verdict.version}", reason_of(verdict)) if verdict.is_mql else ("", "")
            known[id(verdict)] = (verdict, *step)
        _, rule, reason = known[id(verdict)]
        weighed.append(Weighed(score, Worth(score.total, score.band.value, rule, reason)))
    return weighed


def _is_fresh(row: Prepared) -> bool:
    """Whether the row brings neither history nor owner: its lead begins here."""
    come = row.incoming
    brought = come.reached or come.outcome or come.owner_id or come.sdr_id
    return not brought and "given" not in row.extra


def _profile(
    row: Prepared, company: ResolvedCompany | None, person: Resolved, channel: str, kind: str, campaign: str
) -> Profile:
    """As `scoring.queries.list_scorable` would read it once everything is written."""
    values = _NO_COMPANY if company is None else company.values
    warnings = warnings_of(row) if row.remarks else ()
    return profile_of(
        has_name=bool(row.name),
        has_mobile=bool(row.mobile),
        email=row.email,
        company_usable=company is not None or person.company_id is not None,
        title=row.title,
        size=row.size or values.get("size", ""),
        industry=row.industry or values.get("industry", ""),
        region=row.region or values.get("region", ""),
        country=row.country or values.get("country", ""),
        language=row.language,
        product=product_of(row.incoming),
        channel=channel,
        channel_kind=kind,
        campaign=campaign,
        warnings=warnings,
    )


def keep_scores(weighed: Sequence[Weighed | None], captured: Sequence[Captured], *, now: datetime) -> None:
    """Store the scores of the leads that were made. Needs the transaction that made them."""
    scored = [
        (lead.lead_id, each.score)
        for each, lead in zip(weighed, captured, strict=True)
        if each is not None and lead.created
    ]
    store_new(scored, now=now)
