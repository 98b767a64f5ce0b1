"""Writing cleaning rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from huoju.core.facts.operations import NewFact, append_one

from .facts import CleaningActivated
from .models import CleaningRules
from .queries import RULES

SOURCE = "cleaning"


def save_version(
    *, rules: Sequence[Mapping[str, object]], note: str, user_id: int | None, now: datetime
) -> CleaningRules:
    """Keep `rules` as the next version, not active yet. Raises `InvalidRulesError`."""
    return RULES.save(content=list(rules), note=note, user_id=user_id, now=now)


def activate(*, version: int, actor: str, now: datetime) -> bool:
    """Let `version` decide from now on; False if it decides already. What was judged before stays as it was judged."""
    with transaction.atomic():
        if not RULES.activate(version=version, now=now):
            return False
        fact = NewFact(payload=CleaningActivated(version=version), occurred_at=now)
        append_one(fact, actor=actor, source=SOURCE, now=now)
        return True
