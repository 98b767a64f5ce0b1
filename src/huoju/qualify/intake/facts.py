"""Facts of intake."""

from huoju.core.facts.kinds import fact


@fact("lead.quarantined")
class LeadQuarantined:
    """Cleaning held something back (`verdict` quarantine) or threw it out (`drop`); the row keeps everything."""

    quarantine_id: int
    origin: str
    verdict: str
    reasons: list[str]
    rules_version: int


@fact("lead.released")
class LeadReleased:
    """A person let a quarantined candidate through."""

    quarantine_id: int
    lead_id: int


@fact("lead.quarantine_confirmed")
class QuarantineConfirmed:
    """A person confirmed that what cleaning held back is bad."""

    quarantine_id: int
