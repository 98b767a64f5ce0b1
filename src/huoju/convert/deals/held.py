"""Deals, trials and payments, for requests about data: business records that the law tells to keep.

What people typed into them stays as long as it does not name the person.
"""

from django.utils.translation import gettext_lazy as _

from huoju.core.text import msgid
from huoju.hub.privacy.registry import Table, register_holder, unnamed

_LEADS = "SELECT id FROM leads_lead WHERE person_id = ANY(%(persons)s)"
_DEALS = f"SELECT id FROM deals_opportunity WHERE lead_id IN ({_LEADS})"
_GROUND = msgid("Commercial and tax records that the law tells to keep (GDPR art. 17 (3)(b), PIPL art. 47)")

OPPORTUNITIES = Table(
    name="deals_opportunity",
    where=f"t.lead_id IN ({_LEADS})",
    columns={
        name: f"t.{name}"
        for name in ("name", "state", "amount", "currency", "opened_at", "won_at", "lost_at")
    },
    blank={
        "name": unnamed(
            "t.name",
            "COALESCE((SELECT c.name FROM companies_company c WHERE c.id = t.company_id), '#' || t.id)",
        ),
        "competitor": unnamed("t.competitor"),
    },
    keep=_GROUND,
).holder(code="opportunities", label=_("Deals"), order=40)
TRIALS = Table(
    name="deals_poc",
    where=f"t.opportunity_id IN ({_DEALS})",
    columns={
        name: f"t.{name}" for name in ("criteria", "started_at", "ended_at", "result", "failure_reason")
    },
    blank={"criteria": unnamed("t.criteria"), "failure_reason": unnamed("t.failure_reason")},
    keep=_GROUND,
).holder(code="trials", label=_("Trials (POC)"), order=42)
PAYMENTS = Table(
    name="deals_payment",
    where=f"t.opportunity_id IN ({_DEALS})",
    columns={name: f"t.{name}" for name in ("amount", "currency", "paid_at", "note")},
    blank={"note": unnamed("t.note")},
    keep=_GROUND,
).holder(code="payments", label=_("Payments"), order=41)


def register() -> None:
    """Called once by the wiring."""
    register_holder(OPPORTUNITIES, TRIALS, PAYMENTS)
