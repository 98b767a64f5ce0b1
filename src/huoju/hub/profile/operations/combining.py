"""What is known of a profile of several persons: derived from the values of all, kept where it can be asked for."""

from collections.abc import Collection
from datetime import datetime

from huoju.core.facts.operations import NewFact, append
from huoju.hub.identity import operations as identity
from huoju.hub.identity import queries as persons

from ..facts import ProfileCombined
from ..models import Combined
from ..policy import Field
from ..queries import golden_of

FIELDS = (
    "title",
    "region",
    "country",
    "language",
    "source",
    "named",
    "has_mobile",
    "has_email",
    "created_at",
)


def combine_batch(person_ids: Collection[int], *, actor: str, now: datetime) -> list[int]:
    """Derive anew what the profiles of these persons show; returns those of whom it became something else.

    Needs a transaction. Three queries where nobody is merged, whatever the number of persons.
    """
    profiles = {*person_ids, *persons.profiles_of(person_ids).values()}
    merged = _several(profiles).keys()
    profiles = merged | set(Combined.objects.filter(pk__in=profiles).values_list("pk", flat=True))
    if not profiles:
        return []
    identity.hold(profiles)
    # Now that nobody else combines them.
    known, found = Combined.objects.in_bulk(profiles), _combined(_several(profiles))
    facts: list[NewFact] = []
    for pk in sorted(known.keys() | found.keys()):
        before, after = known.get(pk), found.get(pk)
        differing = [name for name in FIELDS if getattr(before, name, None) != getattr(after, name, None)]
        if differing:
            facts.append(NewFact(payload=ProfileCombined(fields=differing), occurred_at=now, person_id=pk))
    Combined.objects.filter(pk__in=known.keys() - found.keys()).delete()
    Combined.objects.bulk_create(
        found.values(), update_conflicts=True, unique_fields=["profile"], update_fields=FIELDS
    )
    append(facts, actor=actor, source="profile", now=now)
    return [fact.person_id for fact in facts if fact.person_id is not None]


def _several(profile_ids: Collection[int]) -> dict[int, list[int]]:
    return {pk: ids for pk, ids in persons.members_of(profile_ids).items() if len(ids) > 1}


def _combined(members: dict[int, list[int]]) -> dict[int, Combined]:
    columns = persons.list_columns([each for ids in members.values() for each in ids])
    found = {}
    for pk, fields in golden_of(members).items():
        first = min((columns[each] for each in members[pk]), key=lambda each: each.created_at)
        found[pk] = Combined(
            profile_id=pk,
            title=fields[Field.TITLE].value,
            region=fields[Field.REGION].value,
            country=fields[Field.COUNTRY].value,
            language=fields[Field.LANGUAGE].value,
            source=first.source,
            named=bool(fields[Field.NAME].value),
            has_mobile=bool(fields[Field.MOBILE].value),
            has_email=bool(fields[Field.EMAIL].value),
            created_at=first.created_at,
        )
    return found
