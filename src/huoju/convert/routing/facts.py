"""Facts of routing. Who got a lead is `lead.assigned`, which the room of leads appends."""

from dataclasses import field

from huoju.core.facts.kinds import fact


@fact("lead.not_routed")
class LeadNotRouted:
    """Nobody could take a lead: it waits without an owner. `trace` says what each rule answered ("region:turn")."""

    lead_id: int
    outcome: str
    trace: list[str] = field(default_factory=list)
    rules_version: int = 0


@fact("routing_rules.activated")
class RoutingActivated:
    """A version of the routing rules began to decide."""

    version: int


@fact("sales_seat.saved")
class SeatSaved:
    """A sales person began to receive leads, or receives them differently."""

    user_id: int
    capacity: int
    weight: int
    away: bool
    regions: list[str]
    products: list[str]
