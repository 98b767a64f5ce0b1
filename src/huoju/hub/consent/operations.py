"""Writing consent."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from huoju.core.bulk import copy_rows, take_ids
from huoju.core.facts.operations import NewFact, append

from .facts import ConsentGiven

_COLUMNS = ("id", "person_id", "channel", "purpose", "granted", "at", "proof")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentAnswer:
    """A person's yes or no for one channel and purpose, and the proof: form, version, text shown, page, address."""

    person_id: int
    channel: str
    purpose: str
    granted: bool
    at: datetime
    proof: Mapping[str, str] = field(default_factory=dict)


def record_batch(answers: Sequence[ConsentAnswer], *, actor: str, source: str, now: datetime) -> list[int]:
    """Keep the answers, one row and one fact each; returns the ids of the rows. Needs a transaction."""
    if not answers:
        return []
    with connection.cursor() as cursor:
        ids = take_ids(cursor, "consent_consent", len(answers))
        copy_rows(
            cursor,
            "consent_consent",
            _COLUMNS,
            [
                (
                    *(str(id_), str(each.person_id), each.channel, each.purpose, str(each.granted)),
                    *(str(each.at), json.dumps(dict(each.proof), ensure_ascii=False)),
                )
                for id_, each in zip(ids, answers, strict=True)
            ],
        )
    facts = [
        NewFact(
            payload=ConsentGiven(
                channel=each.channel, purpose=each.purpose, granted=each.granted, proof=dict(each.proof)
            ),
            occurred_at=each.at,
            person_id=each.person_id,
        )
        for each in answers
    ]
    append(facts, actor=actor, source=source, now=now)
    return ids


def forget_batch(ids: Sequence[int]) -> None:
    """Remove answers that an import recorded (`record_batch`). Needs a transaction."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM consent_consent WHERE id = ANY(%s)", [list(ids)])
