"""Rows of the funnel, written straight into its tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from huoju.core.facts.queries import position_now
from huoju.measure.funnel.models import FunnelPayment, FunnelRow


@dataclass(frozen=True, kw_only=True)
class Case:
    """A lead with its money, as a test tells it."""

    lead_id: int
    times: dict[str, datetime]  # stage code → first time; "lead" is the first contact
    channel_id: int | None = None
    campaign_id: int | None = None
    keyword: str = ""
    landing_page: str = ""
    region: str = ""
    industry: str = ""
    segment: str = ""
    owner_id: int | None = None
    sdr_id: int | None = None
    stage: str = "lead"
    warnings: str = ""
    won_amount: Decimal | None = None
    won_currency: str = ""
    payments: Sequence[tuple[datetime, Decimal, str]] = field(default=())


def store(cases: Iterable[Case]) -> None:
    """Write the cases."""
    position = position_now()
    rows, payments = [], []
    for case in cases:
        named = {
            name: getattr(case, name)
            for name in case.__dataclass_fields__
            if name not in ("times", "payments")
        }
        times = {"captured_at" if code == "lead" else f"{code}_at": at for code, at in case.times.items()}
        rows.append(FunnelRow(**named, **times, product="", size="", changed_tx=position))
        payments += [
            FunnelPayment(
                lead_id=case.lead_id, paid_at=at, amount=amount, currency=currency, changed_tx=position
            )
            for at, amount, currency in case.payments
        ]
    FunnelRow.objects.bulk_create(rows, batch_size=2000)
    for payment_id, payment in enumerate(payments, start=1):
        payment.payment_id = payment_id
    FunnelPayment.objects.bulk_create(payments, batch_size=2000)
