"""What is known of rows of leads before anything is looked up: pure, and done by the process that reads the file.

It imports no models: that process starts without Django's apps, in a quarter of the time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import repeat
from typing import Any

from huoju.acquire.imports.registry import Context, MappedRow, Mode, Reason, Value
from huoju.core.pickling import made, packed
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
_AS_TYPED = ("name", "email", "company", "title", "company_size", "industry", "region", "country", "message")
_SALE_FIELDS = frozenset({"owner", "sdr", "deal_id", "amount", "competitor"})
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
        given = frozenset[str]().union(*[row.values for row in rows])
        mode = cleaning.Mode.RECORD if context.options.mode is Mode.HISTORY else cleaning.Mode.ENFORCE
        prepared, report = prepare_batch(_incoming(rows, given, context), context.loaded, mode=mode)
        for stats in report.steps:
            context.steps.add(stats.step.value, len(rows), stats.seconds)
        named, sold = "external_id" in given, not _SALE_FIELDS.isdisjoint(given)
        return Batch(
            [row.row_no for row in rows],
            prepared,
            {row.row_no: row.warnings for row in rows if row.warnings},
            {row.row_no: sale for row in rows if (sale := _sale(row, context)) != NO_SALE} if sold else {},
            frozenset([row.row_no for row in rows if _is_bare(row)] if named else ()),
        )


def origin_of(context: Context, row_no: int) -> str:
    """What names a row of a file among all that came in."""
    return f"import:{context.import_id}/{row_no}"


def _external(context: Context, value: object) -> str:
    return f"{context.options.source_system or 'import'}:{value}" if value else ""


def _incoming(rows: Sequence[MappedRow], given: frozenset[str], context: Context) -> list[Incoming]:
    """The rows as interests. `given` names the fields that any of them has; column by column, because a row fills
    few of the many fields that there are."""
    count, values = len(rows), [row.values for row in rows]

    def text(key: str) -> Iterable[str]:
        if key not in given:
            return repeat("")
        return [value if isinstance(value := each.get(key), str) else "" for each in values]

    channel, product = text("channel"), text("product")
    reached = _reached(values, given)
    history = {"given": "history"} if context.options.mode is Mode.HISTORY else {}
    begun = context.begun
    submissions = made(
        cleaning.Submission,
        count,
        phone=text("mobile"),
        source=channel,
        product=product,
        **{key: text(key) for key in _AS_TYPED},
    )
    return made(
        Incoming,
        count,
        origin=[origin_of(context, row.row_no) for row in rows],
        via=repeat("import"),
        at=_moments(values, given, reached, begun),
        submission=submissions,
        channel=channel,
        campaign=text("campaign"),
        page=text("landing_page"),
        referrer=text("referrer"),
        keyword=text("keyword"),
        product=product,
        segment=text("segment"),
        uscc=text("uscc"),
        external_id=[_external(context, each) for each in text("external_id")]
        if "external_id" in given
        else repeat(""),
        reached=reached,
        outcome=[_OUTCOMES.get(each) for each in text("outcome")] if "outcome" in given else repeat(None),
        reason=[each[:200] for each in text("reason")] if "reason" in given else repeat(""),
        extra=repeat(history),
    )


def _reached(
    values: Sequence[Mapping[str, Value]], given: frozenset[str]
) -> Iterable[Mapping[Stage, datetime]]:
    """The stages that each row says were reached, and when."""
    stages = {stage: key for stage, key in _STAGE_FIELDS.items() if key in given}
    if not stages:
        return repeat({})
    return [
        {stage: moment for stage, key in stages.items() if isinstance(moment := each.get(key), datetime)}
        for each in values
    ]


def _moments(
    values: Sequence[Mapping[str, Value]],
    given: frozenset[str],
    reached: Iterable[Mapping[Stage, datetime]],
    begun: datetime,
) -> Iterable[datetime]:
    """When each row's person was first heard of: as it says, else with the first stage, else `begun`."""
    if given.isdisjoint(("captured_at", *_STAGE_FIELDS.values())):
        return repeat(begun)
    return [
        captured
        if isinstance(captured := each.get("captured_at"), datetime)
        else min(stages.values(), default=begun)
        for each, stages in zip(values, reached, strict=False)
    ]


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
