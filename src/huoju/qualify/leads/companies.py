"""Leads as a company's page shows them, and what they say of companies."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Max, QuerySet
from django.http import HttpRequest

from huoju.core.access.gate import current_user
from huoju.core.access.models import User
from huoju.core.access.policy import Scope
from huoju.hub.companies.registry import Face, PanelCompany
from huoju.hub.identity import queries as identity

from .models import Lead
from .queries import visible_to

LISTED = 20
"""Leads that a company's page lists."""


def visible_companies(user: User) -> QuerySet[Lead, Any] | None:
    """The companies that the leads which `user` may see name; None for one who sees all leads."""
    if user.scope is Scope.ALL:
        return None
    return visible_to(user).exclude(company=None).values("company_id")


def people_at(user: User, company_ids: Sequence[int], limit: int) -> list[Face]:
    """The newest persons of these companies: all for who sees all leads, else those of the leads that `user` sees."""
    if user.scope is Scope.ALL:
        return [Face(*row) for row in identity.list_people_of_companies(company_ids, limit=limit)]
    rows = (
        visible_to(user)
        .filter(company_id__in=company_ids)
        .order_by()
        .values("person_id", "person__name", "person__title")
        .annotate(newest=Max("pk"))
        .order_by("-newest")
    )
    return [Face(row["person_id"], row["person__name"], row["person__title"]) for row in rows[:limit]]


def common_values(company_ids: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
    """The region and the industry that most leads of each company have. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT company_id, mode() WITHIN GROUP (ORDER BY nullif(region, '')),
                      mode() WITHIN GROUP (ORDER BY nullif(industry, ''))
               FROM leads_lead WHERE company_id = ANY(%s) AND (region <> '' OR industry <> '') GROUP BY company_id""",
            [list(company_ids)],
        )
        return {
            id_: {"region": region or "", "industry": industry or ""}
            for id_, region, industry in cursor.fetchall()
        }


def leads_panel(request: HttpRequest, company: PanelCompany) -> Mapping[str, Any] | None:
    """The newest leads of the company and of the group below it, as far as the user may see them. One query."""
    rows = visible_to(current_user(request)).filter(company_id__in=company.group_ids)
    found = list(
        rows.select_related("person", "company", "owner").order_by("-captured_at", "-pk")[: LISTED + 1]
    )
    return {"leads": found[:LISTED], "more": len(found) > LISTED, "own": set(company.member_ids)}
