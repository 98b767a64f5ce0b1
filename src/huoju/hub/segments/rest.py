"""Segments for programs."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from huoju.core.access.gate import ApiKeyAuth
from huoju.core.access.policy import ApiScope
from huoju.core.api import FieldProblem, Refused

from . import engines, operations, queries
from .asking import company_zone
from .models import Segment
from .policy.definition import schema
from .policy.formula import normalise
from .policy.parsing import DefinitionError

router = Router(auth=ApiKeyAuth(ApiScope.SEGMENTS))
MAX_PAGE = 10_000


class SegmentIn(Schema):
    """A segment to be made or changed. What is left out of a change stays."""

    name: str | None = None
    description: str | None = None
    definition: dict[str, Any] | None = Field(None, description="See `/segments/schema`.")


class SegmentOut(Schema):
    """A segment. `state` is building, live or broken."""

    id: int
    name: str
    description: str
    version: int
    state: str
    archived: bool
    people: int
    definition: dict[str, Any]


class DefinitionIn(Schema):
    """A definition."""

    definition: dict[str, Any]


class PreviewOut(Schema):
    """How many people a definition holds of, and the ids of some of them. Where people are very many the count may be
    estimated."""

    count: int
    estimated: bool
    sample: list[int]


class MemberOut(Schema):
    """A stay in a segment."""

    person_id: int
    entered_at: datetime
    left_at: datetime | None


class MembersOut(Schema):
    """A page of members; `next` is the `after` of the next page, null on the last."""

    members: list[MemberOut]
    next: int | None


def _out(segment: Segment) -> SegmentOut:
    return SegmentOut(
        id=segment.pk, name=segment.name, description=segment.description, version=segment.version,
        state=segment.state, archived=segment.archived, people=queries.count_members([segment.pk])[segment.pk],
        definition=queries.get_definition(segment),
    )  # fmt: skip


def _refused(error: DefinitionError) -> Refused:
    """Fields are places in the definition: conditions counted from 1, outermost first ("2.1")."""
    fields = [
        FieldProblem(field=fault["place"], message=fault["message"], code="definition")
        for fault in operations.describe_faults(error.faults)
    ]
    return Refused(422, "invalid", _("This definition cannot be used."), fields)


@router.get(
    "/segments/schema", auth=None, url_name="segment_schema", summary="The JSON Schema of definitions"
)
def get_schema(request: HttpRequest) -> dict[str, Any]:
    """What a definition may hold. Everybody may read it: of campaigns, users and the like it gives no numbers."""
    known = queries.vocabulary(choices=True)
    return schema(
        {code: None if trait.whole else trait.choices for code, trait in known.traits.items()},
        {
            kind: {name: None if name in fact.whole else fact.choices.get(name) for name in fact.fields}
            for kind, fact in known.facts.items()
        },
    )


@router.get("/segments", response=list[SegmentOut], summary="Segments")
def list_segments(request: HttpRequest) -> list[SegmentOut]:
    """All that are not archived."""
    return [_out(segment) for segment in queries.list_segments()]


@router.post("/segments", response={201: SegmentOut}, summary="Make a segment")
def create_segment(request: HttpRequest, body: SegmentIn) -> Status[SegmentOut]:
    """It is built at once, in the background."""
    try:
        made = operations.create_segment(
            name=body.name or "", description=body.description or "", definition=body.definition or {},
            user_id=None, now=timezone.now(),
        )  # fmt: skip
    except DefinitionError as error:
        raise _refused(error) from None
    return Status(201, _out(made))


@router.post("/segments/count", response=PreviewOut, summary="Count without saving")
def count(request: HttpRequest, body: DefinitionIn) -> PreviewOut:
    """How many a definition holds of, and ten of them."""
    try:
        definition = operations.check_definition(body.definition)
    except DefinitionError as error:
        raise _refused(error) from None
    formula = normalise(definition, queries.vocabulary(), company_zone())
    found = engines.preview(formula, now=timezone.now())
    return PreviewOut(count=found.count, estimated=found.drawn is not None, sample=list(found.sample))


@router.get("/segments/{pk}", response=SegmentOut, summary="A segment")
def get_segment(request: HttpRequest, pk: int) -> SegmentOut:
    """With its definition and how many are in."""
    return _out(get_object_or_404(Segment, pk=pk))


@router.patch("/segments/{pk}", response=SegmentOut, summary="Change a segment")
def update_segment(request: HttpRequest, pk: int, body: SegmentIn) -> SegmentOut:
    """Another definition is a new version, built in the background."""
    get_object_or_404(Segment, pk=pk)
    try:
        changed = operations.update_segment(
            segment_id=pk, name=body.name, description=body.description, definition=body.definition,
            user_id=None, now=timezone.now(),
        )  # fmt: skip
    except DefinitionError as error:
        raise _refused(error) from None
    return _out(changed)


@router.delete("/segments/{pk}", response={204: None}, summary="Delete a segment")
def delete_segment(request: HttpRequest, pk: int) -> Status[None]:
    """With its history. 409 while other segments are built on it."""
    get_object_or_404(Segment, pk=pk)
    operations.delete_segment(segment_id=pk)
    return Status(204, None)


@router.get("/segments/{pk}/members", response=MembersOut, summary="Who is in, or was")
def members(
    request: HttpRequest,
    pk: int,
    at: datetime | None = None,
    after: int = 0,
    limit: int = 1000,
) -> MembersOut:
    """Members by id. `at`: those who were in at that moment (with a time zone)."""
    segment = get_object_or_404(Segment, pk=pk)
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=company_zone())
    size = max(1, min(limit, MAX_PAGE))
    rows = list(
        queries.list_members(segment, at=at).filter(profile_id__gt=after).order_by("profile_id")[:size]
    )
    found = [
        MemberOut(person_id=row.profile_id, entered_at=row.entered_at, left_at=row.left_at) for row in rows
    ]
    return MembersOut(members=found, next=rows[-1].profile_id if len(rows) == size else None)
