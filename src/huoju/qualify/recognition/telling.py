"""How the criteria read on a timeline: who decided, and which criteria were met."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.facts.telling import register_rules

from .policy import MIN_SCORE
from .queries import RULE, RULES


def _words(version: int) -> dict[str, str]:
    """What the rules of a version and their criteria (with a colon) are called."""
    words = {f":{MIN_SCORE}": _("Score is high enough")}
    try:
        rules = RULES.get(version).rules
    except LookupError:
        return words
    for rule in rules:
        words |= {f":{item.code}": _(item.label) for item in rule.criteria}
    return words | {rule.code: _(rule.label) for rule in rules}


def register() -> None:
    """Called once by the wiring."""
    register_rules(RULE, gettext_lazy("MQL criteria"), _words)
