"""Profiles of whose members some table says something, as conditions of a list."""

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from huoju.core.among import Asked, fetched, listed
from huoju.hub.identity.queries import MERGED


def found_in(people: QuerySet[Any], found: Sequence[QuerySet[Any, Any]]) -> QuerySet[Any]:
    """Those profiles among `people` of whom, or of whose other members, the id is found by one of the queries."""
    if not found:
        return people.none()
    parts = [each.order_by().query.sql_with_params() for each in found]
    union = " UNION ALL ".join(sql for sql, _ in parts)
    params = [each for _, given in parts for each in given]
    return of_whom(people, owner="person_id", rows=f"FROM ({union}) x(person_id) WHERE true", params=params)


def of_whom(people: QuerySet[Any], *, owner: str, rows: str, params: Sequence[Any]) -> QuerySet[Any]:
    """Those profiles among `people` of whom, or of whose other members, there is one of `rows` (`FROM … x WHERE …`),
    whose column `owner` is a person. Few are fetched at once, else each profile is asked (see `core.among`)."""
    known = fetched(f"SELECT x.{owner} {rows}", params, **MERGED)
    if known is not None:
        return people.filter(listed(known))
    one = f"SELECT 1 {rows} AND x.{owner}"
    asked = RawSQL(
        f"""({one} = identity_person.id LIMIT 1) = 1 OR (
            identity_person.id IN (SELECT profile_id FROM identity_alias) AND (
            SELECT 1 FROM identity_alias a WHERE a.profile_id = identity_person.id
            AND ({one} = a.person_id LIMIT 1) = 1 LIMIT 1) = 1)""",
        [*params, *params],
        output_field=BooleanField(),
    )
    return people.filter(Asked(Q(asked)))
