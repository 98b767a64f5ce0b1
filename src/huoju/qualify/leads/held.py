"""What leads hold of persons, for requests about data. The lead stays for the figures; what somebody wrote goes."""

from django.utils.translation import gettext_lazy as _

from huoju.core.text import msgid
from huoju.hub.privacy.registry import Table, register_holder, unnamed

_OURS = "SELECT id FROM leads_lead WHERE person_id = ANY(%(persons)s)"

LEADS = Table(
    name="leads_lead",
    where="t.person_id = ANY(%(persons)s)",
    columns={
        name: f"t.{name}"
        for name in (
            *(
                "stage",
                "stage_reason",
                "grade",
                "captured_at",
                "keyword",
                "landing_page",
                "referrer",
                "product",
            ),
            *("region", "industry", "size", "segment", "score", "extra"),
        )
    },
    blank={
        "extra": "'{}'",
        "keyword": "''",
        "landing_page": "''",
        "referrer": "''",
        "external_id": "NULL",
        "warnings": "'[]'",
        "stage_reason": unnamed("t.stage_reason"),
    },
).holder(code="leads", label=_("Leads"), order=30)
STEPS = Table(
    name="leads_stagechange",
    where=f"t.lead_id IN ({_OURS})",
    columns={name: f"t.{name}" for name in ("from_stage", "to_stage", "at", "reason")},
    blank={"reason": unnamed("t.reason")},
    keep=msgid("Steps of leads without personal data, for counts only"),
).holder(code="steps", label=_("Steps of leads"), order=33)
TOUCHES = Table(
    name="leads_touch",
    where=f"t.lead_id IN ({_OURS})",
    columns={name: f"t.{name}" for name in ("at", "via", "keyword", "landing_page", "message")},
    blank={"message": "''", "keyword": "''", "landing_page": "''"},
).holder(code="touches", label=_("Contacts that brought a lead"), order=31)
FOUND = Table(
    name="search_document",
    where=f"t.kind = 'lead' AND t.object_id IN ({_OURS})",
    columns={"title": "t.title", "subtitle": "t.subtitle"},
).holder(code="search", label=_("Search index"), order=32)


def register() -> None:
    """Called once by the wiring."""
    register_holder(LEADS, TOUCHES, FOUND, STEPS)
