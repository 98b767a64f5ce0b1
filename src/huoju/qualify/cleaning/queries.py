"""Reading cleaning rules."""

from collections.abc import Callable

from huoju.core.rules import RuleBook

from . import policy
from .models import CleaningRules
from .policy import Backtest, RuleSet

RULES: RuleBook[RuleSet, CleaningRules] = RuleBook(
    CleaningRules, policy.rules_from_json, policy.validate, lambda: policy.rules_as_json(policy.DEFAULT_RULES)
)
"""Every version of the cleaning rules."""


def active_rules() -> RuleSet:
    """The rules that decide now: one query, the same object as long as the version is the same."""
    return RULES.active()


type Trial = Callable[[RuleSet], Backtest]

_trial: list[Trial] = []


def register_trial(trial: Trial) -> None:
    """Say who can try rules on history: leads belong to a room that this one does not know."""
    _trial[:] = [trial]


def try_rules(rules: RuleSet) -> Backtest:
    """What `rules` would have done to the leads of the past."""
    return _trial[0](rules) if _trial else policy.backtest(rules, ())
