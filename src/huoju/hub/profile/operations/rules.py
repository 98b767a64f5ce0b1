"""Survivorship rules."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from huoju.core.facts.operations import NewFact, append_one

from ..facts import SurvivorshipActivated
from ..models import SurvivorshipRules
from ..queries import RULES

SOURCE = "profile"


def save_version(
    *, rules: Mapping[str, Any], note: str, user_id: int | None, now: datetime
) -> SurvivorshipRules:
    """Keep `rules` as the next version, not active yet. Raises `InvalidRulesError`."""
    return RULES.save(content=dict(rules), note=note, user_id=user_id, now=now)


def activate(*, version: int, actor: str, now: datetime) -> bool:
    """Let `version` decide from now on; who has several values gets them chosen anew soon after (see `readers`). False
    if it decides already."""
    with transaction.atomic():
        if not RULES.activate(version=version, now=now):
            return False
        payload = SurvivorshipActivated(version=version)
        append_one(NewFact(payload=payload, occurred_at=now), actor=actor, source=SOURCE, now=now)
        return True
