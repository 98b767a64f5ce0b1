"""What routing does when it reads the log: new MQLs get owners, answers are noted, hands are counted."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from huoju.core.facts.kinds import kind_of
from huoju.core.facts.readers import Reader, StoredFact
from huoju.qualify.leads.facts import LeadAssigned, LeadRestored, LeadStageChanged, LeadWithdrawn
from huoju.qualify.leads.policy import Stage

from . import jobs
from .facts import RoutingActivated, SeatSaved
from .operations import note_answers, recount, route_batch

REJECTED = "rejected"
"""The rule that a fact `lead.assigned` names when its owner gave the lead back."""

_STAGE_CHANGED = kind_of(LeadStageChanged).name
_ASSIGNED = kind_of(LeadAssigned).name
_RULES = (kind_of(RoutingActivated).name, kind_of(SeatSaved).name)


def handle(facts: Sequence[StoredFact], now: datetime) -> None:
    """Bring routing up to date with what happened to these leads."""
    lead_ids: set[int] = set()
    ownerless: set[int] = set()
    accepted: dict[int, datetime] = {}
    given_back: list[tuple[int, int, datetime]] = []
    room = False
    for fact in facts:
        if fact.kind in _RULES:
            room = True
            continue
        payload, at = fact.payload, fact.occurred_at
        lead_id: int = payload["lead_id"]
        lead_ids.add(lead_id)
        if fact.kind == _STAGE_CHANGED:
            if payload["to_stage"] == Stage.MQL:
                ownerless.add(lead_id)
            elif payload["to_stage"] == Stage.SQL:
                accepted[lead_id] = at
        elif fact.kind == _ASSIGNED and payload["owner_id"] is None:
            ownerless.add(lead_id)
            if payload["rule"] == REJECTED and payload["previous_owner_id"] is not None:
                given_back.append((lead_id, payload["previous_owner_id"], at))
    note_answers(accepted, given_back)
    freed = recount(sorted(lead_ids)) if lead_ids else set()
    route_batch(sorted(ownerless), now=now)
    if room or freed:
        jobs.route_waiting.using(key="route_waiting").defer()


ROUTING = Reader(
    "routing",
    (LeadStageChanged, LeadAssigned, LeadWithdrawn, LeadRestored, RoutingActivated, SeatSaved),
    handle,
    label=_("Routing"),
    does=_("Gives new MQLs an owner, notes the answers of sales and counts what they have in hand."),
    batch=4000,
)
"""It assigns leads, which is history: it cannot be replayed."""
