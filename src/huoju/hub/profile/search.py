"""People as the global search finds them, as far as nothing else stands for them there: those without a lead.

A person with a lead is found by the lead. The others (a subscriber, a business card, a visitor who became known) have
documents of their own, one a record, open to those who see everybody; a hit is shown as the profile that it is read as.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huoju.core.access.models import User
from huoju.core.facts.readers import StoredFact
from huoju.core.search.kinds import Entry, SearchKind, Shown
from huoju.hub.identity.facts import CompanyJoined, CompanyLeft, PersonAdded
from huoju.hub.identity.queries import get_persons, profiles_of

from . import jobs
from .facts import FieldChanged
from .queries import show_golden
from .registry import represented, visible_ids

_EVERYBODY = "everybody"
"""Who may see these documents. As a term it also keeps apart the few of them from a million others."""


def _touched(facts: Sequence[StoredFact]) -> set[int]:
    """The persons whose documents may differ now. A merge changes none: documents are of records."""
    return {fact.person_id for fact in facts if fact.person_id is not None}


def _fetch(ids: Sequence[int]) -> list[Entry]:
    """Those of the persons who have no lead. Two queries, however many."""
    taken = represented(ids)
    rows = get_persons([pk for pk in ids if pk not in taken])
    return [
        Entry(
            object_id=pk,
            title=str(row),
            subtitle=row.company.name if row.company else "",
            texts=(row.email, row.mobile, str(pk)),
            audience=(_EVERYBODY,),
            weight=int(row.created_at.timestamp()),
        )
        for pk, row in rows.items()
        if row.name or row.email or row.mobile or row.company_id  # else erased
    ]


def _show(user: User, ids: Sequence[int]) -> Mapping[int, Shown]:
    """As they are now, a profile once; whoever has no name is called by a masked address. A handful of queries."""
    if visible_ids(user) is not None:
        return {}
    first = {profile_id: pk for pk, profile_id in reversed(profiles_of(ids).items())}
    rows = get_persons(list(first))
    show_golden(rows.values())
    return {
        first[pk]: Shown(
            title=str(row),
            subtitle=" · ".join(filter(None, [row.company.name if row.company else "", row.title])),
            url=reverse("profile:person", args=[pk]),
        )
        for pk, row in rows.items()
    }


def _index_again() -> None:
    jobs.index_people.using(key="index_people").defer()


def people(changed_by: Sequence[type[Any]]) -> SearchKind:
    """The kind. `changed_by`: the facts of upper wings after which something else may stand for a person."""
    return SearchKind(
        code=jobs.PEOPLE,
        label=_("People"),
        icon="user",
        facts=(PersonAdded, FieldChanged, CompanyJoined, CompanyLeft, *changed_by),
        touched=_touched,
        fetch=_fetch,
        audience_of=lambda user: [_EVERYBODY] if visible_ids(user) is None else [],
        show=_show,
        forgotten=_index_again,
    )
