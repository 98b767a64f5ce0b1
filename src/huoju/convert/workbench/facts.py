"""Facts of the workbench."""

from datetime import datetime

from huoju.core.facts.kinds import fact


@fact("lead.accepted")
class LeadAccepted:
    """A sales person took a lead into the own list: it is an SQL from then on."""

    lead_id: int
    owner_id: int


@fact("lead.rejected", personal=("note",))
class LeadRejected:
    """A sales person gave a lead back, with the reason."""

    lead_id: int
    owner_id: int
    reason: str
    note: str = ""


@fact("activity.logged", personal=("text",))
class ActivityLogged:
    """Somebody called, visited, wrote to or noted something about a lead's person."""

    lead_id: int
    activity_id: int
    kind: str
    outcome: str
    text: str
    next_at: datetime | None = None
