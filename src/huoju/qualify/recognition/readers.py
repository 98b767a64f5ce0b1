"""One pass over the facts that change what a lead is worth: score it, then judge it.

Two readers would read the same facts, profiles and activities twice, and the second could overtake the first. The
score is derived and can be replayed; the judgement moves leads, so a replay leaves it alone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from huoju.core.facts.kinds import kind_of
from huoju.core.facts.readers import Reader, StoredFact
from huoju.qualify.leads.facts import LeadCaptured, LeadRestored, LeadTouched, LeadUpdated
from huoju.qualify.scoring.facts import ScoringActivated
from huoju.qualify.scoring.operations import forget_scores, score_persons
from huoju.qualify.scoring.queries import activity_facts, scored_since

from . import jobs
from .facts import CriteriaActivated
from .operations import judge_batch

_CAPTURED = kind_of(LeadCaptured).name
_TOUCHED = kind_of(LeadTouched).name
_SCORING_ACTIVATED = kind_of(ScoringActivated).name
_CRITERIA_ACTIVATED = kind_of(CriteriaActivated).name


def _heard(facts: Sequence[StoredFact]) -> dict[int, datetime]:
    """When each person was last heard of in these facts, by the log's clock."""
    heard: dict[int, datetime] = {}
    for fact in facts:
        person = fact.person_id
        if person is not None and (person not in heard or heard[person] < fact.recorded_at):
            heard[person] = fact.recorded_at
    return heard


def _settled(facts: Sequence[StoredFact]) -> set[int]:
    """The persons of whom these facts say no more than that a lead came in which was scored as it came
    (`intake.operations.worth`), by the rules of today."""
    news = {fact.person_id for fact in facts if fact.kind != _CAPTURED or not fact.payload.get("weighed")}
    came = {
        fact.payload["lead_id"]: fact
        for fact in facts
        if fact.person_id is not None and fact.person_id not in news
    }
    scored = scored_since({lead_id: fact.recorded_at for lead_id, fact in came.items()})
    unsettled = {fact.person_id for lead_id, fact in came.items() if lead_id not in scored}
    return {fact.person_id for fact in came.values() if fact.person_id is not None} - unsettled


def handle(facts: Sequence[StoredFact], now: datetime) -> None:
    """Score the leads of the people in these facts, and make MQLs of those that meet the criteria."""
    came: dict[int, datetime] = {}
    for fact in facts:
        if fact.kind == _SCORING_ACTIVATED:
            jobs.refresh_scores.using(key="refresh").defer()
        elif fact.kind == _CRITERIA_ACTIVATED:
            jobs.rejudge.using(key="rejudge").defer()
        elif fact.kind == _TOUCHED:
            lead_id = fact.payload["lead_id"]
            came[lead_id] = max(fact.occurred_at, came.get(lead_id, fact.occurred_at))
    heard = _heard(facts)
    for person_id in _settled(facts):
        del heard[person_id]
    if heard:
        scored = score_persons(heard, now=now)
        judge_batch([(lead, score.total) for lead, score in scored.leads], came=came, now=now)


def rebuild(facts: Sequence[StoredFact], now: datetime) -> None:
    """Derive the scores again, and nothing else."""
    if heard := _heard(facts):
        score_persons(heard, now=now, announce=False)


def recognition_reader() -> Reader:
    """The reader, over every kind that counts once the rooms above have registered theirs."""
    kinds: list[type[Any]] = [
        *activity_facts(),
        LeadUpdated,
        LeadRestored,
        ScoringActivated,
        CriteriaActivated,
    ]
    return Reader(
        "recognition",
        tuple(kinds),
        handle,
        label=_("Scoring and recognition"),
        does=_("Scores leads anew after everything that counts, and recognises MQLs."),
        batch=4000,
        reset=forget_scores,
        rebuild=rebuild,
    )
