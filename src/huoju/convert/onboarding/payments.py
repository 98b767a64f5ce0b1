"""Files of payments: lines of revenue on deals that are there already, found by their ids in the other system."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from huoju.acquire.imports.registry import (
    AppliedRow,
    Context,
    MappedRow,
    Outcome,
    PlainRows,
    Preparing,
    Reason,
    RowOutcome,
    Text,
)
from huoju.convert.deals import operations as deals

from .fields import PAYMENT_FIELDS


class PaymentsTarget:
    """Payments (回款). See `acquire/imports/registry.py` for the contract."""

    code = "payments"
    label: Text = _("Payments")
    fields = PAYMENT_FIELDS
    preparing: Preparing = PlainRows(PAYMENT_FIELDS)
    reasons: Mapping[str, Text] = {
        "no_deal": _("There is no won deal with the id “%(id)s”."),
        "not_positive": _("A payment must be more than nothing."),
    }

    def load(self, context: Context) -> Any:  # noqa: ARG002
        """Nothing is needed."""
        return None

    def preview(self, prepared: Sequence[MappedRow], context: Context) -> list[RowOutcome]:
        """What `apply` would do."""
        payments = _payments(prepared, context)
        there = deals.find_payments([payment.external_id for payment in payments])
        won = deals.find_won_deals({payment.deal_external_id for payment in payments})
        return [
            _outcome(row, payment, known=payment.deal_external_id in won, there=payment.external_id in there)
            for row, payment in zip(prepared, payments, strict=True)
        ]

    def apply(
        self, prepared: Sequence[MappedRow], context: Context, *, actor: str, now: datetime
    ) -> list[RowOutcome]:
        """Write the batch."""
        payments = _payments(prepared, context)
        there = deals.find_payments([payment.external_id for payment in payments])
        good = [payment for payment in payments if payment.amount > 0]
        ids = deals.record_payments_batch(good, import_id=context.import_id, actor=actor, now=now)
        made = {payment.external_id: pk for payment, pk in zip(good, ids, strict=True)}
        outcomes = []
        for row, payment in zip(prepared, payments, strict=True):
            pk = made.get(payment.external_id)
            known = payment.external_id in there
            outcome = _outcome(row, payment, known=pk is not None, there=known)
            if outcome.outcome is Outcome.NEW:
                outcome.refs = {"payment": pk}
            there.add(payment.external_id)  # a second line of this batch with the same id is the same payment
            outcomes.append(outcome)
        return outcomes

    def rollback(
        self, rows: Sequence[AppliedRow], context: Context, *, actor: str, now: datetime
    ) -> list[RowOutcome]:
        """Take the payments back."""
        ids = [row.refs["payment"] for row in rows if "payment" in row.refs]
        deals.withdraw_imported_payments(payment_ids=ids, import_id=context.import_id, actor=actor, now=now)
        return []


def _payments(rows: Sequence[MappedRow], context: Context) -> list[deals.NewPayment]:
    """Brought into shape. A line without an id of its own counts once by its row."""
    system = context.options.source_system or "import"
    return [_payment(row, system, context) for row in rows]


def _payment(row: MappedRow, system: str, context: Context) -> deals.NewPayment:
    amount, paid_at = row.values.get("amount"), row.values.get("paid_at")
    if not isinstance(amount, Decimal) or not isinstance(paid_at, datetime):
        raise TypeError("the engine rejects rows without amount or date")
    own = row.values.get("external_id")
    return deals.NewPayment(
        deal_external_id=f"{system}:{row.values['deal_id']}",
        external_id=f"{system}:{own}" if own else f"import:{context.import_id}/{row.row_no}",
        amount=amount.quantize(Decimal("0.01")),
        currency=context.currency,
        paid_at=paid_at,
        note=str(row.values.get("note") or "")[:200],
    )


def _outcome(row: MappedRow, payment: deals.NewPayment, *, known: bool, there: bool) -> RowOutcome:
    if payment.amount <= 0:
        return RowOutcome(row.row_no, Outcome.REJECTED, [*row.warnings, Reason("not_positive", "amount")])
    if not known:
        id_ = payment.deal_external_id.partition(":")[2]
        return RowOutcome(
            row.row_no, Outcome.REJECTED, [*row.warnings, Reason("no_deal", "deal_id", {"id": id_})]
        )
    return RowOutcome(row.row_no, Outcome.UNCHANGED if there else Outcome.NEW, row.warnings)
