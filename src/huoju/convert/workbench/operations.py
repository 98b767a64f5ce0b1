"""A sales person's answers: accept, reject, log what was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huoju.core.access.models import User
from huoju.core.access.policy import Action, Role
from huoju.core.errors import UserError
from huoju.core.facts.operations import NewFact, append, append_one
from huoju.qualify.leads import operations as leads
from huoju.qualify.leads import queries as lead_queries
from huoju.qualify.leads.policy import REFUSAL_LABELS, Stage

from .facts import ActivityLogged, LeadAccepted, LeadRejected
from .models import Activity
from .policy import CONSEQUENCES, RejectReason

SOURCE = "workbench"
_TAKEN = _("Somebody else has this lead by now.")


def move(
    *, user: User, lead_id: int, to: Stage, now: datetime, at: datetime | None = None, reason: str = "",
    expect: Stage | None = None,
) -> None:  # fmt: skip
    """Take one lead of the user's a step further. Needs a transaction. Raises `UserError` when it may not go there."""
    step = leads.Move(lead_id=lead_id, to=to, at=at, reason=reason, expect=expect)
    actor = f"user:{user.pk}"
    (answer,) = leads.advance_batch([step], mover=Role(user.role), actor=actor, now=now, source=SOURCE)
    if isinstance(answer, leads.Refused):
        raise UserError(_(REFUSAL_LABELS[answer.reason]), code=answer.reason.value)


def _require(user: User) -> None:
    if not user.may(Action.SELL):
        raise UserError(_("Your role may not take this step."), code="not_allowed")


def accept(*, user: User, lead_id: int, now: datetime) -> None:
    """Take a lead into the user's own list: it becomes an SQL (销售认可线索).

    It must be the user's (a put-off one is taken up again so), or lie unassigned or in the public pool. Of two who pick
    the same lead at the same instant, one gets it and the other a `UserError`.
    """
    _require(user)
    lead = lead_queries.get_lead_for(user, lead_id)
    with transaction.atomic():
        owner_id, stage = leads.hold(lead_id)
        taken = owner_id not in (None, user.pk) and stage is not Stage.POOL
        if taken and user.role != Role.SALES_MANAGER:
            raise UserError(_TAKEN, code="taken")
        if owner_id != user.pk:
            claim = leads.Assignment(lead_id=lead_id, owner_id=user.pk, rule="accepted")
            leads.assign_batch([claim], actor=f"user:{user.pk}", now=now, source=SOURCE)
        move(user=user, lead_id=lead_id, to=Stage.SQL, now=now, expect=Stage(lead.stage))
        _say(LeadAccepted(lead_id=lead_id, owner_id=user.pk), person_id=lead.person_id, user=user, now=now)


def reject(*, user: User, lead_id: int, reason: RejectReason, note: str, now: datetime) -> None:
    """Give a lead back with a reason. What becomes of it follows from the reason (`policy.CONSEQUENCES`)."""
    _require(user)
    lead = lead_queries.get_lead_for(user, lead_id)
    with transaction.atomic():
        owner_id, stage = leads.hold(lead_id)
        if owner_id != user.pk and user.role == Role.SALES:
            raise UserError(_("Only the owner can give a lead back."), code="not_owner")
        if stage not in (Stage.MQL, Stage.SQL):
            raise UserError(
                _("Only a lead that waits for an answer, or an SQL, can be given back."), code="stage"
            )
        if owner_id is not None:
            back = leads.Assignment(lead_id=lead_id, owner_id=None, rule="rejected")
            leads.assign_batch([back], actor=f"user:{user.pk}", now=now, source=SOURCE)
        target = CONSEQUENCES[reason].stage
        if target is None and stage is Stage.SQL:
            target = Stage.POOL
        if target is not None:
            why = f"{reason.value}: {note}" if note else reason.value
            move(user=user, lead_id=lead_id, to=target, now=now, reason=why[:200])
        rejected = LeadRejected(lead_id=lead_id, owner_id=user.pk, reason=reason.value, note=note)
        _say(rejected, person_id=lead.person_id, user=user, now=now)


def log_activity(
    *, user: User, lead_id: int, kind: str, text: str, at: datetime, now: datetime, outcome: str = "",
    next_at: datetime | None = None,
) -> Activity:  # fmt: skip
    """Record a call, visit, message or note; `next_at` puts the next contact on the user's list.

    Raises `UserError` for a time in the future, a next contact that is not after it, or an empty note.
    """
    lead = lead_queries.get_lead_for(user, lead_id)
    if not (user.may(Action.SELL) or user.may(Action.EDIT_LEADS)):
        raise UserError(_("Your role may not take this step."), code="not_allowed")
    if at > now:
        raise UserError(
            _("What has not happened yet cannot be logged; use the next contact instead."), code="future"
        )
    if next_at is not None and next_at <= at:
        raise UserError(_("The next contact must come after this one."), code="next")
    if kind == Activity.Kind.NOTE and not text.strip():
        raise UserError(_("Please write something."), code="empty")
    with transaction.atomic():
        activity = Activity.objects.create(
            lead_id=lead_id, kind=kind, outcome=outcome, text=text.strip(), at=at, next_at=next_at, by=user
        )
        logged = ActivityLogged(
            lead_id=lead_id,
            activity_id=activity.pk,
            kind=kind,
            outcome=outcome,
            text=activity.text,
            next_at=next_at,
        )
        _say(logged, person_id=lead.person_id, user=user, now=now, at=at)
    return activity


@dataclass(frozen=True, slots=True, kw_only=True)
class PastActivity:
    """An activity that another system recorded. `person_id` is that of the lead."""

    lead_id: int
    person_id: int
    kind: str
    at: datetime
    by_id: int
    outcome: str = ""
    text: str = ""
    next_at: datetime | None = None


@transaction.atomic
def record_past_batch(activities: Sequence[PastActivity], *, actor: str, now: datetime) -> list[int]:
    """Record activities of the past, with their facts; returns their ids in order."""
    rows = Activity.objects.bulk_create(
        Activity(
            lead_id=past.lead_id,
            kind=past.kind,
            outcome=past.outcome,
            text=past.text,
            at=past.at,
            by_id=past.by_id,
            next_at=past.next_at,
        )
        for past in activities
    )
    facts = [
        NewFact(
            payload=ActivityLogged(
                lead_id=past.lead_id,
                activity_id=row.pk,
                kind=past.kind,
                outcome=past.outcome,
                text=past.text,
                next_at=past.next_at,
            ),
            occurred_at=past.at,
            person_id=past.person_id,
        )
        for past, row in zip(activities, rows, strict=True)
    ]
    append(facts, actor=actor, source=SOURCE, now=now)
    return [row.pk for row in rows]


def _say(payload: object, *, person_id: int, user: User, now: datetime, at: datetime | None = None) -> None:
    fact = NewFact(payload=payload, occurred_at=at or now, person_id=person_id)
    append_one(fact, actor=f"user:{user.pk}", source=SOURCE, now=now)
