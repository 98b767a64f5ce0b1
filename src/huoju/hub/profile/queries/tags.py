"""Tags of profiles."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import JSONField, Q, QuerySet
from django.db.models.expressions import RawSQL

from ..models import Tag, TagAssignment
from ..registry import all_sources
from .among import of_whom


class TagShown(NamedTuple):
    """A tag that a profile has now."""

    tag_id: int
    name: str
    color: str
    source: str
    at: datetime
    expires_at: datetime | None

    @property
    def by_rule(self) -> bool:
        """Whether a rule set it: then only the rule takes it away."""
        return self.source == "rule"


def list_tags(*, now: datetime, archived: bool = False) -> QuerySet[Tag]:
    """Tags by group and name, each with `people`: how many have it now."""
    counted = RawSQL(
        """SELECT count(*) FROM profile_tagassignment t WHERE t.tag_id = profile_tag.id
           AND (t.expires_at IS NULL OR t.expires_at > %s)""",
        [now],
    )
    tags = Tag.objects.annotate(people=counted)
    return tags if archived else tags.filter(archived=False)


def tag_options() -> list[tuple[str, str]]:
    """Every tag in use by its id, for filters and forms."""
    return [(str(pk), name) for pk, name in Tag.objects.filter(archived=False).values_list("pk", "name")]


def find_tags(names: Sequence[str]) -> dict[str, int]:
    """Tags by name."""
    return dict(Tag.objects.filter(name__in=names).values_list("name", "pk"))


def get_tag(tag_id: int) -> Tag:
    """One tag. Raises `Tag.DoesNotExist`."""
    return Tag.objects.get(pk=tag_id)


def tags_of(members: Mapping[int, Sequence[int]], *, now: datetime) -> dict[int, list[TagShown]]:
    """The tags that profiles have now, by group and name, each once. One query.

    They stay on the persons for whom they were set; a profile shows those of all members.
    """
    profile_of = {person_id: profile_id for profile_id, ids in members.items() for person_id in ids}
    rows = (
        TagAssignment.objects.filter(person_id__in=list(profile_of))
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .filter(tag__archived=False)
        .select_related("tag")
        .order_by("tag__group", "tag__name", "at")
    )
    found: dict[int, dict[int, TagShown]] = {profile_id: {} for profile_id in members}
    for row in rows:
        shown = TagShown(row.tag_id, row.tag.name, row.tag.color, row.source, row.at, row.expires_at)
        found[profile_of[row.person_id]].setdefault(row.tag_id, shown)
    return {profile_id: list(tags.values()) for profile_id, tags in found.items()}


def tagged(people: QuerySet[Any], tag_ids: Sequence[int], *, now: datetime) -> QuerySet[Any]:
    """Those profiles among `people` that have one of the tags now."""
    rows = """FROM profile_tagassignment x
              WHERE x.tag_id = ANY(%s) AND (x.expires_at IS NULL OR x.expires_at > %s)"""
    return of_whom(people, owner="person_id", rows=rows, params=[list(tag_ids), now])


def tags_column(now: datetime) -> RawSQL:
    """The names and colours of a profile's tags as a column of a query over persons: [[name, colour], …]."""
    return RawSQL(
        """SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(g.name, g.color)), '[]'::jsonb)
           FROM profile_tagassignment t JOIN profile_tag g ON g.id = t.tag_id AND NOT g.archived
           WHERE (t.expires_at IS NULL OR t.expires_at > %s) AND t.person_id IN (
               SELECT identity_person.id UNION ALL
               SELECT a.person_id FROM identity_alias a WHERE a.profile_id = identity_person.id)""",
        [now],
        output_field=JSONField(),
    )


def list_rule_tags() -> list[Tag]:
    """The tags that are set by rule; one that asks for a trait which is gone rests as it is."""
    known = {trait.code for source in all_sources() for trait in source.traits}
    tags = Tag.objects.filter(archived=False).exclude(conditions=[]).order_by("id")
    return [tag for tag in tags if known.issuperset(each["field"] for each in tag.conditions)]


def list_person_ids(*, after: int, limit: int) -> list[int]:
    """Profiles in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT p.id FROM identity_person p WHERE p.id > %s
               AND NOT EXISTS (SELECT FROM identity_alias a WHERE a.person_id = p.id) ORDER BY p.id LIMIT %s""",
            [after, limit],
        )
        return [id_ for (id_,) in cursor.fetchall()]
