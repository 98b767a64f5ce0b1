"""Writing what people said."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from huoju.core.bulk import NULL, copy_rows, take_ids
from huoju.core.facts.operations import NewFact, append
from huoju.hub.identity.queries import members_of, profiles_of

from ..facts import ConsentGiven
from ..policy import YES, Answer

_COLUMNS = (
    *("id", "person_id", "channel", "purpose", "state", "granted", "at"),
    *("address", "expires_at", "source", "proof"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentAnswer:
    """A person's yes or no for one channel and purpose, and the proof: form, version, text shown, page, address.

    `granted` is enough for a plain yes or no; `state` says it more exactly (confirmed, withdrawn, pending). `address`
    is the mail address (its key) or number that a yes is for. Silence is no answer: make none of it.
    """

    person_id: int
    channel: str
    purpose: str
    granted: bool
    at: datetime
    state: Answer | None = None
    address: str = ""
    expires_at: datetime | None = None
    proof: Mapping[str, str] = field(default_factory=dict)

    @property
    def answer(self) -> Answer:
        """The answer; raises `ValueError` where `state` and `granted` contradict each other."""
        state = self.state or (Answer.GIVEN if self.granted else Answer.DECLINED)
        if (state in YES) != self.granted:
            raise ValueError(f"{state} contradicts granted={self.granted}")
        return state


def record_batch(answers: Sequence[ConsentAnswer], *, actor: str, source: str, now: datetime) -> list[int]:
    """Keep the answers, one row and one fact each; returns the ids of the rows. Needs a transaction."""
    if not answers:
        return []
    states = [each.answer for each in answers]
    with connection.cursor() as cursor:
        ids = take_ids(cursor, "consent_consent", len(answers))
        copy_rows(
            cursor,
            "consent_consent",
            _COLUMNS,
            [
                (
                    *(str(id_), str(each.person_id), each.channel, each.purpose, state.value),
                    *(str(each.granted), str(each.at), each.address),
                    NULL if each.expires_at is None else str(each.expires_at),
                    *(source[:80], json.dumps(dict(each.proof), ensure_ascii=False)),
                )
                for id_, each, state in zip(ids, answers, states, strict=True)
            ],
        )
    facts = [
        NewFact(
            payload=ConsentGiven(
                channel=each.channel,
                purpose=each.purpose,
                granted=each.granted,
                state=state.value,
                address=each.address,
                proof=dict(each.proof),
            ),
            occurred_at=each.at,
            person_id=each.person_id,
        )
        for each, state in zip(answers, states, strict=True)
    ]
    append(facts, actor=actor, source=source, now=now)
    return ids


def answer_profile(
    *,
    person_id: int,
    answers: Mapping[tuple[str, str], Answer],
    proof: Mapping[str, str],
    actor: str,
    source: str,
    now: datetime,
) -> list[int]:
    """Record what a human being says about themselves, by channel and purpose, for each person that they are today.

    So a no stays with every one of them if they turn out to be several, and a yes takes back an earlier no of any of
    them. Needs a transaction.
    """
    profile = profiles_of([person_id])[person_id]
    everyone = members_of([profile])[profile]
    return record_batch(
        [
            ConsentAnswer(
                person_id=member,
                channel=channel,
                purpose=purpose,
                granted=state in YES,
                state=state,
                at=now,
                proof=proof,
            )
            for member in everyone
            for (channel, purpose), state in answers.items()
        ],
        actor=actor,
        source=source,
        now=now,
    )


def forget_batch(ids: Sequence[int]) -> None:
    """Remove answers that an import recorded (`record_batch`). Needs a transaction."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM consent_consent WHERE id = ANY(%s)", [list(ids)])
