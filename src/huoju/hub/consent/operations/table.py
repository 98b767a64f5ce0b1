"""Versions of the policy table."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from huoju.core.facts.operations import NewFact, append_one

from ..facts import ConsentPolicyActivated
from ..models import ConsentPolicy
from ..queries import POLICY

SOURCE = "consent"


def save_version(
    *, rules: Sequence[Mapping[str, object]], note: str, user_id: int | None, now: datetime
) -> ConsentPolicy:
    """Keep `rules` as the next version, not active yet. Raises `InvalidRulesError`."""
    return POLICY.save(content=list(rules), note=note, user_id=user_id, now=now)


def activate(*, version: int, actor: str, now: datetime) -> bool:
    """Let `version` decide from now on; False if it decides already."""
    with transaction.atomic():
        if not POLICY.activate(version=version, now=now):
            return False
        fact = NewFact(payload=ConsentPolicyActivated(version=version), occurred_at=now)
        append_one(fact, actor=actor, source=SOURCE, now=now)
        return True
