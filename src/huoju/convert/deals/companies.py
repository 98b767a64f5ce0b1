"""Deals and money as a company's page shows them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest

from huoju.core.access.gate import current_user
from huoju.hub.companies.registry import PanelCompany

from .models import Opportunity, Payment
from .queries import visible_to

LISTED = 20
"""Deals that a company's page lists."""


def deals_panel(request: HttpRequest, company: PanelCompany) -> Mapping[str, Any] | None:
    """The deals of the company and of the group below it with what came in, as far as the user may see their leads.

    None where there are none. Two queries: the newest deals, and the sums over all of them by currency.
    """
    deals = visible_to(current_user(request)).filter(company_id__in=company.group_ids)
    paid = Payment.objects.filter(opportunity=OuterRef("pk")).order_by().values("opportunity")
    listed = deals.annotate(paid=Subquery(paid.annotate(sum=Sum("amount")).values("sum"), DecimalField()))
    found = list(listed.select_related("company").order_by("-opened_at", "-pk")[:LISTED])
    if not found:
        return None
    return {"deals": found, "sums": _sums(deals), "own": set(company.member_ids)}


def _sums(deals: QuerySet[Opportunity]) -> list[tuple[str, Decimal]]:
    """What was collected on all these deals, by currency."""
    rows = Payment.objects.filter(opportunity__in=deals.order_by().values("pk")).order_by().values("currency")
    return [(row["currency"], row["sum"]) for row in rows.annotate(sum=Sum("amount")).order_by("currency")]
