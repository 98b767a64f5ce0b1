"""Files of leads: new ones, and a whole history moved in from another system.

Per batch: `preparing.py` cleans in another process; `apply` makes persons, companies and leads by the one path of
intake, then the deals that hang on them. A rollback takes both back.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from huoju.acquire.imports.registry import (
    AppliedRow,
    Context,
    MatchOn,
    Outcome,
    Reason,
    RowOutcome,
    Text,
)
from huoju.convert.deals import operations as deals
from huoju.core.access import operations as access
from huoju.core.access import queries as access_queries
from huoju.qualify.cleaning import policy as cleaning
from huoju.qualify.cleaning import queries as cleaning_queries
from huoju.qualify.intake import operations as intake
from huoju.qualify.intake import queries as intake_queries
from huoju.qualify.intake.policy import Outcome as TakenOutcome
from huoju.qualify.intake.policy import Prepared
from huoju.qualify.leads import queries as leads
from huoju.qualify.leads.policy import Stage

from .fields import LEAD_FIELDS
from .preparing import NO_SALE, Batch, LeadsPreparing, Sale, origin_of

_OUTCOMES = {each: Outcome(each.value) for each in TakenOutcome}


class LeadsTarget:
    """Leads. See `acquire/imports/registry.py` for the contract."""

    code = "leads"
    label: Text = _("Leads")
    fields = LEAD_FIELDS
    preparing = LeadsPreparing()

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

    def preview(self, prepared: Batch, context: Context) -> list[RowOutcome]:
        """What `apply` would do."""
        unknown = _unknown(prepared, context)
        previews = intake_queries.preview_batch(prepared.prepared)
        return [
            _unknown_lead(prepared, number, each)
            if number in unknown
            else RowOutcome(
                number,
                Outcome(shown.outcome.value),
                [*prepared.warnings.get(number, ()), *_reasons(shown.remarks)],
            )
            for number, each, shown in zip(prepared.numbers, prepared.prepared, previews, strict=True)
        ]

    def apply(self, prepared: Batch, context: Context, *, actor: str, now: datetime) -> list[RowOutcome]:
        """Write the batch: people, companies, leads, then deals."""
        people, missing = _people(prepared, context, now=now)
        unknown = _unknown(prepared, context)
        ready = [
            _owned(each, prepared.sales.get(number, NO_SALE), people)
            for number, each in zip(prepared.numbers, prepared.prepared, strict=True)
            if number not in unknown
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
        for number, each in zip(prepared.numbers, prepared.prepared, strict=True):
            origin = each.incoming.origin
            if number in unknown:
                outcomes.append(_unknown_lead(prepared, number, each))
                continue
            result = taken[origin]
            undo = result.undo
            if origin in dealt:
                undo = {**undo, "deal": dealt[origin].undo}
            sale = prepared.sales.get(number, NO_SALE)
            notes = [
                Reason("unknown_owner", field, {"name": name})
                for field, name in (("owner", sale.owner), ("sdr", sale.sdr))
                if name in missing
            ]
            reasons = [*prepared.warnings.get(number, ()), *notes, *_reasons(result.remarks)]
            outcomes.append(RowOutcome(number, _OUTCOMES[result.outcome], reasons, undo or None))
        return outcomes

    def rollback(
        self, rows: Sequence[AppliedRow], context: Context, *, actor: str, now: datetime
    ) -> list[RowOutcome]:
        """Take deals back, then leads, persons and companies."""
        deals.undo_outcomes_batch([row.refs["deal"] for row in rows if "deal" in row.refs])
        taken = [(origin_of(context, row.row_no), row.refs) for row in rows]
        stayed = set(intake.undo_batch(taken, import_id=context.import_id, actor=actor, now=now))
        return [
            RowOutcome(row.row_no, row.outcome, [Reason("stands")])
            for row in rows
            if origin_of(context, row.row_no) in stayed
        ]


# --- Rows ---------------------------------------------------------------------------------------------------


def _owned(prepared: Prepared, sale: Sale, people: Mapping[str, int]) -> Prepared:
    """The row with the people whom it names; most name none."""
    if not sale.owner and not sale.sdr:
        return prepared
    incoming = replace(prepared.incoming, owner_id=people.get(sale.owner), sdr_id=people.get(sale.sdr))
    return prepared._replace(incoming=incoming)


def _people(batch: Batch, context: Context, *, now: datetime) -> tuple[dict[str, int], set[str]]:
    """Who the names in the file are, and the names that are nobody."""
    names = {name for sale in batch.sales.values() for name in (sale.owner, sale.sdr) if name}
    found = access_queries.find_people(names)
    missing = names - found.keys()
    if missing and context.options.create_unknown_owners:
        found |= access.ensure_placeholders(names=missing, now=now)
        missing = set()
    return found, missing


def _unknown(batch: Batch, context: Context) -> set[int]:
    """The numbers of rows that can only update, and whose lead is not there."""
    if context.options.match_on is not MatchOn.EXTERNAL_ID:
        return set()
    bare = {
        number: each.incoming.external_id
        for number, each in zip(batch.numbers, batch.prepared, strict=True)
        if number in batch.bare
    }
    known = leads.list_known_leads(list(bare.values()))
    return {number for number, external_id in bare.items() if external_id not in known}


def _unknown_lead(batch: Batch, number: int, each: Prepared) -> RowOutcome:
    reason = Reason("unknown_lead", "external_id", {"id": _own_id(each)})
    return RowOutcome(number, Outcome.REJECTED, [*batch.warnings.get(number, ()), reason])


def _own_id(each: Prepared) -> str:
    """The lead's id as the file writes it."""
    return each.incoming.external_id.partition(":")[2]


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
    for number, each in zip(batch.numbers, batch.prepared, strict=True):
        incoming, sale = each.incoming, batch.sales.get(number, NO_SALE)
        if not incoming.reached and sale is NO_SALE:
            continue
        result = taken.get(incoming.origin)
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
            name=each.company or each.name or _own_id(each) or f"#{result.lead_id}",
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
    if not outcomes:
        return {}
    recorded = deals.record_outcomes_batch(
        list(outcomes.values()), import_id=context.import_id, actor=actor, now=now
    )
    return dict(zip(outcomes, recorded, strict=True))
