"""Files of leads: new ones, and a whole history moved in from another system.

Per batch: `prepare` cleans in another process; `apply` makes persons, companies and leads by the one path of intake,
then the deals that hang on them. A rollback takes both back.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from huoju.acquire.imports.registry import (
    AppliedRow,
    Context,
    MappedRow,
    MatchOn,
    Mode,
    Outcome,
    Reason,
    RowOutcome,
    Text,
)
from huoju.convert.deals import operations as deals
from huoju.core.access import operations as access
from huoju.core.access import queries as access_queries
from huoju.core.pickling import packed
from huoju.qualify.cleaning import policy as cleaning
from huoju.qualify.cleaning import queries as cleaning_queries
from huoju.qualify.intake import operations as intake
from huoju.qualify.intake import queries as intake_queries
from huoju.qualify.intake.policy import Incoming, Prepared, prepare_batch
from huoju.qualify.leads import queries as leads
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
class _Sale:
    """What a row says of the deal; owner and telemarketer by name, because their ids are looked up while writing."""

    owner: str
    sdr: str
    deal_id: str
    amount: Decimal | None
    competitor: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A prepared batch; the three sequences run in step."""

    rows: Sequence[MappedRow]
    prepared: Sequence[Prepared]
    sales: Sequence[_Sale]


class LeadsTarget:
    """Leads. See `acquire/imports/registry.py` for the contract."""

    code = "leads"
    label: Text = _("Leads")
    fields = LEAD_FIELDS

    @property
    def reasons(self) -> Mapping[str, Text]:
        """Sentences for what this target and cleaning say about rows."""
        return {
            "unknown_owner": _("“%(name)s” is nobody here; the lead stays without an owner."),
            "unknown_lead": _(
                "There is no lead with the id “%(id)s”, and the row says too little to make one."
            ),
            "stands": _("Something else was built on this lead meanwhile; it stays."),
            **{code.value: _(info.label) for code, info in cleaning.CODES.items()},
        }

    def load(self, context: Context) -> Any:  # noqa: ARG002
        """The cleaning rules that are active."""
        return cleaning_queries.active_rules()

    def prepare(self, rows: Sequence[MappedRow], context: Context) -> Batch:
        """Clean and bring into shape. Pure."""
        incoming = [_incoming(row, context) for row in rows]
        mode = cleaning.Mode.RECORD if context.options.mode is Mode.HISTORY else cleaning.Mode.ENFORCE
        prepared, report = prepare_batch(incoming, context.loaded, mode=mode)
        for stats in report.steps:
            context.steps.add(stats.step.value, len(rows), stats.seconds)
        return Batch(rows, prepared, [_sale(row, context) for row in rows])

    def preview(self, prepared: Batch, context: Context) -> list[RowOutcome]:
        """What `apply` would do."""
        unknown = _unknown(prepared, context)
        previews = intake_queries.preview_batch(prepared.prepared)
        return [
            _unknown_lead(row, each)
            if each.incoming.origin in unknown
            else RowOutcome(
                row.row_no, Outcome(shown.outcome.value), [*row.warnings, *_reasons(shown.remarks)]
            )
            for row, each, shown in zip(prepared.rows, prepared.prepared, previews, strict=True)
        ]

    def apply(self, prepared: Batch, context: Context, *, actor: str, now: datetime) -> list[RowOutcome]:
        """Write the batch: people, companies, leads, then deals."""
        people, missing = _people(prepared, context, now=now)
        unknown = _unknown(prepared, context)
        ready = [
            _owned(each, sale, people)
            for each, sale in zip(prepared.prepared, prepared.sales, strict=True)
            if each.incoming.origin not in unknown
        ]
        began = time.perf_counter()
        source = f"import:{context.import_id}"
        taken = {
            each.origin: each
            for each in intake.take_in_batch(
                ready, actor=actor, source=source, now=now, import_id=context.import_id
            )
        }
        context.steps.add("write_leads", len(ready), time.perf_counter() - began)
        began = time.perf_counter()
        dealt = _record_deals(prepared, taken, people, context, actor=actor, now=now)
        context.steps.add("write_deals", len(dealt), time.perf_counter() - began)
        outcomes = []
        for row, each, sale in zip(prepared.rows, prepared.prepared, prepared.sales, strict=True):
            origin = each.incoming.origin
            if origin in unknown:
                outcomes.append(_unknown_lead(row, each))
                continue
            result = taken[origin]
            notes = [
                Reason("unknown_owner", field, {"name": name})
                for field, name in (("owner", sale.owner), ("sdr", sale.sdr))
                if name in missing
            ]
            undo = dict(result.undo)
            if origin in dealt:
                undo["deal"] = dealt[origin].undo
            reasons = [*row.warnings, *notes, *_reasons(result.remarks)]
            outcomes.append(RowOutcome(row.row_no, Outcome(result.outcome.value), reasons, undo or None))
        return outcomes

    def rollback(
        self, rows: Sequence[AppliedRow], context: Context, *, actor: str, now: datetime
    ) -> list[RowOutcome]:
        """Take deals back, then leads, persons and companies."""
        deals.undo_outcomes_batch([row.refs["deal"] for row in rows if "deal" in row.refs])
        taken = [(_origin(context, row.row_no), row.refs) for row in rows]
        stayed = set(intake.undo_batch(taken, import_id=context.import_id, actor=actor, now=now))
        return [
            RowOutcome(row.row_no, row.outcome, [Reason("stands")])
            for row in rows
            if _origin(context, row.row_no) in stayed
        ]


# --- Rows ---------------------------------------------------------------------------------------------------


def _origin(context: Context, row_no: int) -> str:
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
        origin=_origin(context, row.row_no),
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


def _sale(row: MappedRow, context: Context) -> _Sale:
    amount = row.values.get("amount")
    return _Sale(
        owner=str(row.values.get("owner") or ""),
        sdr=str(row.values.get("sdr") or ""),
        deal_id=_external(context, row.values.get("deal_id")),
        amount=amount if isinstance(amount, Decimal) else None,
        competitor=str(row.values.get("competitor") or "")[:120],
    )


def _owned(prepared: Prepared, sale: _Sale, people: Mapping[str, int]) -> Prepared:
    """The row with the people whom it names; most name none."""
    if not sale.owner and not sale.sdr:
        return prepared
    incoming = replace(prepared.incoming, owner_id=people.get(sale.owner), sdr_id=people.get(sale.sdr))
    return prepared._replace(incoming=incoming)


def _people(batch: Batch, context: Context, *, now: datetime) -> tuple[dict[str, int], set[str]]:
    """Who the names in the file are, and the names that are nobody."""
    names = {name for sale in batch.sales for name in (sale.owner, sale.sdr) if name}
    found = access_queries.find_people(names)
    missing = names - found.keys()
    if missing and context.options.create_unknown_owners:
        found |= access.ensure_placeholders(names=missing, now=now)
        missing = set()
    return found, missing


def _unknown(batch: Batch, context: Context) -> set[str]:
    """Rows that can only update, and whose lead is not there."""
    if context.options.match_on is not MatchOn.EXTERNAL_ID:
        return set()
    bare = [
        each.incoming
        for row, each in zip(batch.rows, batch.prepared, strict=True)
        if each.incoming.external_id and row.values.get("captured_at") is None and not _has_contact(row)
    ]
    known = leads.list_known_leads([incoming.external_id for incoming in bare])
    return {incoming.origin for incoming in bare if incoming.external_id not in known}


def _has_contact(row: MappedRow) -> bool:
    return bool(row.values.get("mobile") or row.values.get("email"))


def _unknown_lead(row: MappedRow, each: Prepared) -> RowOutcome:
    id_ = each.incoming.external_id.partition(":")[2]
    reason = Reason("unknown_lead", "external_id", {"id": id_})
    return RowOutcome(row.row_no, Outcome.REJECTED, [*row.warnings, reason])


def _reasons(remarks: Sequence[cleaning.StepResult]) -> list[Reason]:
    return [Reason(remark.code.value, remark.field) for remark in remarks if remark.code is not None]


def _record_deals(
    batch: Batch,
    taken: Mapping[str, intake.Taken],
    people: Mapping[str, int],
    context: Context,
    *,
    actor: str,
    now: datetime,
) -> dict[str, deals.Recorded]:
    """One deal for each lead that became an opportunity, or whose row names a deal. By origin."""
    outcomes: dict[str, deals.Outcome] = {}
    for row, each, sale in zip(batch.rows, batch.prepared, batch.sales, strict=True):
        incoming, result = each.incoming, taken.get(each.incoming.origin)
        if result is None or result.lead_id is None or result.person_id is None:
            continue
        reached = incoming.reached
        steps = [reached[stage] for stage in (Stage.OPPORTUNITY, Stage.POC, Stage.WON) if stage in reached]
        lost = reached.get(Stage.LOST) if incoming.outcome in (None, Stage.LOST) else None
        if not steps and not sale.deal_id and not (lost and sale.amount is not None):
            continue
        outcomes[incoming.origin] = deals.Outcome(
            lead_id=result.lead_id,
            person_id=result.person_id,
            company_id=result.company_id,
            name=each.company or each.name or str(row.values.get("external_id") or f"#{result.lead_id}"),
            owner_id=people.get(sale.owner),
            opened_at=min(steps) if steps else lost or now,
            poc_at=reached.get(Stage.POC),
            won_at=reached.get(Stage.WON),
            lost_at=lost,
            lost_reason=incoming.reason[:40] if lost else "",
            competitor=sale.competitor,
            amount=sale.amount,
            currency=context.currency,
            external_id=sale.deal_id or None,
        )
    recorded = deals.record_outcomes_batch(
        list(outcomes.values()), import_id=context.import_id, actor=actor, now=now
    )
    return dict(zip(outcomes, recorded, strict=True))
