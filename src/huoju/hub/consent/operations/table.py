"""Versions of the policy table."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from huoju.core.facts.activation import Activation

from ..facts import ConsentPolicyActivated
from ..models import ConsentPolicy
from ..queries import POLICY

SOURCE = "consent"


def save_version(
    *, rules: Sequence[Mapping[str, object]], note: str, user_id: int | None, now: datetime
) -> ConsentPolicy:
    """Keep `rules` as the next version, not active yet. Raises `InvalidRulesError`."""
    return POLICY.save(content=list(rules), note=note, user_id=user_id, now=now)


activate = Activation(POLICY, ConsentPolicyActivated, SOURCE)
"""Lets a version decide."""
