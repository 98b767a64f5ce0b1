"""Leads as the global search finds them."""

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huoju.core.access.models import User
from huoju.core.access.policy import Scope
from huoju.core.among import listed
from huoju.core.facts.kinds import kind_of
from huoju.core.facts.readers import StoredFact
from huoju.core.search.kinds import Entry, SearchKind, Shown
from huoju.hub.profile.facts import FieldChanged

from .facts import (
    LeadAssigned,
    LeadCaptured,
    LeadRestored,
    LeadStageChanged,
    LeadTouched,
    LeadUpdated,
    LeadWithdrawn,
)
from .models import Lead
from .policy import Stage
from .queries import visible_to

_POOL, _NOBODY = "pool", "nobody"
_MOVED = kind_of(LeadStageChanged).name
_RENAMED = kind_of(FieldChanged).name


def _touched(facts: Sequence[StoredFact]) -> set[int]:
    """The leads whose documents may differ now. Of the stages only the pool is in a document."""
    renamed = {fact.person_id for fact in facts if fact.kind == _RENAMED and fact.person_id is not None}
    of_persons = Lead.objects.filter(person_id__in=renamed).values_list("pk", flat=True) if renamed else ()
    return {
        *of_persons,
        *_told(facts),
    }


def _told(facts: Sequence[StoredFact]) -> set[int]:
    return {
        int(fact.payload["lead_id"])
        for fact in facts
        if "lead_id" in fact.payload
        and (fact.kind != _MOVED or Stage.POOL in (fact.payload["from_stage"], fact.payload["to_stage"]))
    }


def _fetch(ids: Sequence[int]) -> list[Entry]:
    """One query; a lead is found by person, company, mail, phone and numbers."""
    rows = Lead.objects.filter(listed(ids)).values_list(
        *("pk", "person__name", "person__email", "person__mobile", "company__name"),
        *("owner_id", "stage", "captured_at", "external_id"),
    )
    return [
        Entry(
            object_id=pk,
            title=name or company or f"#{pk}",
            subtitle=(company or "") if name else "",
            texts=(email, mobile, str(pk), (external or "").partition(":")[2]),
            audience=_audience(owner, stage),
            weight=int(captured.timestamp()),
        )
        for pk, name, email, mobile, company, owner, stage, captured, external in rows
    ]


def _audience(owner_id: int | None, stage: str) -> tuple[str, ...]:
    """The groups of `visible_to`: the owner, everybody's pool, and what is nobody's."""
    groups = [f"user:{owner_id}"] if owner_id is not None else [_NOBODY]
    return (*groups, _POOL) if stage == Stage.POOL else tuple(groups)


def _audience_of(user: User) -> list[str] | None:
    match user.scope:
        case Scope.ALL:
            return None
        case Scope.OWN:
            return [f"user:{user.pk}", _POOL]
    team = (
        User.objects.filter(team_id=user.team_id).values_list("pk", flat=True) if user.team_id else [user.pk]
    )
    return [*(f"user:{pk}" for pk in team), _POOL, _NOBODY]


def _show(user: User, ids: Sequence[int]) -> Mapping[int, Shown]:
    """The leads as they are now, as far as the user may see them. One query."""
    found = visible_to(user).filter(pk__in=ids).values_list("pk", "person__name", "company__name", "stage")
    return {
        pk: Shown(
            title=name or company or f"#{pk}",
            subtitle=" · ".join(filter(None, [company if name else "", f"#{pk}"])),
            url=reverse("leads:lead", args=[pk]),
            badge=stage,
        )
        for pk, name, company, stage in found
    }


LEADS = SearchKind(
    code="lead",
    label=_("Leads"),
    icon="flame",
    facts=(
        *(
            LeadCaptured,
            LeadTouched,
            LeadAssigned,
            LeadUpdated,
            LeadStageChanged,
            LeadRestored,
            LeadWithdrawn,
            FieldChanged,
        ),
    ),
    touched=_touched,
    fetch=_fetch,
    audience_of=_audience_of,
    show=_show,
)
"""Found by name, company, mail, phone and number; seen as far as `visible_to` allows."""
