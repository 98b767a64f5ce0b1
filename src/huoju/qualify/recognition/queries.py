"""Reading the criteria, and why a lead is an MQL or not yet."""

from dataclasses import dataclass

from django.db import connection

from huoju.core.rules import RuleBook
from huoju.qualify.leads.policy import Stage
from huoju.qualify.scoring.queries import Scorable, list_scorable

from . import policy
from .models import MqlCriteria
from .policy import MqlRules, Verdict

RULES: RuleBook[MqlRules, MqlCriteria] = RuleBook(
    MqlCriteria, policy.rules_from_json, policy.validate, lambda: policy.rules_as_json(policy.DEFAULT_RULES)
)
"""Every version of the MQL criteria."""

RULE = "mql"
"""Names the criteria where a decision is kept: `mql/3` is version 3."""


def list_first_stage(*, after: int, limit: int) -> list[Scorable]:
    """Scored leads that may still become MQLs for the first time, by id."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT l.id FROM leads_lead l JOIN scoring_leadscore s ON s.lead_id = l.id
               WHERE l.id > %s AND l.stage = %s AND l.mql_at IS NULL ORDER BY l.id LIMIT %s""",
            [after, Stage.LEAD.value, limit],
        )
        ids = [id_ for (id_,) in cursor.fetchall()]
    return list_scorable(lead_ids=ids) if ids else []


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the criteria say of a lead now."""

    rules: MqlRules
    verdict: Verdict


def explain(lead_id: int) -> Explanation | None:
    """What the active criteria say of a lead today; None if there is no such lead."""
    rules = RULES.active()
    for lead in list_scorable(lead_ids=[lead_id]):
        return Explanation(rules, policy.judge(lead.profile, lead.score, rules))
    return None
