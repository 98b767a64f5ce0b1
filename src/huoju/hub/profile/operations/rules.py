"""Survivorship rules."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from huoju.core.facts.activation import Activation

from ..facts import SurvivorshipActivated
from ..models import SurvivorshipRules
from ..queries import RULES

SOURCE = "profile"


def save_version(
    *, rules: Mapping[str, Any], note: str, user_id: int | None, now: datetime
) -> SurvivorshipRules:
    """Keep `rules` as the next version, not active yet. Raises `InvalidRulesError`."""
    return RULES.save(content=dict(rules), note=note, user_id=user_id, now=now)


activate = Activation(RULES, SurvivorshipActivated, SOURCE)
"""Lets a version decide; who has several values gets them chosen anew soon after (see `readers`)."""
