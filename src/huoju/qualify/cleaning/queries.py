"""Reading cleaning rules."""

from huoju.core.rules import RuleBook

from . import policy
from .models import CleaningRules
from .policy import RuleSet

RULES: RuleBook[RuleSet, CleaningRules] = RuleBook(
    CleaningRules, policy.rules_from_json, policy.validate, lambda: policy.rules_as_json(policy.DEFAULT_RULES)
)
"""Every version of the cleaning rules."""


def active_rules() -> RuleSet:
    """The rules that decide now: one query, the same object as long as the version is the same."""
    return RULES.active()
