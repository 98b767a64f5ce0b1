"""From opportunity to collected money. Every step moves the lead as well, in the same transaction.

Locks, always in this order, as imports have it: the lead, its opportunity, a payment.
"""

from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huoju.convert.workbench.operations import move
from huoju.core.access.models import User
from huoju.core.access.policy import Action
from huoju.core.errors import UserError
from huoju.core.facts.operations import NewFact, append_one
from huoju.qualify.leads import operations as leads
from huoju.qualify.leads import queries as lead_queries
from huoju.qualify.leads.policy import Stage

from ..facts import (
    OpportunityLost,
    OpportunityOpened,
    OpportunityWon,
    PaymentRecorded,
    PaymentWithdrawn,
    PocEnded,
    PocStarted,
)
from ..models import Opportunity, Payment, Poc
from ..policy import LostReason

SOURCE = "deals"


def _locked(user: User, opportunity_id: int, *states: str) -> tuple[Opportunity, int]:
    """The opportunity, locked, and its person, if the user may see its lead and it is in one of `states`.

    Raises `UserError`; `Opportunity.DoesNotExist` or `Lead.DoesNotExist` for what the user may not see.
    """
    if not user.may(Action.SELL):
        raise UserError(_("Your role may not take this step."), code="not_allowed")
    lead_id = Opportunity.objects.values_list("lead_id", flat=True).get(pk=opportunity_id)
    lead = lead_queries.get_lead_for(user, lead_id)
    leads.hold(lead_id)
    opportunity = Opportunity.objects.select_for_update().get(pk=opportunity_id)
    if opportunity.state not in states:
        raise UserError(_("This opportunity is closed, or not yet won."), code="state")
    return opportunity, lead.person_id


def _say(
    payload: object, *, person_id: int, opportunity: Opportunity, user: User, at: datetime, now: datetime
) -> None:
    fact = NewFact(payload=payload, occurred_at=at, person_id=person_id, company_id=opportunity.company_id)
    append_one(fact, actor=f"user:{user.pk}", source=SOURCE, now=now)


def _not_future(at: datetime, now: datetime) -> None:
    if at > now:
        raise UserError(_("This date lies in the future."), code="future")


@transaction.atomic
def open_opportunity(
    *, user: User, lead_id: int, name: str, amount: Decimal | None, expected_on: date | None, now: datetime,
    currency: str | None = None, reason: str = "",
) -> Opportunity:  # fmt: skip
    """Budget, need, buying process or tender became known: the SQL becomes an opportunity (商机).

    A lost sale is opened again with a `reason`; a trial that ran when it was put off ends as failed.
    """
    if not user.may(Action.SELL):
        raise UserError(_("Your role may not take this step."), code="not_allowed")
    lead = lead_queries.get_lead_for(user, lead_id)
    if amount is not None and amount < 0:
        raise UserError(_("An amount cannot be negative."), code="amount")
    move(user=user, lead_id=lead_id, to=Stage.OPPORTUNITY, now=now, reason=reason)
    currency = currency or settings.CURRENCY
    opportunity, created = Opportunity.objects.get_or_create(
        lead_id=lead_id,
        defaults={
            "company_id": lead.company_id, "name": name, "owner_id": lead.owner_id or user.pk, "amount": amount,
            "currency": currency, "expected_on": expected_on, "opened_at": now,
        },
    )  # fmt: skip
    if not created:  # it was lost or put off once; the same opportunity goes on
        opportunity.state, opportunity.lost_at = Opportunity.State.OPEN, None
        opportunity.lost_reason = opportunity.competitor = ""
        opportunity.name, opportunity.amount, opportunity.expected_on = name, amount, expected_on
        opportunity.save()
        if (left := Poc.objects.filter(opportunity=opportunity, ended_at=None).first()) is not None:
            left.ended_at, left.result = now, Poc.Result.FAILED
            left.save()
            _say_ended(left, person_id=lead.person_id, opportunity=opportunity, user=user, now=now)
    opened = OpportunityOpened(
        lead_id=lead_id, opportunity_id=opportunity.pk, name=name, amount=amount, currency=currency
    )
    _say(opened, person_id=lead.person_id, opportunity=opportunity, user=user, at=now, now=now)
    return opportunity


@transaction.atomic
def start_poc(*, user: User, opportunity_id: int, criteria: str, due_on: date | None, now: datetime) -> Poc:
    """The product goes on trial at the customer, with what would make the trial a success."""
    opportunity, person_id = _locked(user, opportunity_id, Opportunity.State.OPEN)
    if not criteria.strip():
        raise UserError(_("Please write down what makes the trial a success."), code="criteria")
    move(user=user, lead_id=opportunity.lead_id, to=Stage.POC, now=now)
    poc = Poc.objects.create(
        opportunity=opportunity, criteria=criteria.strip(), started_at=now, due_on=due_on
    )
    started = PocStarted(lead_id=opportunity.lead_id, opportunity_id=opportunity.pk, poc_id=poc.pk)
    _say(started, person_id=person_id, opportunity=opportunity, user=user, at=now, now=now)
    return poc


@transaction.atomic
def end_poc(*, user: User, opportunity_id: int, passed: bool, failure_reason: str, now: datetime) -> Poc:
    """The trial ended. A failed one needs a reason and takes the lead back to opportunity."""
    opportunity, person_id = _locked(user, opportunity_id, Opportunity.State.OPEN)
    poc = Poc.objects.filter(opportunity=opportunity, ended_at=None).first()
    if poc is None:
        raise UserError(_("No trial is running."), code="no_poc")
    if not passed and not failure_reason.strip():
        raise UserError(_("Please give a reason."), code="needs_reason")
    poc.ended_at = now
    poc.result = Poc.Result.PASSED if passed else Poc.Result.FAILED
    poc.failure_reason = "" if passed else failure_reason.strip()[:200]
    poc.save()
    if not passed:
        move(user=user, lead_id=opportunity.lead_id, to=Stage.OPPORTUNITY, now=now, reason=poc.failure_reason)
    _say_ended(poc, person_id=person_id, opportunity=opportunity, user=user, now=now)
    return poc


def _say_ended(poc: Poc, *, person_id: int, opportunity: Opportunity, user: User, now: datetime) -> None:
    ended = PocEnded(
        lead_id=opportunity.lead_id, opportunity_id=opportunity.pk, poc_id=poc.pk, result=poc.result,
        failure_reason=poc.failure_reason,
    )  # fmt: skip
    _say(ended, person_id=person_id, opportunity=opportunity, user=user, at=now, now=now)


@transaction.atomic
def win(*, user: User, opportunity_id: int, amount: Decimal, won_at: datetime, now: datetime) -> Opportunity:
    """The contract is signed (签单) over `amount` at `won_at`. A trial that still runs counts as passed."""
    opportunity, person_id = _locked(user, opportunity_id, Opportunity.State.OPEN)
    _not_future(won_at, now)
    if amount <= 0:
        raise UserError(_("Please give the amount of the contract."), code="amount")
    Poc.objects.filter(opportunity=opportunity, ended_at=None).update(ended_at=now, result=Poc.Result.PASSED)
    opportunity.state, opportunity.won_at, opportunity.amount = Opportunity.State.WON, won_at, amount
    opportunity.save()
    move(user=user, lead_id=opportunity.lead_id, to=Stage.WON, at=won_at, now=now)
    won = OpportunityWon(
        lead_id=opportunity.lead_id,
        opportunity_id=opportunity.pk,
        amount=amount,
        currency=opportunity.currency,
    )
    _say(won, person_id=person_id, opportunity=opportunity, user=user, at=won_at, now=now)
    return opportunity


@transaction.atomic
def lose(
    *, user: User, opportunity_id: int, reason: LostReason, competitor: str, now: datetime, note: str = ""
) -> Opportunity:
    """The sale is lost (输单), for a reason and perhaps to a competitor."""
    opportunity, person_id = _locked(user, opportunity_id, Opportunity.State.OPEN)
    if reason is LostReason.COMPETITOR and not competitor.strip():
        raise UserError(_("Please name the competitor."), code="competitor")
    Poc.objects.filter(opportunity=opportunity, ended_at=None).update(
        ended_at=now, result=Poc.Result.FAILED, failure_reason=note[:200]
    )
    opportunity.state, opportunity.lost_at = Opportunity.State.LOST, now
    opportunity.lost_reason, opportunity.competitor = reason.value, competitor.strip()[:120]
    opportunity.save()
    why = f"{reason.value}: {note}" if note else reason.value
    move(user=user, lead_id=opportunity.lead_id, to=Stage.LOST, now=now, reason=why[:200])
    lost = OpportunityLost(
        lead_id=opportunity.lead_id,
        opportunity_id=opportunity.pk,
        reason=reason.value,
        competitor=competitor.strip(),
    )
    _say(lost, person_id=person_id, opportunity=opportunity, user=user, at=now, now=now)
    return opportunity


@transaction.atomic
def record_payment(
    *, user: User, opportunity_id: int, amount: Decimal, paid_at: datetime, note: str, now: datetime
) -> Payment:
    """Money came in (回款) on a won opportunity."""
    opportunity, person_id = _locked(user, opportunity_id, Opportunity.State.WON)
    _not_future(paid_at, now)
    if amount <= 0:
        raise UserError(
            _(
                "A payment must be more than nothing. Money paid back: take the payment back and record what stayed."
            ),
            code="amount",
        )
    payment = Payment.objects.create(
        opportunity=opportunity, company_id=opportunity.company_id, amount=amount, currency=opportunity.currency,
        paid_at=paid_at, note=note.strip(), recorded_by=user,
    )  # fmt: skip
    recorded = PaymentRecorded(
        lead_id=opportunity.lead_id, opportunity_id=opportunity.pk, payment_id=payment.pk, amount=amount,
        currency=payment.currency,
    )  # fmt: skip
    _say(recorded, person_id=person_id, opportunity=opportunity, user=user, at=paid_at, now=now)
    return payment


@transaction.atomic
def withdraw_payment(*, user: User, payment_id: int, reason: str, now: datetime) -> None:
    """Take back a payment that was entered by mistake; the log keeps both facts."""
    opportunity_id = Payment.objects.values_list("opportunity_id", flat=True).get(pk=payment_id)
    _opportunity, person_id = _locked(user, opportunity_id, Opportunity.State.WON)
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    if not reason.strip():
        raise UserError(_("Please give a reason."), code="needs_reason")
    withdrawn = _withdrawn(payment, reason)
    fact = NewFact(payload=withdrawn, occurred_at=now, person_id=person_id, company_id=payment.company_id)
    append_one(fact, actor=f"user:{user.pk}", source=SOURCE, now=now)
    payment.delete()


def _withdrawn(payment: Payment, reason: str) -> PaymentWithdrawn:
    return PaymentWithdrawn(
        lead_id=payment.opportunity.lead_id, opportunity_id=payment.opportunity_id, payment_id=payment.pk,
        amount=payment.amount, currency=payment.currency, reason=reason,
    )  # fmt: skip
