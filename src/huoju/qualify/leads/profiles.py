"""What leads show on a person's page: stage and score, the list of leads, and the panels of the lead in hand."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from huoju.core.access.gate import current_user
from huoju.core.access.models import User
from huoju.core.access.policy import Scope
from huoju.core.among import listed
from huoju.core.search import queries as search
from huoju.core.ui import stages
from huoju.core.ui.parts import Figure
from huoju.core.ui.templatetags.ui import number

from .models import OPEN_STAGES, Lead
from .panels import LEAD_PANELS
from .queries import visible_to
from .search import LEADS

type Build = Callable[[HttpRequest, Any], Mapping[str, Any] | None]


def visible_persons(user: User) -> QuerySet[Lead, Any] | None:
    """The persons of the leads that `user` may see, as a subquery; None for one who sees all."""
    return None if user.scope is Scope.ALL else visible_to(user).order_by().values("person_id")


def represented(person_ids: Sequence[int]) -> set[int]:
    """Those of the persons who have a lead: it stands for them in the search. One query."""
    return set(Lead.objects.filter(listed(person_ids, "person_id")).values_list("person_id", flat=True))


def found_persons(query: str) -> QuerySet[Lead, Any] | None:
    """The persons whose leads the search finds, as a subquery; None where there is nothing to look for."""
    found = search.matching(LEADS, query)
    return None if found is None else Lead.objects.filter(pk__in=found).order_by().values("person_id")


def leads_of(request: HttpRequest, profile: Any) -> Sequence[Lead]:
    """The leads of all members that the user may see, the latest interest first. One query a page."""
    if "leads" not in profile.memo:
        rows = visible_to(current_user(request)).filter(person_id__in=profile.members)
        profile.memo["leads"] = list(
            rows.select_related("person", "company", "campaign", "channel", "owner", "sdr").order_by(
                "-captured_at", "-pk"
            )[:50]
        )
    found: Sequence[Lead] = profile.memo["leads"]
    return found


def current_lead(request: HttpRequest, profile: Any) -> Lead | None:
    """The lead that is in hand: the latest open one, else the latest."""
    leads = leads_of(request, profile)
    return next((lead for lead in leads if lead.stage in OPEN_STAGES), leads[0] if leads else None)


def of_current_lead(build: Build) -> Build:
    """A panel of a lead's page as one of a person's page, for the lead in hand."""

    def build_for_profile(request: HttpRequest, profile: Any) -> Mapping[str, Any] | None:
        lead = current_lead(request, profile)
        return None if lead is None else build(request, lead)

    return build_for_profile


def mark_panel(request: HttpRequest, profile: Any) -> Mapping[str, Any] | None:
    """The stage beside the name."""
    lead = current_lead(request, profile)
    return None if lead is None else {"lead": lead}


def next_panel(request: HttpRequest, profile: Any) -> Mapping[str, Any] | None:
    """What the lead's page says is next for the lead in hand."""
    lead = current_lead(request, profile)
    shown = LEAD_PANELS.shown(request, lead, "next") if lead else []
    return {"shown": shown} if shown else None


def stage_glance(request: HttpRequest, profile: Any) -> Mapping[str, Any] | None:
    """Where the lead in hand stands, and since when."""
    lead = current_lead(request, profile)
    if lead is None:
        return None
    days = (timezone.now() - lead.stage_at).days
    note = ngettext("for %(n)s day", "for %(n)s days", days) % {"n": number(days)}
    owner = str(lead.owner) if lead.owner else _("nobody's yet")
    return {
        "figure": Figure(label=_("Stage"), value=str(stages.look(lead.stage).label), note=f"{note} · {owner}")
    }


def score_glance(request: HttpRequest, profile: Any) -> Mapping[str, Any] | None:
    """The score of the lead in hand."""
    lead = current_lead(request, profile)
    if lead is None:
        return None
    note = _("grade %(band)s") % {"band": lead.band} if lead.band else ""
    return {"figure": Figure(label=_("Score"), value=str(lead.score), note=note)}


def leads_panel(request: HttpRequest, profile: Any) -> Mapping[str, Any] | None:
    """All leads of the person."""
    leads = leads_of(request, profile)
    return {"leads": leads} if leads else None
