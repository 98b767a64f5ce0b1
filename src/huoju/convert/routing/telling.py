"""How the facts of routing read on a timeline."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.facts.telling import Names, Told, register_rules, register_teller

from .facts import LeadNotRouted
from .policy import OUTCOME_LABELS, WHY_LABELS, Outcome
from .queries import RULES


def _not_routed(payload: LeadNotRouted, _names: Names) -> Told:
    return Told(_("Waits for an owner"), "hourglass", _(OUTCOME_LABELS[Outcome(payload.outcome)]))


def _words(version: int) -> dict[str, str]:
    """What the rules of a version and their answers are called."""
    # A rule may have an answer's code: they are kept apart.
    answers = {f":{why.value}": _(label) for why, label in WHY_LABELS.items()}
    try:
        return answers | {rule.code: _(rule.label) for rule in RULES.get(version).rules}
    except LookupError:
        return answers


def register() -> None:
    """Called once by the wiring."""
    register_teller(LeadNotRouted, _not_routed)
    register_rules("routing", gettext_lazy("Routing rules"), _words)
