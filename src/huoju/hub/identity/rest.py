"""The JSON API of One ID: whom a record is read as, merges and their undoing, the review queue."""

from datetime import datetime
from typing import Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema
from pydantic import ConfigDict

from huoju.core.access.gate import ApiKeyAuth
from huoju.core.access.models import ApiKey
from huoju.core.access.policy import ApiScope
from huoju.core.api import Id

from . import operations, queries
from .models import Merge, MergeProposal

router = Router(auth=ApiKeyAuth(ApiScope.PEOPLE_READ))
_WRITE = ApiKeyAuth(ApiScope.PEOPLE_WRITE)


class ProfileOut(Schema):
    """Whom a record is read as, and every record that is."""

    profile_id: int
    members: list[int] = Field(description="The profile's own record first")


class MergeIn(Schema):
    """Two records are one person."""

    model_config = ConfigDict(extra="forbid")

    person_id: Id
    into_id: Id = Field(description="The profile of this record is kept")
    reason: str = Field(default="", max_length=300)


class MergedOut(Schema):
    """The merge that was made; null where the two were one already by way of others."""

    merge_id: int | None
    profile_id: int


class UndoIn(Schema):
    """Why a merge is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="", max_length=300)


class UndoneOut(Schema):
    """`undone` is false where the merge had been taken back before."""

    undone: bool


class EvidenceOut(Schema):
    """What one field says; `weight` is the base-2 logarithm of the Bayes factor."""

    field: str
    left: str
    right: str
    level: str
    weight: float


class ProposalOut(Schema):
    """Two records that may be one person. `verified`: one input proved identifiers of both."""

    id: int
    left_id: int
    right_id: int
    score: float = Field(description="Probability, 0 to 1")
    method: str
    verified: bool
    proposed_at: datetime
    evidence: list[EvidenceOut]


class AnswerIn(Schema):
    """One person, two people, or later."""

    model_config = ConfigDict(extra="forbid")

    answer: Literal["same", "different", "later"]
    keep: Id | None = Field(
        default=None, description="The record whose profile is kept, by default the older one"
    )


class AnsweredOut(Schema):
    """The merge that the answer made, if any."""

    merge_id: int | None


class Page(Schema):
    """How many of the queue."""

    limit: int = Field(default=100, ge=1, le=1000)


def _actor(request: HttpRequest) -> str:
    key = getattr(request, "auth", None)
    return f"api_key:{key.pk}" if isinstance(key, ApiKey) else "api"


@router.get("/profiles/{person_id}", response=ProfileOut, summary="Whom a record is read as")
def get_profile(request: HttpRequest, person_id: Id) -> ProfileOut:
    """Old ids stay valid: a merged record answers with the profile it belongs to."""
    profile_id = queries.profiles_of([person_id])[person_id]
    if profile_id not in queries.get_persons([profile_id]):
        raise Http404
    return ProfileOut(profile_id=profile_id, members=queries.members_of([profile_id])[profile_id])


@router.post("", response=MergedOut, auth=_WRITE, summary="Merge two records")
def merge(request: HttpRequest, data: MergeIn) -> MergedOut:
    """Nothing is moved, and it can be undone. 409 with the reasons where something forbids it. Safe to repeat."""
    made = operations.merge(
        person_id=data.person_id,
        into_id=data.into_id,
        reason=data.reason,
        actor=_actor(request),
        now=timezone.now(),
    )
    return MergedOut(merge_id=made, profile_id=queries.profiles_of([data.into_id])[data.into_id])


@router.post("/{int:merge_id}/undo", response=UndoneOut, auth=_WRITE, summary="Undo a merge")
def undo(request: HttpRequest, merge_id: int, data: UndoIn) -> UndoneOut:
    """Both records are what they would have been without it."""
    try:
        undone = operations.unmerge(
            merge_id=merge_id, reason=data.reason, actor=_actor(request), now=timezone.now()
        )
    except Merge.DoesNotExist:
        raise Http404 from None
    return UndoneOut(undone=undone)


@router.get("/proposals", response=list[ProposalOut], summary="The review queue")
def list_proposals(request: HttpRequest, page: Query[Page]) -> list[ProposalOut]:
    """Pairs that wait for an answer, the most probable first."""
    return [
        ProposalOut(
            id=row.pk,
            left_id=row.left_id,
            right_id=row.right_id,
            score=row.score,
            method=row.method,
            verified=row.verified,
            proposed_at=row.proposed_at,
            evidence=[EvidenceOut(**each) for each in row.evidence],
        )
        for row in queries.list_queue(page.limit)
    ]


@router.post("/proposals/{int:proposal_id}", response=AnsweredOut, auth=_WRITE, summary="Answer a proposal")
def answer(request: HttpRequest, proposal_id: int, data: AnswerIn) -> AnsweredOut:
    """409 where somebody has answered meanwhile, or something forbids the merge."""
    now = timezone.now()
    try:
        if data.answer == "later":
            queries.get_proposal(proposal_id)
            operations.postpone(proposal_id=proposal_id, now=now)
            return AnsweredOut(merge_id=None)
        made = operations.decide(
            proposal_id=proposal_id,
            same=data.answer == "same",
            keep=data.keep,
            actor=_actor(request),
            now=now,
        )
    except MergeProposal.DoesNotExist:
        raise Http404 from None
    return AnsweredOut(merge_id=made)
