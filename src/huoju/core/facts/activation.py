"""Rules that begin to decide: the version and the fact that says so, in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from huoju.core.rules import RuleBook

from .operations import NewFact, append_one


class _Payload(Protocol):
    def __call__(self, *, version: int) -> Any: ...


@dataclass(frozen=True, slots=True)
class Activation:
    """Activates versions of `book`. `told` is the payload class of the fact, which holds the version."""

    book: RuleBook[Any, Any]
    told: _Payload
    source: str

    def __call__(self, *, version: int, actor: str, now: datetime) -> bool:
        """Let `version` decide from now on; False if it decides already. Raises `LookupError`, `InvalidRulesError`.

        Who must do something about it reads the fact.
        """
        with transaction.atomic():
            if not self.book.activate(version=version, now=now):
                return False
            fact = NewFact(payload=self.told(version=version), occurred_at=now)
            append_one(fact, actor=actor, source=self.source, now=now)
            return True
