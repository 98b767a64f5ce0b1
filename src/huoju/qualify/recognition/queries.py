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


# --- trying criteria on history -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """A lead that other criteria would judge differently."""

    lead_id: int
    is_won: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class BackTest:
    """What other criteria would have made of the latest leads, beside those of today."""

    seen: int
    before: int
    after: int
    more: tuple[Change, ...]
    fewer: tuple[Change, ...]

    @property
    def more_won(self) -> int:
        """Of the further MQLs, those that were won in the end."""
        return sum(change.is_won for change in self.more)

    @property
    def fewer_won(self) -> int:
        """Of the MQLs that would be missed, those that were won in the end."""
        return sum(change.is_won for change in self.fewer)


def backtest(rules: MqlRules, *, limit: int = 10_000) -> BackTest:
    """Judge the latest leads by the active criteria and by `rules`, with the scores of today. Writes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, won_at IS NOT NULL FROM leads_lead ORDER BY captured_at DESC, id DESC LIMIT %s",
            [limit],
        )
        won = dict(cursor.fetchall())
    active = RULES.active()
    before = after = 0
    more: list[Change] = []
    fewer: list[Change] = []
    leads = list_scorable(lead_ids=list(won)) if won else []
    for lead in leads:
        old, new = (policy.judge(lead.profile, lead.score, each) for each in (active, rules))
        before += old.is_mql
        after += new.is_mql
        if new.is_mql != old.is_mql:
            (more if new.is_mql else fewer).append(Change(lead.lead_id, won[lead.lead_id], new))
    return BackTest(len(leads), before, after, tuple(more), tuple(fewer))
