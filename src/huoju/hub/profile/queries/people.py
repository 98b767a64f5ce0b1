"""People as lists show them, as far as a user may see them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.http import Http404

from huoju.core.bulk import numbers
from huoju.core.facts.kinds import kind_of
from huoju.hub.identity import queries as persons
from huoju.hub.identity.facts import PersonMerged, PersonUnmerged

from ..models import Combined
from ..registry import visible_ids
from .values import golden_of

MERGES = frozenset(kind_of(each).name for each in (PersonMerged, PersonUnmerged))
"""The kinds of facts after which a person may be read as another profile."""


def former_profiles(person_ids: Sequence[int]) -> list[int]:
    """The profiles that the persons were ever merged into: after a merge is taken back those have changed as well."""
    if not person_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT (payload ->> 'profile_id')::bigint FROM facts_fact
               WHERE person_id = ANY(%s::bigint[]) AND kind = ANY(%s)""",
            [numbers(person_ids), list(MERGES)],
        )
        return [pk for (pk,) in cursor.fetchall() if pk is not None]


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
