"""Deals and payments that a file brings in, in batches; and taking them back.

The leads themselves, their stages and their owners come in through `qualify.leads`; here is only what hangs on a deal.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from huoju.core.facts.operations import NewFact, append
from huoju.qualify.leads import queries as lead_queries

from ..facts import OpportunityLost, OpportunityOpened, OpportunityWon, PaymentRecorded, PaymentWithdrawn
from ..models import Opportunity, Payment, Poc

SOURCE = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A deal of a lead as an old system knew it. Neither `won_at` nor `lost_at`: still open.

    `external_id` ("system:id") is what later files (payments) find it by.
    """

    lead_id: int
    person_id: int
    company_id: int | None
    name: str
    owner_id: int | None
    opened_at: datetime
    poc_at: datetime | None = None
    won_at: datetime | None = None
    lost_at: datetime | None = None
    lost_reason: str = ""
    competitor: str = ""
    amount: Decimal | None = None
    currency: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an outcome. `undo` is what `undo_outcomes_batch` needs, as JSON; empty if nothing changed."""

    opportunity_id: int
    created: bool
    undo: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """A payment on the deal known as `deal_external_id`; `external_id` makes it count once."""

    deal_external_id: str
    external_id: str
    amount: Decimal
    currency: str
    paid_at: datetime
    note: str = ""


@transaction.atomic
def record_outcomes_batch(
    outcomes: Sequence[Outcome], *, import_id: int, actor: str, now: datetime
) -> list[Recorded]:
    """Make or update one opportunity a lead, in the order of `outcomes`.

    A deal that is there already takes the file's outcome, amount and external id; its facts are appended only when
    something changed.
    """
    leads = [outcome.lead_id for outcome in outcomes]
    there_by_lead = Opportunity.objects.select_for_update().filter(lead_id__in=leads).order_by("lead_id")
    known = {each.lead_id: each for each in there_by_lead}
    there = set(known)
    fresh: list[Opportunity] = []
    changed: dict[int, dict[str, Any]] = {}
    for outcome in outcomes:
        row = known.get(outcome.lead_id)
        if row is None:
            row = Opportunity(lead_id=outcome.lead_id, opened_at=outcome.opened_at, import_id=import_id)
            known[outcome.lead_id] = row
            fresh.append(row)
            _apply(outcome, row)
        elif (before := _apply(outcome, row)) is not None and outcome.lead_id in there:
            changed.setdefault(row.pk, before)
    Opportunity.objects.bulk_create(fresh)
    Opportunity.objects.bulk_update(
        [row for row in known.values() if row.pk in changed], _FIELDS, batch_size=2000
    )
    new = {row.pk for row in fresh}
    _add_trials(outcomes, known, new)
    facts: list[NewFact] = []
    said: set[int] = set()
    answers = []
    for outcome in outcomes:
        row = known[outcome.lead_id]
        created = row.pk in new and row.pk not in said
        undo: dict[str, Any] = {"deal": row.pk, "created": True} if created else {}
        if row.pk in changed and row.pk not in said:
            undo = {"deal": row.pk, "created": False, "before": changed[row.pk]}
        if undo:
            facts.extend(_facts_of(outcome, row, opened=created))
        said.add(row.pk)
        answers.append(Recorded(row.pk, created, undo))
    append(facts, actor=actor, source=SOURCE, now=now)
    return answers


_FIELDS = (
    *("company_id", "name", "owner_id", "state", "amount", "currency"),
    *("won_at", "lost_at", "lost_reason", "competitor", "external_id"),
)


def _apply(outcome: Outcome, row: Opportunity) -> dict[str, Any] | None:
    """Write the outcome onto the row; what the row said before, as JSON values, or None if nothing changed."""
    before = {name: getattr(row, name) for name in _FIELDS}
    row.company_id = outcome.company_id or row.company_id
    row.name = row.name or outcome.name
    row.owner_id = outcome.owner_id or row.owner_id
    row.won_at = outcome.won_at or row.won_at
    row.lost_at = None if row.won_at else outcome.lost_at or row.lost_at
    closed = Opportunity.State.LOST if row.lost_at else Opportunity.State.OPEN
    row.state = Opportunity.State.WON if row.won_at else closed
    row.lost_reason = outcome.lost_reason or row.lost_reason
    row.competitor = outcome.competitor or row.competitor
    row.amount = outcome.amount if outcome.amount is not None else row.amount
    row.currency = outcome.currency
    row.external_id = outcome.external_id or row.external_id
    if before == {name: getattr(row, name) for name in _FIELDS}:
        return None
    plain = (datetime, Decimal)
    return {name: str(value) if isinstance(value, plain) else value for name, value in before.items()}


def _add_trials(outcomes: Sequence[Outcome], known: Mapping[int, Opportunity], new: set[int]) -> None:
    """The trials of new deals; one whose deal is closed ended with it."""
    trials = []
    for outcome in outcomes:
        row = known[outcome.lead_id]
        if outcome.poc_at is None or row.pk not in new:
            continue
        passed = Poc.Result.PASSED if row.won_at else Poc.Result.FAILED
        ended = row.won_at or row.lost_at
        trial = Poc(
            opportunity=row, started_at=outcome.poc_at, ended_at=ended, result=passed if ended else ""
        )
        if trial.result == Poc.Result.FAILED:
            trial.failure_reason = row.lost_reason
        trials.append(trial)
        new = new - {row.pk}
    Poc.objects.bulk_create(trials)


@transaction.atomic
def undo_outcomes_batch(undos: Sequence[Mapping[str, Any]]) -> None:
    """Remove the opportunities that an import made and put back what it changed, from `Recorded.undo`.

    Their leads are withdrawn or restored in the same transaction, and those facts tell of it. Raises `ProtectedError`
    for a deal with payments: the import of the payments must be rolled back first.
    """
    Opportunity.objects.filter(pk__in=[undo["deal"] for undo in undos if undo.get("created")]).delete()
    before = {undo["deal"]: undo["before"] for undo in undos if undo.get("before")}
    rows = list(Opportunity.objects.select_for_update().filter(pk__in=before).order_by("lead_id"))
    for row in rows:
        for name, value in before[row.pk].items():
            setattr(row, name, _READ[name](value) if value is not None and name in _READ else value)
    Opportunity.objects.bulk_update(rows, _FIELDS, batch_size=2000)


_READ: dict[str, Callable[[str], Any]] = {
    "amount": Decimal,
    "won_at": datetime.fromisoformat,
    "lost_at": datetime.fromisoformat,
}


def _facts_of(outcome: Outcome, row: Opportunity, *, opened: bool) -> list[NewFact]:
    about = {"lead_id": row.lead_id, "opportunity_id": row.pk}
    said: list[tuple[object, datetime]] = []
    if opened:
        payload = OpportunityOpened(**about, name=row.name, amount=row.amount, currency=row.currency)
        said.append((payload, outcome.opened_at))
    if row.won_at:
        said.append((OpportunityWon(**about, amount=row.amount, currency=row.currency), row.won_at))
    elif row.lost_at:
        said.append(
            (OpportunityLost(**about, reason=row.lost_reason, competitor=row.competitor), row.lost_at)
        )
    return [
        NewFact(payload=payload, occurred_at=at, person_id=outcome.person_id, company_id=outcome.company_id)
        for payload, at in said
    ]


@transaction.atomic
def record_payments_batch(
    payments: Sequence[NewPayment], *, import_id: int, actor: str, now: datetime
) -> list[int | None]:
    """Record payments on deals found by their external ids; returns each payment's id, None where no such won deal is.

    A payment that is there already (same external id) is left as it is and its id returned.
    """
    wanted = {payment.deal_external_id for payment in payments}
    deals = {
        deal.external_id: deal
        for deal in Opportunity.objects.filter(external_id__in=wanted, state=Opportunity.State.WON)
    }
    rows = {
        payment.external_id: Payment(
            opportunity=deals[payment.deal_external_id],
            company_id=deals[payment.deal_external_id].company_id,
            amount=payment.amount,
            currency=payment.currency,
            paid_at=payment.paid_at,
            note=payment.note,
            external_id=payment.external_id,
            import_id=import_id,
        )
        for payment in sorted(payments, key=lambda each: each.external_id)
        if payment.deal_external_id in deals
    }
    there = set(Payment.objects.filter(external_id__in=rows).values_list("external_id", flat=True))
    Payment.objects.bulk_create([row for key, row in rows.items() if key not in there], ignore_conflicts=True)
    stored = {row.external_id: row for row in Payment.objects.filter(external_id__in=rows)}
    persons = lead_queries.list_person_ids([deal.lead_id for deal in deals.values()])
    facts = []
    for key, row in rows.items():
        if key in there or stored[key].import_id != import_id:
            continue
        deal = row.opportunity
        recorded = PaymentRecorded(
            lead_id=deal.lead_id, opportunity_id=deal.pk, payment_id=stored[key].pk, amount=row.amount,
            currency=row.currency,
        )  # fmt: skip
        facts.append(
            NewFact(
                payload=recorded,
                occurred_at=row.paid_at,
                person_id=persons[deal.lead_id],
                company_id=deal.company_id,
                dedup_key=f"payment:{stored[key].pk}",
            )
        )
    append(facts, actor=actor, source=SOURCE, now=now)
    return [stored[payment.external_id].pk if payment.external_id in stored else None for payment in payments]


def find_payments(external_ids: Sequence[str]) -> set[str]:
    """Those of the external ids that are recorded already."""
    found = Payment.objects.filter(external_id__in=external_ids).values_list("external_id", flat=True)
    return {id_ for id_ in found if id_ is not None}


def find_won_deals(external_ids: Collection[str]) -> set[str]:
    """Those of the external ids that are won deals."""
    won = Opportunity.objects.filter(external_id__in=external_ids, state=Opportunity.State.WON)
    return {id_ for id_ in won.values_list("external_id", flat=True) if id_ is not None}


@transaction.atomic
def withdraw_imported_payments(
    *, payment_ids: Sequence[int], import_id: int, actor: str, now: datetime
) -> None:
    """Take back payments that an import recorded; those that are gone by now are passed over."""
    payments = list(
        Payment.objects.select_for_update(of=("self",))
        .select_related("opportunity")
        .filter(pk__in=payment_ids, import_id=import_id)
        .order_by("pk")
    )
    persons = lead_queries.list_person_ids([payment.opportunity.lead_id for payment in payments])
    facts = [
        NewFact(
            payload=PaymentWithdrawn(
                lead_id=payment.opportunity.lead_id,
                opportunity_id=payment.opportunity_id,
                payment_id=payment.pk,
                amount=payment.amount,
                currency=payment.currency,
                reason="import_rolled_back",
            ),
            occurred_at=now,
            person_id=persons[payment.opportunity.lead_id],
            company_id=payment.company_id,
        )
        for payment in payments
    ]
    append(facts, actor=actor, source=SOURCE, now=now)
    Payment.objects.filter(pk__in=[payment.pk for payment in payments]).delete()
