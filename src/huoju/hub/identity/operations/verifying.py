"""An identifier is shown to be somebody's own."""

from datetime import datetime

from django.db import transaction

from huoju.core.facts.operations import NewFact, append_one

from ..facts import IdentifierVerified
from ..policy import Identifier
from ..queries import find_identifiers
from .resolve import PersonHint, resolve_batch


def verify(*, person_id: int, identifier: Identifier, actor: str, source: str, now: datetime) -> bool:
    """Whoever `person_id` is answered at `identifier` (in normal form); False if it was verified before.

    It becomes theirs if it was nobody's. If it is another person's, the two are proposed as one: an answer proves the
    identifier, not that both are the same.
    """
    key = (identifier.kind.value, identifier.value)
    with transaction.atomic():
        row = PersonHint(
            identifiers=(identifier,), verified=frozenset({identifier.kind}), person_id=person_id
        )
        before = find_identifiers([key]).get(key)
        if before is not None and before.verified:
            return False
        resolve_batch([row], actor=actor, source=source, now=now)
        known = find_identifiers([key]).get(key)
        if known is None or not known.verified:
            return False
        fact = NewFact(
            payload=IdentifierVerified(kind=identifier.kind.value), person_id=known.person_id, occurred_at=now
        )
        append_one(fact, actor=actor, source=source, now=now)
        return True
