"""Notes of calls and visits, for requests about data."""

from django.utils.translation import gettext_lazy as _

from huoju.hub.privacy.registry import Table, register_holder

ACTIVITIES = Table(
    name="workbench_activity",
    where="t.lead_id IN (SELECT id FROM leads_lead WHERE person_id = ANY(%(persons)s))",
    columns={name: f"t.{name}" for name in ("kind", "outcome", "text", "at", "next_at")},
    blank={"text": "''"},
).holder(code="activities", label=_("Calls, visits and notes"), order=10)


def register() -> None:
    """Called once by the wiring."""
    register_holder(ACTIVITIES)
