"""People as lists show them, as far as a user may see them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from huoju.core.facts.kinds import kind_of
from huoju.hub.identity import queries as persons
from huoju.hub.identity.facts import PersonMerged, PersonUnmerged

from ..models import Combined
from ..registry import visible_ids
from .values import golden_of

MERGES = frozenset(kind_of(each).name for each in (PersonMerged, PersonUnmerged))
"""The kinds of facts after which a person may be read as another profile."""


def list_combined(*, after: int, limit: int) -> list[int]:
    """Profiles of several persons, by id."""
    rows = Combined.objects.filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def show_golden(people: Iterable[Any]) -> None:
    """Let these rows of persons (of a page) say what survives among the values of everybody who is merged with them.

    Not to be saved. One query where nobody is merged.
    """
    rows = list(people)
    members = {pk: ids for pk, ids in persons.members_of({row.pk for row in rows}).items() if len(ids) > 1}
    golden = golden_of(members) if members else {}
    for row in rows:
        for name, known in golden.get(row.pk, {}).items():
            setattr(row, name.value, known.value)


def list_people(user: Any) -> QuerySet[Any]:
    """The profiles that `user` may see: those of whom they may see a member. With their companies."""
    ids = visible_ids(user)
    return persons.list_profiles() if ids is None else persons.among(persons.list_profiles(), ids)


def get_visible(user: Any, person_id: int) -> Any:
    """A profile's own person, with the company. Raises `Http404` if there is none or `user` may not see it."""
    ids = visible_ids(user)
    people = persons.list_profiles() if ids is None else persons.among(persons.list_profiles(), ids, one=True)
    found = people.filter(pk=person_id).first()
    if found is None:
        raise Http404
    return found
