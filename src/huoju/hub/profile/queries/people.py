"""People as lists show them, as far as a user may see them."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.lookups import Exact, IsNull
from django.http import Http404

from huoju.core import among as sets
from huoju.core.among import Asked, listed
from huoju.core.facts.kinds import kind_of
from huoju.core.ui.keyset import Moved
from huoju.hub.identity import queries as persons
from huoju.hub.identity.facts import PersonMerged, PersonUnmerged

from ..models import Combined
from ..registry import visible_ids
from .values import golden_of

MERGES = frozenset(kind_of(each).name for each in (PersonMerged, PersonUnmerged))
"""The kinds of facts after which a person may be read as another profile."""


def list_combined(*, after: int, limit: int) -> list[int]:
    """Profiles of several persons, and those that were, as far as something is kept of them; by id."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT profile_id FROM identity_alias WHERE profile_id > %(after)s
               UNION SELECT profile_id FROM profile_combined WHERE profile_id > %(after)s
               ORDER BY profile_id LIMIT %(limit)s""",
            {"after": after, "limit": limit},
        )
        return [id_ for (id_,) in cursor.fetchall()]


def lacks_combined() -> bool:
    """Whether some profile of several persons was last looked at by a version that did not keep what is kept today."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT FROM identity_alias a WHERE NOT EXISTS (
                   SELECT FROM profile_combined c WHERE c.profile_id = a.profile_id AND c.known_first IS NOT NULL))"""
        )
        return bool(cursor.fetchone()[0])


def by_age() -> Moved:
    """Profiles that are older than their own person: they stand in lists where their oldest member would."""
    rows = Combined.objects.exclude(known_first=F("profile"))
    return Moved(rows, key="known_first", row="profile_id")


def surviving(people: QuerySet[Any], field: str, condition: Q | Asked) -> QuerySet[Any]:
    """Those among `people` of whom the value of `field` that is shown meets `condition` (on a column of a person).

    Of merged persons the value may be a member's. Few of those are fetched at once, else each row is asked.
    """
    differing = Combined.objects.filter(elsewhere__contains=[field]).annotate(
        fits=Case(When(Q(condition), Value(True)), default=False, output_field=BooleanField())
    )
    whole = Q(condition)
    few = list(differing.values_list("pk", "fits")[: sets.FEW + 1])
    if len(few) > sets.FEW:
        fits = Subquery(differing.filter(pk=OuterRef("pk")).values("fits")[:1])
        right = list(differing.filter(fits=True).values_list("pk", flat=True)[: sets.FEW + 1])
        shown = Q(listed(right)) if len(right) <= sets.FEW else Q(Exact(fits, True))
        # The row's own value first: most rows need not be asked whether another one is shown.
        whole = shown | whole & Q(IsNull(fits, True))
        return people.filter(Asked(whole))
    if few:
        wrong, right = ([pk for pk, fits in few if fits is answer] for answer in (False, True))
        whole = whole & ~Q(listed(wrong)) | Q(listed(right))
    return people.filter(Asked(whole) if isinstance(condition, Asked) else whole)


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
    if members:
        show_origin(row for row in rows if row.pk in members)


def show_origin(people: Iterable[Any]) -> None:
    """Let rows of merged persons say since when one of them is known, and where one of them works. One query.

    Not to be saved.
    """
    rows = list(people)
    kept = Combined.objects.select_related("company").in_bulk([row.pk for row in rows])
    for row in rows:
        if combined := kept.get(row.pk):
            row.created_at, row.company = combined.created_at, combined.company


def list_people(user: Any) -> QuerySet[Any]:
    """The profiles that `user` may see: those of whom they may see a member. With their companies."""
    ids = visible_ids(user)
    return persons.list_profiles() if ids is None else persons.among(persons.list_persons(), ids)


def get_visible(user: Any, person_id: int) -> Any:
    """A profile's own person, with the company. Raises `Http404` if there is none or `user` may not see it."""
    ids = visible_ids(user)
    people = persons.list_profiles() if ids is None else persons.among(persons.list_persons(), ids, one=True)
    found = people.filter(pk=person_id).first()
    if found is None:
        raise Http404
    return found
