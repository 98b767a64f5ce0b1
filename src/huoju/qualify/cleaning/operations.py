"""Writing cleaning rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from huoju.core.facts.activation import Activation

from .facts import CleaningActivated
from .models import CleaningRules
from .queries import RULES

SOURCE = "cleaning"


def save_version(
    *, rules: Sequence[Mapping[str, object]], note: str, user_id: int | None, now: datetime
) -> CleaningRules:
    """Keep `rules` as the next version, not active yet. Raises `InvalidRulesError`."""
    return RULES.save(content=list(rules), note=note, user_id=user_id, now=now)


activate = Activation(RULES, CleaningActivated, SOURCE)
"""Lets a version decide. What was judged before stays as it was judged."""
