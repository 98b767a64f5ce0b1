"""Defining segments. A change is a new version, and a build."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from huoju.core.errors import UserError
from huoju.core.rules import translated

from ..asking import company_zone
from ..jobs import build_segment, empty_segment
from ..models import Due, Segment, SegmentVersion
from ..policy.definition import Definition, referred_segments
from ..policy.formula import normalise
from ..policy.parsing import DefinitionError, Fault, check, parse
from ..queries import definitions, used_by, vocabulary

_WRITERS = 7_336_003


def describe_faults(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """Faults in the user's language: `place` and `message`."""
    return [{"place": fault.place, "message": translated(fault.problem)} for fault in faults]


def check_definition(data: Any, *, own: int | None = None) -> Definition:
    """The definition, read and checked against everything that it may name. Raises `DefinitionError`."""
    definition = parse(data)
    known = vocabulary(choices=True)
    if faults := check(definition, known, own=own):
        raise DefinitionError(*faults)
    normalise(definition, known, company_zone())
    return definition


def create_segment(
    *, name: str, definition: Any, description: str = "", user_id: int | None, now: datetime
) -> Segment:
    """A new segment; it is built by a job. Raises `DefinitionError`, `UserError` for a name taken."""
    with transaction.atomic():
        _one_writer()
        checked = check_definition(definition)
        segment = Segment(
            name=_clean_name(name),
            description=description.strip()[:500],
            created_at=now,
            created_by_id=user_id,
        )
        _save(segment)
        _add_version(segment, checked, user_id=user_id, now=now)
        _start_build(segment.pk)
    return segment


def update_segment(
    *,
    segment_id: int,
    name: str | None = None,
    description: str | None = None,
    definition: Any = None,
    user_id: int | None,
    now: datetime,
) -> Segment:
    """Change a segment. Another definition is a new version: it is built again, and so is what is built on it.

    Raises `DefinitionError`, `UserError`.
    """
    with transaction.atomic():
        _one_writer()
        segment = Segment.objects.select_for_update().get(pk=segment_id)
        if segment.archived:
            raise UserError(_("An archived segment does not change. Take it back first."))
        if name is not None:
            segment.name = _clean_name(name)
        if description is not None:
            segment.description = description.strip()[:500]
        _save(segment, "name", "description")
        if definition is None:
            return segment
        checked = check_definition(definition, own=segment_id)
        kept = SegmentVersion.objects.get(segment=segment, number=segment.version).definition
        if (
            kept == checked.model_dump(mode="json", exclude_defaults=True)
            and segment.state == Segment.State.LIVE
        ):
            return segment
        segment.version += 1
        segment.save(update_fields=["version"])
        _add_version(segment, checked, user_id=user_id, now=now)
        for pk in (segment_id, *_built_on(segment_id)):
            _start_build(pk)
    segment.refresh_from_db()
    return segment


def archive_segment(*, segment_id: int, archived: bool) -> None:
    """Put a segment away, or take it back. Put away it has no members: a job lets them leave, its history remains.

    Raises `UserError` while others are built on it, or where its definition does not hold any more.
    """
    with transaction.atomic():
        _one_writer()
        segment = Segment.objects.select_for_update().get(pk=segment_id)
        if segment.archived is archived:
            return
        if archived:
            _refuse_if_used(segment)
            Due.objects.filter(segment_id=segment_id).delete()
            segment.archived = True
            _save(segment, "archived")
            empty_segment.using(key=f"segments.empty/{segment_id}").defer(segment_id=segment_id)
            return
        segment.archived = False
        _save(segment, "archived")
        data = SegmentVersion.objects.get(segment=segment, number=segment.version).definition
        try:
            check_definition(data, own=segment_id)
        except DefinitionError as error:
            raise UserError(describe_faults(error.faults)[0]["message"]) from None
        _start_build(segment_id)


def delete_segment(*, segment_id: int) -> None:
    """Remove a segment with its history. Raises `UserError` while others are built on it."""
    with transaction.atomic():
        _one_writer()
        segment = Segment.objects.select_for_update().get(pk=segment_id)
        _refuse_if_used(segment)
        segment.delete()


def _refuse_if_used(segment: Segment) -> None:
    if users := used_by(segment.pk):
        names = ", ".join(each.name for each in users)
        raise UserError(
            _("Other segments are built on this one: %(names)s.") % {"names": names}, code="in_use"
        )


def _built_on(segment_id: int) -> list[int]:
    """Every segment that is built on this one, directly or through others."""
    known = {pk: referred_segments(definition) for pk, definition in definitions().items()}
    found: list[int] = []
    waiting = [segment_id]
    while waiting:
        current = waiting.pop()
        above = [pk for pk, below in known.items() if current in below and pk not in found]
        found += above
        waiting += above
    return sorted(found)


def _start_build(segment_id: int) -> None:
    Segment.objects.filter(pk=segment_id).update(state=Segment.State.BUILDING, build_done=0, build_total=0)
    build_segment.using(key=f"segments.build/{segment_id}").defer(segment_id=segment_id)


def _add_version(segment: Segment, definition: Definition, *, user_id: int | None, now: datetime) -> None:
    SegmentVersion.objects.create(
        segment=segment,
        number=segment.version,
        definition=definition.model_dump(mode="json", exclude_defaults=True),
        created_at=now,
        created_by_id=user_id,
    )


def _clean_name(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned:
        raise UserError(_("A segment needs a name."))
    if len(cleaned) > 120:
        raise UserError(_("The name is too long."))
    return cleaned


def _save(segment: Segment, *fields: str) -> None:
    try:
        with transaction.atomic():
            segment.save(update_fields=fields or None)
    except IntegrityError:
        raise UserError(_("There is a segment “%(name)s” already.") % {"name": segment.name}) from None


def _one_writer() -> None:
    """Definitions refer to each other: two that change at once could go in a circle that neither sees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_WRITERS])
