"""The fold: a lead's facts, one after the other, make one narrow record."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from huoju.convert.deals.facts import OpportunityWon
from huoju.qualify.leads.facts import (
    LeadAssigned,
    LeadCaptured,
    LeadRestored,
    LeadStageChanged,
    LeadUpdated,
    LeadWarned,
    LeadWithdrawn,
)
from huoju.qualify.leads.policy import Stage, first_times

DIMENSIONS = (
    *("channel_id", "campaign_id", "keyword", "landing_page", "product", "region", "industry", "size", "segment"),
)  # fmt: skip
"""What a lead is split and filtered by, as `lead.captured` and `lead.updated` name it."""

TIMED = (Stage.LEAD, Stage.MQL, Stage.SQL, Stage.OPPORTUNITY, Stage.POC, Stage.WON, Stage.LOST)
"""The stages whose first time is kept."""


class MissingLeadError(LookupError):
    """A fact about a lead whose capture was never read."""


@dataclass(slots=True)
class FoldedLead:
    """A lead as far as its facts have been read."""

    lead_id: int
    dimensions: dict[str, int | str | None]
    times: dict[Stage, datetime]
    stage: Stage = Stage.LEAD
    owner_id: int | None = None
    sdr_id: int | None = None
    won_amount: Decimal | None = None
    won_currency: str = ""
    warnings: set[str] = field(default_factory=set)
    withdrawn: bool = False


def fold(lead: FoldedLead | None, fact: Any, at: datetime) -> FoldedLead:
    """The lead after `fact`, which happened at `at`; `lead` is changed in place, None before its first fact.

    Raises `MissingLeadError` for a lead that nobody captured.
    """
    if isinstance(fact, LeadCaptured):
        if lead is None:
            dimensions: dict[str, int | str | None] = {name: getattr(fact, name) for name in DIMENSIONS}
            return FoldedLead(fact.lead_id, dimensions, {Stage.LEAD: at})
        return lead
    if lead is None:
        raise MissingLeadError(f"lead {fact.lead_id} has no lead.captured before {type(fact).__name__}")
    match fact:
        case LeadStageChanged():
            lead.stage = Stage(fact.to_stage)
            if lead.stage in TIMED and lead.stage is not Stage.LEAD:
                lead.times = first_times(lead.times, lead.stage, at)
        case LeadAssigned():
            lead.owner_id = fact.owner_id
            if fact.sdr_id is not None:
                lead.sdr_id = fact.sdr_id
        case LeadUpdated():
            _correct(lead, fact.changes)
        case LeadWarned():
            lead.warnings.update(fact.codes)
        case LeadWithdrawn():
            lead.withdrawn = True
        case LeadRestored():
            _restore(lead, fact)
        case OpportunityWon():
            lead.won_amount, lead.won_currency = fact.amount, fact.currency
    return lead


def _correct(lead: FoldedLead, changes: dict[str, str | int | None]) -> None:
    for name in DIMENSIONS:
        if name in changes:
            lead.dimensions[name] = changes[name]


def _restore(lead: FoldedLead, fact: LeadRestored) -> None:
    """Back to what the lead was before an import changed it. `times` names stages or their columns (`mql_at`)."""
    lead.stage, lead.owner_id, lead.sdr_id = Stage(fact.stage), fact.owner_id, fact.sdr_id
    _correct(lead, fact.dimensions)
    told = {name.removesuffix("_at"): at for name, at in fact.times.items()}
    captured = told.pop("captured", None) or told.pop(Stage.LEAD.value, None) or lead.times[Stage.LEAD]
    lead.times = {Stage.LEAD: captured}
    lead.times |= {Stage(name): at for name, at in told.items() if at is not None and Stage(name) in TIMED}
    if Stage.WON not in lead.times:
        lead.won_amount, lead.won_currency = None, ""
