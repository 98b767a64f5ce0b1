"""Companies as the global search finds them.

Companies come in with leads, faster than facts of their own could be paid for, so their documents are written when
they are studied; facts tell of what people change afterwards.
"""

from collections.abc import Mapping, Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huoju.core.access.models import User
from huoju.core.facts.readers import StoredFact
from huoju.core.places import region_name
from huoju.core.search.kinds import Entry, SearchKind, Shown

from .display import industry_name
from .facts import CompanyDomainsChanged, CompanyMerged, CompanyUnmerged, CompanyUpdated
from .models import Alias, Company, CompanyDomain
from .queries import members_of, visible_to


def _touched(facts: Sequence[StoredFact]) -> set[int]:
    """The companies whose documents may differ now: a merge changes two."""
    ours = [fact for fact in facts if fact.kind.startswith("company.") and fact.company_id is not None]
    ids = {fact.company_id for fact in ours if fact.company_id is not None}
    return ids | {int(fact.payload["main_id"]) for fact in ours if "main_id" in fact.payload}


def _fetch(ids: Sequence[int]) -> list[Entry]:
    """Four queries; a main company is found by the names, numbers and domains of all that are merged into it."""
    merged = set(Alias.objects.filter(company_id__in=ids).values_list("company_id", flat=True))
    members = members_of([id_ for id_ in ids if id_ not in merged])
    of = {member: main for main, group in members.items() for member in group}
    rows = {
        row[0]: row[1:]
        for row in Company.objects.filter(pk__in=of).values_list("pk", "name", "brand", "uscc")
    }
    texts: dict[int, list[str]] = {}
    for member, (name, brand, uscc) in rows.items():
        # A number is found by any four of its digits in a row, one with letters by its beginning.
        numbers = (uscc, uscc[:17] if uscc[:17].isdecimal() else uscc[:8]) if uscc else ()
        own = (brand, name if member != of[member] else "", *numbers)
        texts.setdefault(of[member], []).extend(filter(None, own))
    for member, domain in CompanyDomain.objects.filter(company_id__in=of).values_list("company_id", "domain"):
        texts.setdefault(of[member], []).append(domain)
    return [
        Entry(object_id=main, title=rows[main][0], texts=tuple(texts.get(main, ())), weight=main)
        for main in members
        if main in rows
    ]


def _show(user: User, ids: Sequence[int]) -> Mapping[int, Shown]:
    found = visible_to(user).filter(Q(pk__in=ids)).values_list("pk", "name", "industry", "region")
    return {
        pk: Shown(
            title=name,
            subtitle=" · ".join(filter(None, [industry_name(industry), region_name(region)])),
            url=reverse("companies:company", args=[pk]),
        )
        for pk, name, industry, region in found
    }


def _study_again() -> None:
    Company.objects.update(studied_at=None)


COMPANIES = SearchKind(
    code="company",
    label=_("Companies"),
    icon="building",
    facts=(CompanyUpdated, CompanyMerged, CompanyUnmerged, CompanyDomainsChanged),
    touched=_touched,
    fetch=_fetch,
    audience_of=lambda _user: None,
    show=_show,
    forgotten=_study_again,
)
"""Found by name, short name, registration number and domain; seen as far as `visible_to` allows."""
