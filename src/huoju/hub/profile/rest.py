"""The JSON API of people: profiles with traits, tags and timeline; fields and tags set by programs."""

from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from pydantic import AwareDatetime, ConfigDict

from huoju.core.access.gate import ApiKeyAuth
from huoju.core.access.policy import ApiScope
from huoju.core.api import Id
from huoju.core.facts.queries import list_facts_of_persons
from huoju.hub.identity.queries import get_persons, list_visitors, members_of, profiles_of

from . import operations, queries, timeline
from .forms import normal_email, normal_mobile
from .policy import Field as Golden
from .registry import all_sources

MANY = 1000
"""People who are tagged in one request."""

router = Router(auth=ApiKeyAuth(ApiScope.PEOPLE_READ))
_WRITE = ApiKeyAuth(ApiScope.PEOPLE_WRITE)


class ValueOut(Schema):
    """A golden field: what is shown, where it is from, and why it is this value."""

    value: str
    source: str
    at: datetime
    verified: bool
    why: str


class TagOut(Schema):
    """A tag that the person has now."""

    id: int
    name: str
    source: str
    at: datetime
    expires_at: datetime | None


class PersonOut(Schema):
    """A human being. `members` are the records that are read as this one; an id of a member answers the same."""

    id: int
    members: list[int]
    company_id: int | None
    created_at: datetime
    fields: dict[str, ValueOut]
    traits: dict[str, Any]
    tags: list[TagOut]


class FactOut(Schema):
    """Something that happened."""

    id: str
    kind: str
    at: datetime
    actor: str
    person_id: int | None
    payload: dict[str, Any]


class TimelineOut(Schema):
    """A page of a timeline, newest first. `next` is the `before` of the following page, empty at the end."""

    facts: list[FactOut]
    next: str


class FieldsIn(Schema):
    """Fields to be set as if by hand: empty means that there is none, absent leaves a field as it is."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"title": "CTO", "mobile": "13827196054"}}
    )

    name: Annotated[str, Field(max_length=120)] | None = None
    title: Annotated[str, Field(max_length=120)] | None = None
    mobile: Annotated[str, Field(max_length=40)] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    region: Annotated[str, Field(max_length=12)] | None = None
    country: Annotated[str, Field(max_length=2)] | None = None
    language: Annotated[str, Field(max_length=10)] | None = None


class TaggingIn(Schema):
    """Many people and one tag, by its name."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"people": [17, 23], "tag": "VIP"}}
    )

    people: Annotated[list[Id], Field(max_length=MANY)]
    tag: str
    expires_at: AwareDatetime | None = None


class TaggedOut(Schema):
    """How many people the request changed."""

    changed: int


def _profile_id(person_id: int) -> int:
    if not get_persons([person_id]):
        raise Http404
    return profiles_of([person_id])[person_id]


@router.get("/{int:person_id}", response=PersonOut, summary="A person's profile")
def read_person(request: HttpRequest, person_id: int) -> dict[str, Any]:
    """Golden fields with their sources, every trait, and the tags of now."""
    profile_id = _profile_id(person_id)
    members = members_of([profile_id])
    own = get_persons([profile_id])[profile_id]
    if len(members[profile_id]) > 1:
        queries.show_origin([own])
    codes = [trait.code for source in all_sources() for trait in source.traits]
    fields = {
        name.value: {
            **known.golden.chosen._asdict(),
            "why": known.golden.why.value,
        }
        for name, known in queries.golden_of(members)[profile_id].items()
        if known.golden is not None
    }
    return {
        "id": profile_id,
        "members": members[profile_id],
        "company_id": own.company_id,
        "created_at": own.created_at,
        "fields": fields,
        "traits": queries.traits_of([profile_id], codes)[profile_id],
        "tags": [
            {**tag._asdict(), "id": tag.tag_id}
            for tag in queries.tags_of(members, now=timezone.now())[profile_id]
        ],
    }


@router.get("/{int:person_id}/timeline", response=TimelineOut, summary="What happened")
def read_timeline(
    request: HttpRequest,
    person_id: int,
    before: str = "",
    kind: str = "",
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Every fact of the person and of all who are merged with them, newest first."""
    members = members_of([_profile_id(person_id)])
    ids = [each for found in members.values() for each in found]
    try:
        cursor = timeline.read_cursor(before)
    except ValueError:
        raise ValidationError({"before": _("This is no position in a timeline.")}) from None
    facts = list_facts_of_persons(
        ids, visitor_ids=list_visitors(ids), kinds=[kind] if kind else [], before=cursor, limit=limit + 1
    )
    last = facts[limit - 1] if len(facts) > limit else None
    return {
        "facts": [
            {
                "id": str(fact.id),
                "kind": fact.kind,
                "at": fact.occurred_at,
                "actor": fact.actor,
                "person_id": fact.person_id,
                "payload": fact.payload,
            }
            for fact in facts[:limit]
        ],
        "next": f"{last.occurred_at.isoformat()}|{last.id}" if last else "",
    }


@router.patch("/{int:person_id}", response=PersonOut, auth=_WRITE, summary="Set fields")
def set_fields(request: HttpRequest, person_id: int, fields: FieldsIn) -> dict[str, Any]:
    """Set golden fields as if by hand; answers the profile."""
    profile_id = _profile_id(person_id)
    given = {name: value.strip() for name, value in fields.dict(exclude_none=True).items()}
    for name, normal in (("mobile", normal_mobile), ("email", normal_email)):
        if name in given:
            try:
                given[name] = normal(given[name])
            except ValidationError as error:
                raise ValidationError({name: error.messages}) from None
    operations.set_fields(
        person_id=profile_id,
        values={Golden(name): value for name, value in given.items()},
        actor="api",
        now=timezone.now(),
    )
    return read_person(request, profile_id)


@router.post("/tag", response=TaggedOut, auth=_WRITE, summary="Tag people")
def tag_people(request: HttpRequest, tagging: TaggingIn) -> dict[str, int]:
    """Give people a tag; who has it already is left as they are."""
    added = operations.tag_batch(
        tagging.people,
        tag_id=_tag_id(tagging.tag),
        source="api",
        actor="api",
        now=timezone.now(),
        expires_at=tagging.expires_at,
    )
    return {"changed": len(added)}


@router.post("/untag", response=TaggedOut, auth=_WRITE, summary="Take a tag from people")
def untag_people(request: HttpRequest, tagging: TaggingIn) -> dict[str, int]:
    """Take a tag away, from whoever is merged with them too."""
    gone = operations.untag_batch(
        tagging.people, tag_id=_tag_id(tagging.tag), source="api", actor="api", now=timezone.now()
    )
    return {"changed": len(gone)}


def _tag_id(name: str) -> int:
    found = queries.find_tags([name]).get(name)
    if found is None:
        raise ValidationError({"tag": _("There is no tag of this name.")})
    return found
