"""Facts of leads. Together they tell a lead's whole life: the funnel is folded from them alone."""

from dataclasses import field
from datetime import datetime

from huoju.core.facts.kinds import fact


@fact("lead.captured", personal=("message",))
class LeadCaptured:
    """A person's interest became a lead. `occurred_at` is the first contact.

    Codes are those of the rooms that own them (channel and campaign ids, region GB/T 2260, industry and size codes).
    `purpose` is what the form was for (contact, trial, download …): scoring weighs it.
    """

    lead_id: int
    via: str
    channel_id: int | None = None
    campaign_id: int | None = None
    keyword: str = ""
    landing_page: str = ""
    product: str = ""
    region: str = ""
    industry: str = ""
    size: str = ""
    segment: str = ""
    submission_id: int | None = None
    import_id: int | None = None
    message: str = ""
    purpose: str = ""
    weighed: bool = False  # scored, and perhaps recognised, in the moment that made it


@fact("lead.touched", personal=("message",))
class LeadTouched:
    """A further interest joined an open lead."""

    lead_id: int
    via: str
    channel_id: int | None = None
    campaign_id: int | None = None
    keyword: str = ""
    landing_page: str = ""
    submission_id: int | None = None
    import_id: int | None = None
    message: str = ""
    purpose: str = ""


@fact("lead.stage_changed")
class LeadStageChanged:
    """A lead went from one stage to another, at `occurred_at`; `rule` names the rule and version that decided."""

    lead_id: int
    from_stage: str
    to_stage: str
    reason: str = ""
    rule: str = ""


@fact("lead.assigned")
class LeadAssigned:
    """A lead got an owner (None: back to nobody). `trace` explains a routing decision, line by line."""

    lead_id: int
    owner_id: int | None
    previous_owner_id: int | None = None
    sdr_id: int | None = None
    rule: str = ""
    trace: list[str] = field(default_factory=list)


@fact("lead.updated")
class LeadUpdated:
    """Dimensions of a lead changed (corrected by hand or by a later file): field → new value."""

    lead_id: int
    changes: dict[str, str | int | None]


@fact("lead.warned")
class LeadWarned:
    """Something in a lead's data cannot be right (won before first contact, say): kept and flagged."""

    lead_id: int
    codes: list[str]


@fact("lead.withdrawn")
class LeadWithdrawn:
    """A lead was taken back as if it had never been: its import was rolled back."""

    lead_id: int
    reason: str
    import_id: int | None = None


@fact("lead.touch_withdrawn")
class LeadTouchWithdrawn:
    """A touch that joined a lead at `at` was taken back: the import that brought it was rolled back."""

    lead_id: int
    import_id: int
    at: datetime


@fact("lead.restored")
class LeadRestored:
    """An import's change of an existing lead was rolled back: this is the lead as it was before."""

    lead_id: int
    import_id: int
    stage: str
    times: dict[str, datetime | None]
    owner_id: int | None
    sdr_id: int | None = None
    dimensions: dict[str, str | int | None] = field(default_factory=dict)


@fact("contact.revealed")
class ContactRevealed:
    """Somebody looked at a masked phone number or mail address (`field`: mobile, email)."""

    lead_id: int
    field: str
