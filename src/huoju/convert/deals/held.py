"""Deals and payments, for requests about data: business records that the law tells to keep."""

from django.utils.translation import gettext_lazy as _

from huoju.hub.privacy.registry import Table, register_holder

_LEADS = "SELECT id FROM leads_lead WHERE person_id = ANY(%(persons)s)"
_GROUND = "Commercial and tax records that the law tells to keep (GDPR art. 17 (3)(b), PIPL art. 47)"

OPPORTUNITIES = Table(
    name="deals_opportunity",
    where=f"t.lead_id IN ({_LEADS})",
    columns={
        name: f"t.{name}"
        for name in ("name", "state", "amount", "currency", "opened_at", "won_at", "lost_at")
    },
    keep=_GROUND,
).holder(code="opportunities", label=_("Deals"), order=40)
PAYMENTS = Table(
    name="deals_payment",
    where=f"t.opportunity_id IN (SELECT id FROM deals_opportunity WHERE lead_id IN ({_LEADS}))",
    columns={name: f"t.{name}" for name in ("amount", "currency", "paid_at")},
    keep=_GROUND,
).holder(code="payments", label=_("Payments"), order=41)


def register() -> None:
    """Called once by the wiring."""
    register_holder(OPPORTUNITIES, PAYMENTS)
