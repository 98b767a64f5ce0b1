"""What is known of a profile of several persons: derived from the values of all, kept where it can be asked for."""

from collections.abc import Collection, Mapping
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
    "company_id",
)
"""What is told of when it becomes something else."""
_LISTS = ("known_first", "elsewhere")


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
        found.values(), update_conflicts=True, unique_fields=["profile"], update_fields=(*FIELDS, *_LISTS)
    )
    append(facts, actor=actor, source="profile", now=now)
    return [fact.person_id for fact in facts if fact.person_id is not None]


def _several(profile_ids: Collection[int]) -> dict[int, list[int]]:
    return {pk: ids for pk, ids in persons.members_of(profile_ids).items() if len(ids) > 1}


def _combined(members: dict[int, list[int]]) -> dict[int, Combined]:
    columns = persons.list_columns([each for ids in members.values() for each in ids])
    found = {}
    for pk, fields in golden_of(members).items():
        known_first = min(members[pk], key=lambda each: (columns[each].created_at, each))
        first, own = columns[known_first], columns[pk]
        found[pk] = made = Combined(
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
            company_id=_employer(pk, {each: columns[each].company_id for each in members[pk]}),
            known_first=known_first,
        )
        asked_for: dict[str, object] = {
            "title": own.values["title"],
            "region": own.values["region"],
            "company_id": own.company_id,
            "created_at": own.created_at,
        }
        made.elsewhere = [name for name, value in asked_for.items() if getattr(made, name) != value]
    return found


def _employer(profile_id: int, employers: Mapping[int, int | None]) -> int | None:
    """Where a profile works: the company of its own person, else that of the newest member who has one."""
    newest_first = sorted(employers, key=lambda each: (each == profile_id, each), reverse=True)
    return next((employers[each] for each in newest_first if employers[each] is not None), None)
