"""The JSON API of consent: may we contact them, what they said, who is on which list."""

from typing import Literal

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from huoju.core.access.gate import ApiKeyAuth
from huoju.core.access.models import ApiKey
from huoju.core.access.policy import ApiScope
from huoju.core.api import Id, Refused
from huoju.hub.identity.queries import get_persons

from . import operations, queries
from .policy import Answer, Channel, EntryProblem, ListKind, Purpose, read_entry

MAX_PERSONS = 10_000
MAX_ENTRIES = 10_000

router = Router()


class AskIn(Schema):
    """Whom, by which way, what for."""

    model_config = ConfigDict(extra="forbid")
    persons: list[Id] = Field(min_length=1, max_length=MAX_PERSONS)
    channel: Channel
    purpose: Purpose = Purpose.MARKETING


class VerdictOut(Schema):
    """Yes or no, with the reason and the rule behind it."""

    person: int
    allowed: bool
    reason: str
    place: str = Field(description="Whose rule decided: a country, or * for the strict default.")
    source: str


class AnswerIn(Schema):
    """What somebody said, and the proof: what they were shown, where, when."""

    model_config = ConfigDict(extra="forbid")
    person: Id
    channel: Channel
    purpose: Purpose = Purpose.MARKETING
    answer: Literal["given", "declined", "withdrawn"]
    proof: dict[str, str] = Field(default_factory=dict)


class EntriesIn(Schema):
    """Addresses for the list of unsubscribed addresses, the blacklist or the whitelist."""

    model_config = ConfigDict(extra="forbid")
    to: Literal["unsubscribed", "black", "white"] = Field(description="Which list.")
    entries: list[str] = Field(min_length=1, max_length=MAX_ENTRIES)
    reason: str = Field("", max_length=200)


class ChangedOut(Schema):
    """How many changed, and what could not be read."""

    changed: int
    unreadable: list[str]


@router.post("/may-contact", response=list[VerdictOut], auth=ApiKeyAuth(ApiScope.CONSENT_READ))
def may_contact(request: HttpRequest, asked: AskIn) -> list[VerdictOut]:
    """Whether each person may be contacted, in the order asked."""
    found = queries.may_contact_batch(asked.persons, asked.channel, asked.purpose, timezone.now())
    return [
        VerdictOut(
            person=person,
            allowed=found[person].allowed,
            reason=found[person].reason.value,
            place=found[person].place,
            source=found[person].source,
        )
        for person in asked.persons
    ]


@router.post("/consents", response={201: None}, auth=ApiKeyAuth(ApiScope.CONSENT_WRITE))
def record(request: HttpRequest, said: AnswerIn) -> Status[None]:
    """Keep what somebody said, for all persons that they are."""
    if said.person not in get_persons([said.person]):
        raise Refused(404, "not_found", _("Nobody has this number."))
    with transaction.atomic():
        operations.answer_profile(
            person_id=said.person,
            answers={(said.channel.value, said.purpose.value): Answer(said.answer)},
            proof=said.proof,
            actor=_actor(request),
            source="api",
            now=timezone.now(),
        )
    return Status(201, None)


@router.post("/suppressions", response=ChangedOut, auth=ApiKeyAuth(ApiScope.CONSENT_WRITE))
def suppress(request: HttpRequest, wanted: EntriesIn) -> ChangedOut:
    """Put addresses on a list; the same again changes nothing."""
    return _change(request, wanted, remove=False)


@router.post("/suppressions/remove", response=ChangedOut, auth=ApiKeyAuth(ApiScope.CONSENT_WRITE))
def unsuppress(request: HttpRequest, wanted: EntriesIn) -> ChangedOut:
    """Take addresses off a list."""
    return _change(request, wanted, remove=True)


def _change(request: HttpRequest, wanted: EntriesIn, *, remove: bool) -> ChangedOut:
    read = {text: read_entry(text) for text in wanted.entries}
    good = [each for each in read.values() if not isinstance(each, EntryProblem)]
    now = timezone.now()
    target = operations.own_list(ListKind(wanted.to), now=now)
    told = {"reason": wanted.reason, "actor": _actor(request), "source": "api", "now": now}
    if remove:
        changed = operations.remove_entries(good, of=target, **told)  # type: ignore[arg-type]
    else:
        changed = operations.add_entries(good, to=target, **told)  # type: ignore[arg-type]
    unreadable = [text for text, each in read.items() if isinstance(each, EntryProblem)]
    return ChangedOut(changed=changed, unreadable=unreadable)


def _actor(request: HttpRequest) -> str:
    key = getattr(request, "auth", None)
    return f"key:{key.pk}" if isinstance(key, ApiKey) else "api"
