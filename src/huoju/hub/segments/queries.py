"""Reading segments: what may be asked, who is in, who was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum

from huoju.core.bulk import numbers
from huoju.core.facts.kinds import kind_of
from huoju.core.lake.tables import table_named
from huoju.hub.companies.facts import CompanyMerged, CompanyUnmerged
from huoju.hub.profile import queries as profile_queries
from huoju.hub.profile.facts import TagAdded, TagRemoved
from huoju.hub.profile.registry import all_sources

from .asking import company_zone
from .models import ListEntry, Membership, PersonList, Segment, SegmentVersion, Tally
from .policy.definition import Definition, referred_lists, referred_segments
from .policy.formula import Dependencies, Formula, dependencies, normalise
from .policy.parsing import DefinitionError, parse
from .policy.vocabulary import FactInfo, TraitInfo, Vocabulary
from .registry import Choices, all_activities

# --- what may be asked --------------------------------------------------------------------------------------------


def _values(choices: Choices | None) -> tuple[str, ...] | None:
    return tuple(str(value) for value, _label in choices()) if choices else None


def traits(*, choices: bool = False) -> dict[str, TraitInfo]:
    """The registered traits, on demand with the values that they may be compared with as they are now."""
    found = {}
    for source in all_sources():
        kinds = frozenset(kind_of(payload).name for payload in source.changed_by) - profile_queries.MERGES
        for trait in source.traits:
            found[trait.code] = TraitInfo(
                code=trait.code,
                type=trait.type,
                source=source.code,
                whole=source.table.columns[trait.column].startswith("int") and trait.choices is not None,
                changed_by=kinds,
                choices=_values(trait.choices) if choices else None,
            )
    return found


COMPANY_MERGES = frozenset(kind_of(payload).name for payload in (CompanyMerged, CompanyUnmerged))
"""Kinds of facts about two companies: the one that they are filed under, and `main_id`."""


def shared_kinds() -> frozenset[str]:
    """The kinds of facts that are filed under one person and concern everybody at the company that they name."""
    return frozenset(kind_of(payload).name for source in all_sources() for payload in source.shared_by)


def activities(*, choices: bool = False) -> dict[str, FactInfo]:
    """The registered activities, on demand with the values that their fields may be compared with."""
    return {
        kind: FactInfo(
            kind=kind,
            fields={each.name: each.type for each in activity.fields},
            whole=frozenset(each.name for each in activity.fields if each.whole),
            choices={
                each.name: known
                for each in activity.fields
                if choices and (known := _values(each.choices)) is not None
            },
        )
        for kind, activity in all_activities().items()
    }


def vocabulary(*, choices: bool = False) -> Vocabulary:
    """Everything that definitions may name, as it is now. Four queries; with the `choices` of each value some more."""
    return Vocabulary(
        traits=traits(choices=choices),
        facts=activities(choices=choices),
        segments=definitions(),
        names=dict(Segment.objects.filter(archived=False).values_list("pk", "name")),
        lists=frozenset(PersonList.objects.values_list("pk", flat=True)),
        tags=frozenset(int(pk) for pk, _ in profile_queries.tag_options()),
        tag_kinds=frozenset(kind_of(each).name for each in (TagAdded, TagRemoved)),
    )


def definitions() -> dict[int, Definition]:
    """The definition in force of every segment that is not archived and can be read. One query."""
    rows = SegmentVersion.objects.filter(number=F("segment__version"), segment__archived=False)
    found = {}
    for pk, data in rows.values_list("segment_id", "definition"):
        try:
            found[pk] = parse(data)
        except DefinitionError:
            continue  # written by a later version of the product: it counts as absent, and its page says why
    return found


@dataclass(frozen=True, slots=True)
class Running:
    """A segment as it is kept up to date."""

    pk: int
    version: int
    building: bool
    formula: Formula
    depends: Dependencies = field(hash=False, compare=False)


@lru_cache(maxsize=4)
def _plain(key: tuple[object, ...]) -> tuple[Running, ...]:
    """`running`, kept while neither segments nor what they name have changed (`key`)."""
    del key
    known = vocabulary()
    rows = Segment.objects.filter(archived=False).exclude(state=Segment.State.BROKEN).order_by("pk")
    found = []
    for pk, version, state in rows.values_list("pk", "version", "state"):
        try:
            formula = normalise(known.segments[pk], known, company_zone())
        except (KeyError, DefinitionError):
            continue  # something it names is gone; it stays as it was until it is built again, which says so
        building = state == Segment.State.BUILDING
        found.append(Running(pk, version, building, formula, dependencies(formula, known)))
    return tuple(found)


def running() -> tuple[Running, ...]:
    """All segments that are kept up to date. One query while nothing about them has changed."""
    rows = Segment.objects.filter(archived=False).order_by("pk").values_list("pk", "version", "state")
    return _plain((connection.settings_dict["NAME"], *rows))


# --- segments --------------------------------------------------------------------------------------------------------


def list_segments(*, archived: bool | None = False) -> QuerySet[Segment]:
    """Segments by name."""
    rows = Segment.objects.select_related("created_by").order_by("name")
    return rows if archived is None else rows.filter(archived=archived)


def get_definition(segment: Segment, number: int | None = None) -> dict[str, object]:
    """The JSON of a version, else of the one in force. Raises `SegmentVersion.DoesNotExist`."""
    found: dict[str, object] = SegmentVersion.objects.get(
        segment=segment, number=segment.version if number is None else number
    ).definition
    return found


def list_versions(segment: Segment) -> list[SegmentVersion]:
    """All versions, newest first."""
    return list(
        SegmentVersion.objects.filter(segment=segment).select_related("created_by").order_by("-number")
    )


def count_members(segment_ids: Sequence[int]) -> dict[int, int]:
    """How many are in each of the segments. One query, whatever their size."""
    rows = Tally.objects.filter(segment_id__in=segment_ids).values("segment_id")
    sums = rows.annotate(n=Sum(F("entered") - F("left"))).values_list("segment_id", "n")
    return dict.fromkeys(segment_ids, 0) | dict(sums)


def growth(segment_ids: Sequence[int], since: date) -> dict[int, dict[date, tuple[int, int]]]:
    """Who entered and left, by day since `since`. One query."""
    rows = (
        Tally.objects.filter(segment_id__in=segment_ids, day__gte=since)
        .values("segment_id", "day")
        .annotate(came=Sum("entered"), went=Sum("left"))
        .values_list("segment_id", "day", "came", "went")
    )
    found: dict[int, dict[date, tuple[int, int]]] = {pk: {} for pk in segment_ids}
    for pk, day, came, went in rows:
        found[pk][day] = (came, went)
    return found


def list_members(segment: Segment, *, at: datetime | None = None) -> QuerySet[Membership]:
    """Stays in a segment: of those who are in now, or who were at the moment `at`."""
    rows = Membership.objects.filter(segment=segment)
    if at is None:
        return rows.filter(left_at=None)
    return rows.filter(Q(left_at=None) | Q(left_at__gt=at), entered_at__lte=at)


def segments_of(profile_id: int) -> list[tuple[Segment, datetime]]:
    """The segments that a profile is in, and since when."""
    rows = (
        Membership.objects.filter(profile_id=profile_id, left_at=None, segment__archived=False)
        .select_related("segment")
        .order_by("segment__name")
    )
    return [(row.segment, row.entered_at) for row in rows]


def used_by(segment_id: int) -> list[Segment]:
    """The segments that are built on this one."""
    using = [pk for pk, definition in definitions().items() if segment_id in referred_segments(definition)]
    return list(Segment.objects.filter(pk__in=using).order_by("name"))


def list_used_by(list_id: int) -> list[Segment]:
    """The segments that name the list."""
    using = [pk for pk, definition in definitions().items() if list_id in referred_lists(definition)]
    return list(Segment.objects.filter(pk__in=using).order_by("name"))


# --- people ----------------------------------------------------------------------------------------------------------


def people_among(person_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """All persons of the profiles that `person_ids` are read as: person, and profile beside it. Those who are no more
    are left out. One query."""
    if not person_ids:
        return [], []
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH asked AS (SELECT DISTINCT COALESCE(a.profile_id, t.id) AS id
                              FROM unnest(%s::bigint[]) AS t(id) LEFT JOIN identity_alias a ON a.person_id = t.id)
               SELECT p.id, p.id FROM asked JOIN identity_person p ON p.id = asked.id
               UNION ALL
               SELECT a.person_id, a.profile_id FROM identity_alias a JOIN asked ON asked.id = a.profile_id""",
            [numbers(person_ids)],
        )
        rows = cursor.fetchall()
    return [row[0] for row in rows], [row[1] for row in rows]


def people_of_companies(company_ids: Sequence[int]) -> dict[int, list[int]]:
    """For each company its persons, and those of every company that is read as the same one. One query."""
    staff: dict[int, list[int]] = {company_id: [] for company_id in company_ids}
    if not staff:
        return staff
    relation = table_named("persons").relation
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH main AS (SELECT t.id AS asked, COALESCE(a.main_id, t.id) AS id
                              FROM unnest(%s::bigint[]) AS t(id) LEFT JOIN companies_alias a ON a.company_id = t.id),
                one AS (SELECT asked, id FROM main
                        UNION ALL SELECT main.asked, a.company_id
                        FROM companies_alias a JOIN main ON main.id = a.main_id)
                SELECT one.asked, p.id FROM one JOIN {relation} p ON p.company_id = one.id""",
            [numbers(company_ids)],
        )
        for company_id, person_id in cursor.fetchall():
            staff[company_id].append(person_id)
    return staff


# --- lists ------------------------------------------------------------------------------------------------------------


def list_lists() -> QuerySet[PersonList]:
    """Lists, newest first."""
    return PersonList.objects.select_related("created_by").order_by("-created_at", "-pk")


def list_entries(person_list: PersonList) -> QuerySet[ListEntry]:
    """Who is on a list."""
    return ListEntry.objects.filter(list=person_list).select_related("person__company")


type Growth = Mapping[int, Mapping[date, tuple[int, int]]]


def used_counts() -> dict[int, int]:
    """How many segments are built on each. One query."""
    found: dict[int, int] = {}
    for definition in definitions().values():
        for pk in referred_segments(definition):
            found[pk] = found.get(pk, 0) + 1
    return found
