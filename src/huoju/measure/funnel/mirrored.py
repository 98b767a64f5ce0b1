"""The funnel's rows as the analytics engine holds them: calendar days in the company's time zone, not moments."""

from huoju.measure.warehouse.operations import Column, Mirrored
from huoju.qualify.leads.policy import FUNNEL, Stage

from .models import FunnelPayment, FunnelRow
from .policy.spec import Dimension

ENDED = "ended"
"""The column that is true of leads that were lost or disqualified: they will not go on."""


MASK = "mask"
"""The column with a bit for each stage that a lead has a day for: leads are tallied by it, not one by one."""


def bit(stage: Stage) -> int:
    """The bit of `stage` in `MASK`; later stages have higher bits."""
    return 1 << FUNNEL.index(stage)


def _day(column: str) -> Column:
    return Column(type="DATE", source=f"(({column}) AT TIME ZONE %(zone)s)::date")


def _text(column: str) -> Column:
    return Column(type="VARCHAR", source=column)


def _id(column: str) -> Column:
    return Column(type="BIGINT", source=column)


def on(stage: Stage) -> str:
    """The column with the day on which a lead reached `stage`."""
    return f"on_{stage.value}"


def by(stage: Stage) -> str:
    """The column with the day by which a lead had reached or passed `stage`: its own day, else that of the next stage
    which it has a day for."""
    return f"by_{stage.value}"


_SOURCES = {stage: "captured_at" if stage is Stage.LEAD else f"{stage.value}_at" for stage in FUNNEL}

LEADS = Mirrored(
    name="leads",
    source=FunnelRow._meta.db_table,
    key="lead_id",
    changed="changed_tx",
    gone="withdrawn",
    order=on(Stage.LEAD),
    columns={
        "lead_id": _id("lead_id"),
        **{each.value: _id(f"{each.value}_id") for each in (Dimension.CHANNEL, Dimension.CAMPAIGN)},
        **{each.value: _id(f"{each.value}_id") for each in (Dimension.OWNER, Dimension.SDR)},
        **{
            each.value: _text(each.value)
            for each in (
                *(Dimension.KEYWORD, Dimension.LANDING_PAGE, Dimension.INDUSTRY, Dimension.SIZE),
                *(Dimension.PRODUCT, Dimension.SEGMENT, Dimension.STAGE),
            )
        },
        # A city counts in its province.
        Dimension.REGION.value: _text("CASE WHEN region ~ '^[0-9]{{4,6}}$' THEN left(region, 2) ELSE region END"),
        Dimension.WARNING.value: _text("warnings"),
        "won_amount": Column(type="DECIMAL(14,2)", source="won_amount"),
        "won_currency": _text("won_currency"),
        **{on(stage): _day(source) for stage, source in _SOURCES.items()},
        # Won is what is won now: of a contract that fell through the date stays with the lead, but it counts no more.
        on(Stage.WON): _day(f"CASE WHEN stage = '{Stage.WON}' THEN won_at END"),
    },
    derived={
        **{
            by(stage): ("DATE", f"coalesce({', '.join(on(later) for later in FUNNEL[at:])})")
            for at, stage in enumerate(FUNNEL)
        },
        MASK: ("SMALLINT", " + ".join(f"({on(stage)} IS NOT NULL)::INT * {bit(stage)}" for stage in FUNNEL)),
        ENDED: ("BOOLEAN", f"stage IN ('{Stage.LOST}', '{Stage.DISQUALIFIED}')"),
    },
)  # fmt: skip
"""One row a lead, withdrawn ones left out."""

PAYMENTS = Mirrored(
    name="payments",
    source=FunnelPayment._meta.db_table,
    key="payment_id",
    changed="changed_tx",
    gone="withdrawn",
    columns={
        "payment_id": _id("payment_id"),
        "lead_id": _id("lead_id"),
        "paid_on": _day("paid_at"),
        "amount": Column(type="DECIMAL(14,2)", source="amount"),
        "currency": _text("currency"),
    },
)
"""One row a payment, withdrawn ones left out."""
