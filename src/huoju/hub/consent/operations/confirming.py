"""Double opt-in: a yes that waits until its mail box confirms it; and the mails that ask for it.

A mail is a row first (`Letter`), sent by a job: at most once for its key. The row is marked in the transaction that
sends, so a crash between the two may send one mail again, never lose one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from huoju.hub.identity.operations import verify
from huoju.hub.identity.policy import Email, Identifier, IdentifierKind, normalise_email

from ..models import Letter
from ..policy import Answer, Channel, hashed
from ..queries import peppers
from ..signing import confirm_url
from .answers import ConsentAnswer, record_batch
from .lists import unlist


def ask_to_confirm(
    *,
    person_id: int,
    purpose: str,
    address: str,
    language: str,
    proof: Mapping[str, str],
    source: str,
    now: datetime,
) -> Letter | None:
    """Keep a yes as waiting and write the mail that asks to confirm it; None if that mail was written already today.

    Only for e-mail. Needs a transaction.
    """
    email = normalise_email(address)
    if not isinstance(email, Email):
        return None
    letter = write_letter(
        key=f"opt_in:{person_id}:{purpose}:{hashed(email.key, peppers()[0])[:17]}:{now:%Y-%m-%d}",
        kind=Letter.Kind.OPT_IN,
        person_id=person_id,
        address=email.address,
        language=language,
        context={"purpose": purpose, "key": email.key, "proof": dict(proof)},
        now=now,
    )
    if letter is not None:
        waiting = ConsentAnswer(
            person_id=person_id,
            channel=Channel.EMAIL.value,
            purpose=purpose,
            granted=False,
            state=Answer.PENDING,
            at=now,
            address=email.key,
            proof=proof,
        )
        record_batch([waiting], actor="visitor", source=source, now=now)
    return letter


def write_letter(
    *,
    key: str,
    kind: str,
    person_id: int | None,
    address: str,
    language: str,
    context: Mapping[str, Any],
    now: datetime,
) -> Letter | None:
    """Put a mail on the ledger; None if one of this key is there. It goes out by the job `send_letters`."""
    rows = Letter.objects.bulk_create(
        [
            Letter(
                key=key,
                kind=kind,
                person_id=person_id,
                address=address,
                language=language,
                context=dict(context),
                created_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    del rows  # their ids are unknown where a conflict was ignored
    return Letter.objects.filter(key=key, created_at=now).first()


def confirm(*, letter_id: int, ip: str, user_agent: str, now: datetime) -> bool:
    """The mail box says yes: the proof of a double opt-in. False if it had said so before; nothing happens again then.

    Raises `LookupError` if the letter is gone (its person was erased).
    """
    with transaction.atomic():
        letter = Letter.objects.select_for_update().filter(pk=letter_id, kind=Letter.Kind.OPT_IN).first()
        if letter is None or letter.person_id is None:
            raise LookupError(letter_id)
        if letter.answered_at is not None:
            return False
        letter.answered_at = now
        letter.save(update_fields=["answered_at"])
        proof = {
            **letter.context["proof"],
            "asked_at": letter.created_at.isoformat(),
            "confirmed_at": now.isoformat(),
            "confirmed_ip": ip,
            "confirmed_agent": user_agent,
        }
        yes = ConsentAnswer(
            person_id=letter.person_id,
            channel=Channel.EMAIL.value,
            purpose=letter.context["purpose"],
            granted=True,
            state=Answer.CONFIRMED,
            at=now,
            address=letter.context["key"],
            proof=proof,
        )
        record_batch([yes], actor="visitor", source="double_opt_in", now=now)
        unlist(letter.address, source="double_opt_in", now=now)
        own = Identifier(IdentifierKind.EMAIL, letter.context["key"])
        verify(person_id=letter.person_id, identifier=own, actor="visitor", source="double_opt_in", now=now)
        return True


def find_letter(letter_id: int) -> Letter:
    """A letter that asks to confirm a subscription, with its person. Raises `LookupError`."""
    letter = Letter.objects.select_related("person").filter(pk=letter_id, kind=Letter.Kind.OPT_IN).first()
    if letter is None:
        raise LookupError(letter_id)
    return letter


def send_waiting(*, now: datetime, limit: int = 100) -> int:
    """Send letters that wait, the oldest first; how many. An error of the mail server leaves its letter waiting."""
    count = 0
    while count < limit:
        with transaction.atomic():
            letter = (
                Letter.objects.select_for_update(skip_locked=True).filter(sent_at=None).order_by("id").first()
            )
            if letter is None:
                break
            letter.sent_at = now
            letter.save(update_fields=["sent_at"])
            _send(letter)
            count += 1
    return count


def _send(letter: Letter) -> None:
    with translation.override(letter.language or settings.LANGUAGE_CODE):
        url = letter.context.get("url") or confirm_url(letter.pk)
        subjects = {
            Letter.Kind.OPT_IN: _("Please confirm your subscription"),
            Letter.Kind.REQUEST: _("Please confirm your request about your data"),
            Letter.Kind.PREFERENCES: _("Your preferences"),
        }
        kind = Letter.Kind(letter.kind)
        body = render_to_string(f"consent/mail_{kind.value}.txt", {"url": url, "context": letter.context})
        # A letter says who sends it by its sender; auto-submitted keeps absence notes away.
        EmailMessage(
            subjects[kind], body, None, [letter.address], headers={"Auto-Submitted": "auto-generated"}
        ).send()
