"""What people say on the pages behind our links."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from huoju.hub.identity.queries import get_persons, members_of, profiles_of

from ..policy import Answer, Channel, DoubleOptIn, EntryProblem, ListKind, Purpose, read_entry
from ..queries import has_consent, may_contact
from .answers import answer_profile
from .confirming import ask_to_confirm
from .lists import suppress, unlist

SOURCE = "preferences"


def unsubscribe(
    *,
    person_id: int | None,
    channel: str,
    purpose: str,
    address: str,
    proof: Mapping[str, str],
    now: datetime,
) -> bool:
    """No more of this to this address, nor to this person; False if both was said before. The address alone where the
    person is gone: then only its hash is kept."""
    entry = read_entry(address)
    with transaction.atomic():
        fresh = 0
        if not isinstance(entry, EntryProblem):
            fresh = suppress(
                [entry],
                kind=ListKind.UNSUBSCRIBED,
                reason="unsubscribed",
                hidden=person_id is None,
                actor="visitor",
                source=SOURCE,
                now=now,
            )
        if person_id is None:
            return bool(fresh)
        profile = profiles_of([person_id])[person_id]
        everyone = members_of([profile])[profile]
        said = has_consent(everyone, channel=channel, purpose=purpose)
        if all(said.get(member) is False for member in everyone):
            return bool(fresh)
        answer_profile(
            person_id=person_id,
            answers={(channel, purpose): Answer.WITHDRAWN},
            proof=proof,
            actor="visitor",
            source=SOURCE,
            now=now,
        )
        return True


def set_preferences(
    *, person_id: int, wanted: Mapping[str, bool], proof: Mapping[str, str], language: str, now: datetime
) -> bool:
    """Yes or no to news and offers by each channel, as far as it is not so already.

    True if a mail was written that has to be confirmed first (where the law of the place asks for double opt-in).
    """
    person = get_persons([person_id])[person_id]
    waiting = False
    answers: dict[tuple[str, str], Answer] = {}
    with transaction.atomic():
        for code, yes in wanted.items():
            channel, purpose = Channel(code), Purpose.MARKETING
            verdict = may_contact(person_id, channel, purpose, now)
            if yes == verdict.allowed:
                continue
            if not yes:
                answers[code, purpose.value] = Answer.WITHDRAWN
                continue
            if channel is Channel.EMAIL and verdict.rule.double_opt_in is DoubleOptIn.REQUIRED:
                letter = ask_to_confirm(
                    person_id=person_id,
                    purpose=purpose.value,
                    address=person.email,
                    language=language,
                    proof=proof,
                    source=SOURCE,
                    now=now,
                )
                waiting = waiting or letter is not None
            else:
                answers[code, purpose.value] = Answer.GIVEN
                unlist(person.email if channel is Channel.EMAIL else person.mobile, source=SOURCE, now=now)
        if answers:
            answer_profile(
                person_id=person_id, answers=answers, proof=proof, actor="visitor", source=SOURCE, now=now
            )
    return waiting
