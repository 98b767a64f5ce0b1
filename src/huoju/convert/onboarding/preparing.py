"""What is known of rows of leads before anything is looked up: pure, and done by the process that reads the file.

It imports no models: that process starts without Django's apps, in a quarter of the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from huoju.acquire.imports.registry import Context, MappedRow, Mode, Reason
from huoju.core.pickling import packed
from huoju.qualify.cleaning import policy as cleaning
from huoju.qualify.intake.policy import Incoming, Prepared, packed_batch, prepare_batch, unpacked_batch
from huoju.qualify.leads.policy import Stage

from .fields import LEAD_FIELDS

_STAGE_FIELDS = {
    Stage.MQL: "mql_at",
    Stage.SQL: "sql_at",
    Stage.OPPORTUNITY: "opportunity_at",
    Stage.POC: "poc_at",
    Stage.WON: "won_at",
    Stage.LOST: "lost_at",
    Stage.NURTURING: "nurturing_at",
    Stage.DISQUALIFIED: "disqualified_at",
}
_OUTCOMES = {stage.value: stage for stage in (Stage.WON, Stage.LOST, Stage.NURTURING, Stage.DISQUALIFIED)}


@packed
@dataclass(frozen=True, slots=True)
class Sale:
    """What a row says of the deal; owner and telemarketer by name, because their ids are looked up while writing."""

    owner: str
    sdr: str
    deal_id: str
    amount: Decimal | None
    competitor: str


NO_SALE = Sale("", "", "", None, "")


@dataclass(slots=True)
class Batch:
    """A prepared batch; `numbers` and `prepared` run in step.

    By row number, where there is any: `warnings`, `sales`. `bare` rows can only update a lead: they name it and say
    neither when it came nor how to reach anybody.
    """

    numbers: Sequence[int]
    prepared: Sequence[Prepared]
    warnings: Mapping[int, Sequence[Reason]]
    sales: Mapping[int, Sale]
    bare: frozenset[int]

    def __getstate__(self) -> tuple[Any, ...]:
        """Columns: rows cross the pipe several times as fast as in objects of their own."""
        return (self.numbers, packed_batch(self.prepared), self.warnings, self.sales, self.bare)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """From `__getstate__`."""
        self.numbers, columns, self.warnings, self.sales, self.bare = state
        self.prepared = unpacked_batch(columns)


class LeadsPreparing:
    """See `acquire/imports/registry.py` for the contract."""

    fields = LEAD_FIELDS

    def prepare(self, rows: Sequence[MappedRow], context: Context) -> Batch:
        """Clean and bring into shape."""
        incoming = [_incoming(row, context) for row in rows]
        mode = cleaning.Mode.RECORD if context.options.mode is Mode.HISTORY else cleaning.Mode.ENFORCE
        prepared, report = prepare_batch(incoming, context.loaded, mode=mode)
        for stats in report.steps:
            context.steps.add(stats.step.value, len(rows), stats.seconds)
        sales = {row.row_no: sale for row in rows if (sale := _sale(row, context)) != NO_SALE}
        return Batch(
            [row.row_no for row in rows],
            prepared,
            {row.row_no: row.warnings for row in rows if row.warnings},
            sales,
            frozenset([row.row_no for row in rows if _is_bare(row)]),
        )


def origin_of(context: Context, row_no: int) -> str:
    """What names a row of a file among all that came in."""
    return f"import:{context.import_id}/{row_no}"


def _external(context: Context, value: object) -> str:
    return f"{context.options.source_system or 'import'}:{value}" if value else ""


def _incoming(row: MappedRow, context: Context) -> Incoming:
    values = row.values
    text = {key: value for key, value in values.items() if isinstance(value, str)}
    reached = {
        stage: moment
        for stage, key in _STAGE_FIELDS.items()
        if isinstance(moment := values.get(key), datetime)
    }
    captured = values.get("captured_at")
    at = captured if isinstance(captured, datetime) else min(reached.values(), default=context.begun)
    return Incoming(
        origin=origin_of(context, row.row_no),
        via="import",
        at=at,
        submission=cleaning.Submission(
            name=text.get("name", ""),
            phone=text.get("mobile", ""),
            email=text.get("email", ""),
            company=text.get("company", ""),
            title=text.get("title", ""),
            company_size=text.get("company_size", ""),
            industry=text.get("industry", ""),
            region=text.get("region", ""),
            country=text.get("country", ""),
            message=text.get("message", ""),
            product=text.get("product", ""),
            source=text.get("channel", ""),
        ),
        channel=text.get("channel", ""),
        campaign=text.get("campaign", ""),
        page=text.get("landing_page", ""),
        referrer=text.get("referrer", ""),
        keyword=text.get("keyword", ""),
        product=text.get("product", ""),
        segment=text.get("segment", ""),
        uscc=text.get("uscc", ""),
        external_id=_external(context, text.get("external_id")),
        reached=reached,
        outcome=_OUTCOMES.get(text.get("outcome", "")),
        reason=text.get("reason", "")[:200],
        extra={"given": "history"} if context.options.mode is Mode.HISTORY else {},
    )


def _sale(row: MappedRow, context: Context) -> Sale:
    amount = row.values.get("amount")
    return Sale(
        owner=str(row.values.get("owner") or ""),
        sdr=str(row.values.get("sdr") or ""),
        deal_id=_external(context, row.values.get("deal_id")),
        amount=amount if isinstance(amount, Decimal) else None,
        competitor=str(row.values.get("competitor") or "")[:120],
    )


def _is_bare(row: MappedRow) -> bool:
    values = row.values
    if not values.get("external_id") or values.get("captured_at") is not None:
        return False
    return not values.get("mobile") and not values.get("email")
