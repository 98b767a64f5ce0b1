"""Making MQLs: by the criteria, or by hand."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from huoju.core.access.policy import Role
from huoju.core.facts.activation import Activation
from huoju.qualify.leads.operations import Move, Moved, Refused, advance_batch
from huoju.qualify.leads.policy import By, Stage
from huoju.qualify.scoring.queries import Scorable

from . import policy
from .facts import CriteriaActivated
from .models import MqlCriteria
from .policy import Verdict
from .queries import RULE, RULES

SOURCE = "recognition"


def judge_batch(
    scored: Iterable[tuple[Scorable, int]],
    *,
    came: Mapping[int, datetime] | None = None,
    now: datetime,
) -> list[Moved]:
    """Judge leads, each with its total score, by the active criteria; advance those that meet them.

    `came` tells when fresh interest joined a lead: leads that people put back are judged only after that. Needs a
    transaction.
    """
    rules = RULES.active()
    moves = []
    for lead, total in scored:
        came_at = came.get(lead.lead_id) if came else None
        stage = Stage(lead.stage)
        if not policy.may_be_judged(
            stage, was_mql=lead.mql_at is not None, stage_at=lead.stage_at, came_at=came_at, given=lead.given
        ):
            continue
        verdict = policy.judge(lead.profile, total, rules)
        if verdict.is_mql:
            rule = f"{RULE}/{verdict.version}"
            moves.append(
                Move(lead_id=lead.lead_id, to=Stage.MQL, reason=reason_of(verdict), rule=rule, expect=stage)
            )
    if not moves:
        return []
    answers = advance_batch(
        moves, mover=By.RULE, actor=f"rule:{RULE}/{rules.version}", now=now, source=SOURCE
    )
    return [answer for answer in answers if isinstance(answer, Moved)]


def reason_of(verdict: Verdict) -> str:
    """The verdict as codes, `standard: company, reachable`; labels are put to them where it is shown."""
    return f"{verdict.rule}: {', '.join(result.code for result in verdict.trace if result.met)}"[:200]


def mark(
    *, lead_ids: Sequence[int], role: Role, actor: str, now: datetime, reason: str = ""
) -> list[Moved | Refused]:
    """Telemarketing or marketing recognises leads by hand (人工标记 MQL), whatever the criteria say."""
    with transaction.atomic():
        moves = [Move(lead_id=lead_id, to=Stage.MQL, reason=reason) for lead_id in lead_ids]
        return advance_batch(moves, mover=role, actor=actor, now=now, source=SOURCE)


def save_version(
    *, rules: Sequence[Mapping[str, Any]], note: str, user_id: int | None, now: datetime
) -> MqlCriteria:
    """Keep `rules` as the next version, not active yet. Raises `InvalidRulesError`."""
    return RULES.save(content=[dict(rule) for rule in rules], note=note, user_id=user_id, now=now)


activate = Activation(RULES, CriteriaActivated, SOURCE)
"""Lets a version decide; leads at the first stage are judged anew soon."""
