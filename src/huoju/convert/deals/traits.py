"""What deals and money say of persons."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from huoju.core.lake.tables import LakeTable
from huoju.hub.profile.registry import Trait, TraitSource, ValueType

from .facts import (
    OpportunityLost,
    OpportunityOpened,
    OpportunityWon,
    PaymentRecorded,
    PaymentWithdrawn,
)
from .models import Opportunity

_MOMENT = "timestamp('UTC')"
_MONEY = "decimal(14, 2)"

DEALS = LakeTable(
    name="deals",
    relation="deals_opportunity",
    columns={
        "id": "int64",
        "lead_id": "int64",
        "person_id": "int64",
        "company_id": "int64",
        "owner_id": "int64",
        "state": "string",
        "amount": _MONEY,
        "currency": "string",
        "expected_on": "date",
        "lost_reason": "string",
        "competitor": "string",
        "opened_at": _MOMENT,
        "won_at": _MOMENT,
        "lost_at": _MOMENT,
    },
    # A lead keeps its person for ever, so the person of a deal never changes either.
    sources={"person_id": "(SELECT l.person_id FROM leads_lead l WHERE l.id = lead_id)"},
)
"""One row an opportunity."""

PAYMENTS = LakeTable(
    name="payments",
    relation="deals_payment",
    columns={
        "id": "int64",
        "opportunity_id": "int64",
        "person_id": "int64",
        "company_id": "int64",
        "amount": _MONEY,
        "currency": "string",
        "own_amount": _MONEY,
        "paid_at": _MOMENT,
    },
    sources={
        "own_amount": f"CASE WHEN currency = '{settings.CURRENCY}' THEN amount END",
        "person_id": "(SELECT l.person_id FROM deals_opportunity o JOIN leads_lead l ON l.id = o.lead_id "
        "WHERE o.id = opportunity_id)",
    },
)
"""One row a payment received; `own_amount` where it is in the company's currency, so that it can be added up."""

DEAL = TraitSource(
    code="deal",
    label=_("Opportunity"),
    table=DEALS,
    latest=("opened_at", "id"),
    changed_by=(OpportunityOpened, OpportunityWon, OpportunityLost),
    traits=(
        Trait(
            code="deal.state",
            label=_("State"),
            type=ValueType.CHOICE,
            column="state",
            choices=lambda: Opportunity.State.choices,
        ),
        Trait(code="deal.amount", label=_("Amount"), type=ValueType.NUMBER, column="amount"),
        Trait(code="deal.competitor", label=_("Competitor"), type=ValueType.TEXT, column="competitor"),
        Trait(code="deal.opened_at", label=_("Opened"), type=ValueType.TIME, column="opened_at"),
        Trait(
            code="deal.expected_on", label=_("Expected signing"), type=ValueType.DATE, column="expected_on"
        ),
        Trait(code="deal.won_at", label=_("Signed at"), type=ValueType.TIME, column="won_at"),
        Trait(code="deal.lost_at", label=_("Lost at"), type=ValueType.TIME, column="lost_at"),
    ),
)
"""The latest opportunity."""

PAYMENT = TraitSource(
    code="payment",
    label=_("Payment"),
    table=PAYMENTS,
    latest=("paid_at", "id"),
    changed_by=(PaymentRecorded, PaymentWithdrawn),
    traits=(
        Trait(code="payment.amount", label=_("Last payment"), type=ValueType.NUMBER, column="amount"),
        Trait(code="payment.paid_at", label=_("Last paid at"), type=ValueType.TIME, column="paid_at"),
    ),
)
"""The latest payment."""

PAYMENT_TOTALS = TraitSource(
    code="payments",
    label=_("Payments"),
    table=PAYMENTS,
    changed_by=(PaymentRecorded, PaymentWithdrawn),
    traits=(
        Trait(
            code="payments.total",
            label=_("Total paid"),
            type=ValueType.NUMBER,
            column="own_amount",
            total="sum",
        ),
        Trait(
            code="payments.count",
            label=_("Number of payments"),
            type=ValueType.NUMBER,
            column="id",
            total="count",
        ),
        Trait(
            code="payments.first_at",
            label=_("First paid at"),
            type=ValueType.TIME,
            column="paid_at",
            total="min",
        ),
    ),
)
"""All payments together (when the last one came is `payment.paid_at`). Who never paid has no count, not one of 0."""


def company_payments(changed_by: Sequence[type[Any]]) -> TraitSource:
    """What came in on the deals of the company. `changed_by`: the kinds after which a person's company, or how that is
    read, may be another one."""
    return TraitSource(
        code="company_payments",
        label=_("Payments of the company"),
        table=PAYMENTS,
        about="company",
        owner="company_id",
        changed_by=(PaymentRecorded, PaymentWithdrawn, *changed_by),
        shared_by=(PaymentRecorded, PaymentWithdrawn),
        traits=(
            Trait(
                code="company_payments.total",
                label=_("Total paid by the company"),
                type=ValueType.NUMBER,
                column="own_amount",
                total="sum",
            ),
            Trait(
                code="company_payments.count",
                label=_("Number of payments by the company"),
                type=ValueType.NUMBER,
                column="id",
                total="count",
            ),
            Trait(
                code="company_payments.first_at",
                label=_("First paid by the company at"),
                type=ValueType.TIME,
                column="paid_at",
                total="min",
            ),
            Trait(
                code="company_payments.last_at",
                label=_("Last paid by the company at"),
                type=ValueType.TIME,
                column="paid_at",
                total="max",
            ),
        ),
    )
