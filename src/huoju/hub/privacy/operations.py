"""Handling requests about data.

Erasing is a walk through all holders, a transaction each, with the step noted on the request in the same transaction:
who is killed in the middle goes on behind the last step. The first step puts hashes of all addresses on the list of
erased persons, so nobody writes to them from then on, whatever comes in again.
"""

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huoju.core.errors import UserError
from huoju.core.facts.operations import NewFact, append
from huoju.core.text import msgid
from huoju.hub.consent import operations as consent
from huoju.hub.consent.operations import Link, Token, seal
from huoju.hub.consent.policy import Entry, EntryKind, ListKind
from huoju.hub.identity.queries import get_persons, list_identifiers

from .facts import DataRequested, PersonErased
from .models import DataRequest
from .queries import everyone
from .registry import all_holders

SOURCE = "privacy"
PERIOD = timedelta(days=30)
"""GDPR art. 12 (3): one month; PIPL art. 50: in time."""
SUPPRESSED = "suppressed"
"""The first step of an erasure."""
State, Kind = DataRequest.State, DataRequest.Kind


def register_request(
    *,
    person_id: int,
    kind: str,
    source: str,
    address: str = "",
    note: str = "",
    user_id: int | None,
    now: datetime,
) -> DataRequest:
    """Take down a request; who asks twice has one. By staff it is open at once, else it waits for the mail box."""
    state = State.OPEN if source == "staff" else State.UNCONFIRMED
    try:
        with transaction.atomic():
            request = DataRequest.objects.create(
                kind=kind,
                state=state,
                person_id=person_id,
                address=address,
                source=source,
                note=note[:500],
                requested_at=now,
                requested_by_id=user_id,
                due_at=now + PERIOD,
            )
            if state == State.OPEN:
                _told(request, now)
    except IntegrityError:
        request = DataRequest.objects.get(
            person_id=person_id, kind=kind, state__in=["unconfirmed", "open", "running"]
        )
    return request


def ask_by_mail(*, person_id: int, kind: str, address: str, now: datetime) -> None:
    """A request from the preference page: a mail makes sure that it is their own."""
    person = get_persons([person_id])[person_id]
    with transaction.atomic():
        request = register_request(
            person_id=person_id, kind=kind, source="preferences", address=address, user_id=None, now=now
        )
        if request.state == State.UNCONFIRMED:
            path = reverse("privacy_public:confirm", args=[seal(Link.REQUEST, Token(request.pk))])
            consent.write_letter(
                key=f"request:{request.pk}:{now:%Y-%m-%d}",
                kind="request",
                person_id=person_id,
                address=address,
                language=person.language,
                context={"url": settings.PUBLIC_URL + path},
                now=now,
            )


def confirm_request(*, request_id: int, now: datetime) -> DataRequest:
    """The mail box says that the request is its owner's. Again: nothing more happens. Raises `LookupError`."""
    with transaction.atomic():
        request = DataRequest.objects.select_for_update().filter(pk=request_id).first()
        if request is None:
            raise LookupError(request_id)
        if request.state == State.UNCONFIRMED:
            request.state = State.OPEN
            request.due_at = now + PERIOD
            request.save(update_fields=["state", "due_at"])
            _told(request, now)
        return request


def approve(*, request_id: int, user_id: int, now: datetime) -> DataRequest:
    """Begin the work. Where HUOJU_TWO_PERSON_ERASURE is set, whoever took down an erasure may not approve it. Raises
    `UserError`."""
    with transaction.atomic():
        request = DataRequest.objects.select_for_update().get(pk=request_id)
        if request.state != State.OPEN:
            raise UserError(_("This request is not open."))
        alone = request.kind == Kind.ERASURE and request.requested_by_id == user_id
        if alone and getattr(settings, "TWO_PERSON_ERASURE", False):
            raise UserError(_("Somebody else has to approve an erasure that you took down."))
        request.state = State.RUNNING
        request.persons = everyone(request.person_id)
        request.decided_at, request.decided_by_id = now, user_id
        request.save()
        return request


def refuse(*, request_id: int, user_id: int, note: str, now: datetime) -> None:
    """Close a request without doing it, with the reason. Raises `UserError`."""
    if not note.strip():
        raise UserError(_("Say why: the person has a right to know."))
    changed = DataRequest.objects.filter(pk=request_id, state__in=[State.UNCONFIRMED, State.OPEN]).update(
        state=State.REFUSED, note=note[:500], decided_at=now, decided_by_id=user_id, finished_at=now
    )
    if not changed:
        raise UserError(_("This request is not open."))


def work(request_id: int, *, now: datetime) -> bool:
    """One step of a request; False when there is nothing left to do. Two workers wait for each other."""
    with transaction.atomic():
        request = DataRequest.objects.select_for_update().filter(pk=request_id, state=State.RUNNING).first()
        if request is None:
            return False
        if request.kind == Kind.ACCESS:
            request.file.save(f"request-{request.pk}.zip", ContentFile(export(request.persons)), save=False)
            return _finish(request, now)
        return _erase_next(request, now)


def _erase_next(request: DataRequest, now: datetime) -> bool:
    if SUPPRESSED not in request.steps:
        hidden = _suppress(request.persons, now)
        ground = msgid(
            "Hashes of addresses, so that they are never contacted again (GDPR art. 17 (3)(b), 21 (3))"
        )
        request.steps[SUPPRESSED] = {"erased": 0, "kept": hidden, "ground": ground if hidden else ""}
        request.save(update_fields=["steps"])
        return True
    for holder in all_holders():
        if holder.code not in request.steps:
            done = holder.erase(request.persons)
            step = {"erased": done.erased, "kept": done.kept, "ground": done.ground}
            request.steps[holder.code] = step | ({"where": dict(done.where)} if done.where else {})
            request.save(update_fields=["steps"])
            return True
    erased = PersonErased(request_id=request.pk)
    facts = [NewFact(payload=erased, occurred_at=now, person_id=person_id) for person_id in request.persons]
    append(facts, actor=f"user:{request.decided_by_id}", source=SOURCE, now=now)
    request.address = ""
    return _finish(request, now)


def _finish(request: DataRequest, now: datetime) -> bool:
    request.state = State.DONE
    request.finished_at = now
    request.save()
    return False


def _suppress(persons: list[int], now: datetime) -> int:
    kinds = {"email": EntryKind.EMAIL, "mobile": EntryKind.MOBILE}
    entries = [
        Entry(kinds[each.kind], each.value) for each in list_identifiers(*persons) if each.kind in kinds
    ]
    consent.suppress(
        entries, kind=ListKind.ERASED, reason="erased", hidden=True, actor="privacy", source=SOURCE, now=now
    )
    return len(set(entries))


def export(persons: list[int]) -> bytes:
    """Everything that is held of some persons as a ZIP: one JSON file for programs, one page for people."""
    parts: list[tuple[str, str, list[dict[str, Any]]]] = [
        (holder.code, str(holder.label), holder.export(persons)) for holder in all_holders()
    ]
    parts = [part for part in parts if part[2]]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        data = {code: rows for code, _label, rows in parts}
        archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=1))
        archive.writestr("data.html", render_to_string("privacy/export.html", {"parts": parts}))
    return packed.getvalue()


def _told(request: DataRequest, now: datetime) -> None:
    payload = DataRequested(request_id=request.pk, request=request.kind)
    fact = NewFact(payload=payload, occurred_at=now, person_id=request.person_id)
    actor = f"user:{request.requested_by_id}" if request.requested_by_id else "visitor"
    append([fact], actor=actor, source=SOURCE, now=now)
