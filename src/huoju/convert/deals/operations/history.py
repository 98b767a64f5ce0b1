"""Deals and payments that a file brings in, in batches; and taking them back.

The leads themselves, their stages and their owners come in through `qualify.leads`; here is only what hangs on a deal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from huoju.core.facts.operations import NewFact, append
from huoju.qualify.leads import queries as lead_queries

from ..facts import OpportunityLost, OpportunityOpened, OpportunityWon, PaymentRecorded, PaymentWithdrawn
from ..models import Opportunity, Payment

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
    won_at: datetime | None = None
    lost_at: datetime | None = None
    lost_reason: str = ""
    competitor: str = ""
    amount: Decimal | None = None
    currency: str
    external_id: str | None = None


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
) -> list[tuple[int, bool]]:
    """Make or update one opportunity a lead; returns (opportunity id, whether it is new), in the order of `outcomes`.

    A deal that is there already takes the file's outcome, amount and external id; its facts are appended only when
    something changed.
    """
    leads = [outcome.lead_id for outcome in outcomes]
    known = {each.lead_id: each for each in Opportunity.objects.select_for_update().filter(lead_id__in=leads)}
    fresh: list[Opportunity] = []
    changed: list[Opportunity] = []
    facts: list[NewFact] = []
    for outcome in outcomes:
        there = known.get(outcome.lead_id)
        row = there or Opportunity(lead_id=outcome.lead_id, opened_at=outcome.opened_at, import_id=import_id)
        if not _apply(outcome, row) and there is not None:
            continue
        (changed if there is not None else fresh).append(row)
        known[outcome.lead_id] = row
    Opportunity.objects.bulk_create(fresh)
    Opportunity.objects.bulk_update(changed, list(_FIELDS), batch_size=2000)
    new = {id(row) for row in fresh}
    touched = new | {id(row) for row in changed}
    for outcome in outcomes:
        row = known[outcome.lead_id]
        if id(row) in touched:
            facts.extend(_facts_of(outcome, row, opened=id(row) in new))
            touched.discard(id(row))
    append(facts, actor=actor, source=SOURCE, now=now)
    return [(known[outcome.lead_id].pk, id(known[outcome.lead_id]) in new) for outcome in outcomes]


_FIELDS = (
    *("company_id", "name", "owner_id", "state", "amount", "currency"),
    *("won_at", "lost_at", "lost_reason", "competitor", "external_id"),
)


def _apply(outcome: Outcome, row: Opportunity) -> bool:
    """Write the outcome onto the row; whether that changed anything."""
    before = [getattr(row, name) for name in _FIELDS]
    row.company_id = outcome.company_id
    row.name = row.name or outcome.name
    row.owner_id = outcome.owner_id or row.owner_id
    row.won_at, row.lost_at = outcome.won_at, None if outcome.won_at else outcome.lost_at
    closed = Opportunity.State.LOST if row.lost_at else Opportunity.State.OPEN
    row.state = Opportunity.State.WON if row.won_at else closed
    row.lost_reason, row.competitor = outcome.lost_reason, outcome.competitor
    row.amount = outcome.amount if outcome.amount is not None else row.amount
    row.currency = outcome.currency
    row.external_id = outcome.external_id or row.external_id
    return before != [getattr(row, name) for name in _FIELDS]


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


@transaction.atomic
def withdraw_imported_payments(*, import_id: int, actor: str, now: datetime, limit: int = 5_000) -> int:
    """Take back up to `limit` payments of an import; returns how many, 0 when none is left."""
    payments = list(
        Payment.objects.select_for_update(of=("self",))
        .select_related("opportunity")
        .filter(import_id=import_id)
        .order_by("pk")[:limit]
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
        )
        for payment in payments
    ]
    append(facts, actor=actor, source=SOURCE, now=now)
    Payment.objects.filter(pk__in=[payment.pk for payment in payments]).delete()
    return len(payments)


@transaction.atomic
def withdraw_imported_outcomes(*, lead_ids: Sequence[int], import_id: int) -> None:
    """Remove the opportunities that an import made for these leads, which are about to be withdrawn or restored.

    The facts that tell so are those of the leads (`lead.withdrawn`, `lead.restored`). Raises `ProtectedError` for a
    deal with payments: those of a later import must be rolled back first.
    """
    Opportunity.objects.filter(lead_id__in=lead_ids, import_id=import_id).delete()
