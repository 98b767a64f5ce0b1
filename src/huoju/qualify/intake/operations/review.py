"""Deciding on what was held back."""

from datetime import datetime

from django.db import transaction

from huoju.core.access.models import User
from huoju.core.facts.operations import NewFact, append_one

from ..facts import LeadReleased, QuarantineConfirmed
from ..models import Quarantined
from ..policy import Mode
from ..stored import candidate_from_json
from .take_in import prepare, take_in_batch

SOURCE = "intake"


class AlreadyDecidedError(Exception):
    """Somebody else has decided on this row."""


def release(*, quarantined_id: int, user: User, now: datetime) -> int:
    """Make a lead of a quarantined row, or let it join one; its reasons stay with the lead as warnings.

    Returns the lead's id. Raises `AlreadyDecidedError`, `Quarantined.DoesNotExist`.
    """
    actor = f"user:{user.pk}"
    with transaction.atomic():
        row = _undecided(quarantined_id)
        incoming = candidate_from_json(row.candidate)
        prepared = prepare([incoming], mode=Mode.RECORD)
        (taken,) = take_in_batch(prepared, actor=actor, source=SOURCE, now=now, import_id=row.import_id)
        if taken.lead_id is None:
            raise RuntimeError(f"{row.origin} was released, yet made no lead")
        _decide(row, Quarantined.Decision.RELEASED, user, now)
        row.lead_id = taken.lead_id
        row.save()
        fact = NewFact(
            payload=LeadReleased(quarantine_id=row.pk, lead_id=taken.lead_id),
            occurred_at=now,
            person_id=taken.person_id,
            company_id=taken.company_id,
        )
        append_one(fact, actor=actor, source=SOURCE, now=now)
        return taken.lead_id


def confirm(*, quarantined_id: int, user: User, now: datetime) -> None:
    """Confirm that a quarantined row is bad. Raises `AlreadyDecidedError`, `Quarantined.DoesNotExist`."""
    with transaction.atomic():
        row = _undecided(quarantined_id)
        _decide(row, Quarantined.Decision.CONFIRMED, user, now)
        row.save()
        fact = NewFact(
            payload=QuarantineConfirmed(quarantine_id=row.pk), occurred_at=now, shard_key=row.origin
        )
        append_one(fact, actor=f"user:{user.pk}", source=SOURCE, now=now)


def _undecided(quarantined_id: int) -> Quarantined:
    row = Quarantined.objects.select_for_update(of=("self",)).get(pk=quarantined_id)
    if row.decided_at is not None:
        raise AlreadyDecidedError(row.origin)
    return row


def _decide(row: Quarantined, decision: Quarantined.Decision, user: User, now: datetime) -> None:
    row.decision, row.decided_at, row.decided_by = decision, now, user
