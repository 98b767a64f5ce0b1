"""Tags: defined, set, taken away, expired, and kept by rule. Sets of persons throughout; one person is a set of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from huoju.core.conditions import compile_all, condition_from_json
from huoju.core.errors import UserError
from huoju.core.facts.operations import NewFact, append, append_one
from huoju.hub.identity import queries as persons

from ..facts import TagAdded, TagRemoved, TagSaved
from ..models import Tag, TagAssignment
from ..queries import list_rule_tags, records_of

SOURCE = "profile"
RULE = "rule"
EXPIRED = "expired"


def save_tag(*, tag_id: int | None, values: Mapping[str, Any], actor: str, now: datetime) -> Tag:
    """Make a tag, or change one. Raises `UserError` for a name that another tag has, `Tag.DoesNotExist`.

    `values` are fields of `Tag`. A rule that became another one is applied to everybody soon after (see `readers`).
    """
    with transaction.atomic():
        tag = Tag(created_at=now) if tag_id is None else Tag.objects.select_for_update().get(pk=tag_id)
        for name, value in values.items():
            setattr(tag, name, value)
        if Tag.objects.filter(name=tag.name).exclude(pk=tag.pk).exists():
            raise UserError(_("Another tag has this name."), code="taken")
        tag.save()
        append_one(
            NewFact(payload=TagSaved(tag_id=tag.pk), occurred_at=now), actor=actor, source=SOURCE, now=now
        )
    return tag


def tag_batch(
    person_ids: Sequence[int],
    *,
    tag_id: int,
    source: str,
    actor: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> list[int]:
    """Give persons a tag; returns those who did not have it, or not for so long. Without `expires_at` it lasts as many
    days as the tag says. Raises `Tag.DoesNotExist`."""
    tag = Tag.objects.get(pk=tag_id)
    if expires_at is None and tag.days is not None and source != RULE:
        expires_at = now + timedelta(days=tag.days)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO profile_tagassignment AS old (person_id, tag_id, source, actor, at, expires_at)
                   SELECT p.id, %s, %s, %s, %s, %s FROM identity_person p WHERE p.id = ANY(%s) ORDER BY p.id
                   ON CONFLICT (person_id, tag_id) DO UPDATE
                   SET source = excluded.source, actor = excluded.actor, at = excluded.at,
                       expires_at = excluded.expires_at
                   WHERE old.expires_at < coalesce(excluded.expires_at, 'infinity')
                   RETURNING person_id""",
                [tag_id, source, actor, now, expires_at, list(person_ids)],
            )
            added = sorted(id_ for (id_,) in cursor.fetchall())
        payload = TagAdded(tag_id=tag_id, source=source, expires_at=expires_at)
        facts = [NewFact(payload=payload, occurred_at=now, person_id=id_) for id_ in added]
        append(facts, actor=actor, source=SOURCE, now=now)
    return added


def untag_batch(
    person_ids: Sequence[int], *, tag_id: int, source: str, actor: str, now: datetime
) -> list[int]:
    """Take a tag from persons, and from whoever is merged with them; returns those who had it."""
    members = persons.members_of(person_ids)
    ids = [each for found in members.values() for each in found]
    return _remove(
        TagAssignment.objects.filter(tag_id=tag_id, person_id__in=ids), source=source, actor=actor, now=now
    )


def sweep_expired(*, now: datetime, limit: int) -> int:
    """Take away tags whose time is over, at most `limit`; returns how many. Readers of tags pass them over anyway."""
    rows = TagAssignment.objects.filter(expires_at__lte=now).order_by("expires_at").values("pk")[:limit]
    gone = _remove(TagAssignment.objects.filter(pk__in=rows), source=EXPIRED, actor="system", now=now)
    return len(gone)


def _remove(rows: Any, *, source: str, actor: str, now: datetime) -> list[int]:
    with transaction.atomic():
        gone = list(
            rows.order_by("person_id", "tag_id")
            .select_for_update(of=("self",))
            .values_list("pk", "person_id", "tag_id")
        )
        TagAssignment.objects.filter(pk__in=[pk for pk, _person, _tag in gone]).delete()
        facts = [
            NewFact(payload=TagRemoved(tag_id=tag_id, source=source), occurred_at=now, person_id=person_id)
            for _pk, person_id, tag_id in gone
        ]
        append(facts, actor=actor, source=SOURCE, now=now)
    return [person_id for _pk, person_id, _tag in gone]


def apply_rules(person_ids: Sequence[int], *, now: datetime, tags: Sequence[Tag] | None = None) -> int:
    """Bring the tags that are set by rule (all, or `tags`) up to date for the profiles of these persons.

    Returns how many tags were set or taken away. What somebody set by hand stays.
    """
    rules = list_rule_tags() if tags is None else tags
    if not rules or not person_ids:
        return 0
    profile_ids = sorted(set(persons.profiles_of(person_ids).values()))
    conditions = {tag.pk: [condition_from_json(each) for each in tag.conditions] for tag in rules}
    codes = sorted({each.field for found in conditions.values() for each in found})
    records = records_of(profile_ids, codes)
    members = persons.members_of(profile_ids)
    everybody = [each for found in members.values() for each in found]
    changed = 0
    for tag in rules:
        test = compile_all(conditions[tag.pk])
        fitting = [id_ for id_ in profile_ids if test(records[id_])] if conditions[tag.pk] else []
        rows = TagAssignment.objects.filter(tag_id=tag.pk, person_id__in=everybody)
        having = set(rows.values_list("person_id", flat=True))
        missing = [id_ for id_ in fitting if having.isdisjoint(members[id_])]
        actor = f"rule:tag/{tag.pk}"
        if missing:
            changed += len(tag_batch(missing, tag_id=tag.pk, source=RULE, actor=actor, now=now))
        staying = {each for id_ in fitting for each in members[id_]}
        leaving = rows.filter(source=RULE, person_id__in=having - staying)
        if having - staying:
            changed += len(_remove(leaving, source=RULE, actor=actor, now=now))
    return changed
