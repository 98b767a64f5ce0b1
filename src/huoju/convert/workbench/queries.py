"""Reading the workbench."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from huoju.core.access.models import User
from huoju.qualify.leads import queries as leads
from huoju.qualify.leads.policy import Stage

from .models import Activity

QUIET_DAYS = 7
"""An SQL without any activity for so long is at risk of going out unseen."""


def list_waiting(user: User) -> QuerySet[Any]:
    """MQLs that wait for an answer: the user's own, and for managers the team's and nobody's; longest waiting first."""
    waiting = leads.visible_to(user).filter(stage=Stage.MQL)
    if not user.role.startswith("sales_"):
        waiting = waiting.filter(owner_id=user.pk)
    ordered = waiting.order_by(F("assigned_at").asc(nulls_first=True), "pk")
    return ordered.select_related("person", "company", "channel", "owner")


def list_activities(lead_id: int) -> list[Activity]:
    """The latest activities of a lead."""
    return list(Activity.objects.filter(lead_id=lead_id).select_related("by").order_by("-at", "-pk")[:20])


@dataclass(frozen=True, slots=True)
class Day:
    """What a sales person has to do: leads with `next_at` (the planned contact) or `last_at` (the last activity)."""

    overdue: list[Any]
    today: list[Any]
    quiet: list[Any]
    waiting: int


def my_day(user: User, *, now: datetime, midnight: datetime, limit: int = 50) -> Day:
    """The user's open leads with a planned contact overdue or due today, and those that nobody spoke to for a week."""
    latest = Activity.objects.filter(lead_id=OuterRef("pk")).order_by("-at", "-pk")
    mine = (
        leads.visible_to(user)
        .filter(owner_id=user.pk, stage__in=[Stage.SQL, Stage.OPPORTUNITY, Stage.POC])
        .select_related("person", "company")
        .annotate(next_at=Subquery(latest.values("next_at")[:1]), last_at=Subquery(latest.values("at")[:1]))
    )
    planned = list(mine.filter(next_at__lt=midnight).order_by("next_at")[:limit])
    quiet_since = now - timedelta(days=QUIET_DAYS)
    silent = Q(last_at=None) | Q(last_at__lt=quiet_since)
    unplanned = mine.filter(silent, next_at=None, stage_at__lt=quiet_since)
    return Day(
        overdue=[lead for lead in planned if lead.next_at < now],
        today=[lead for lead in planned if lead.next_at >= now],
        quiet=list(unplanned.order_by(F("last_at").asc(nulls_first=True), "pk")[:limit]),
        waiting=list_waiting(user).count(),
    )
