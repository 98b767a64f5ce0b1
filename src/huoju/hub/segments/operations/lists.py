"""Lists: fixed snapshots of people."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import batched

from django.db import connection, transaction
from django.utils.translation import gettext as _

from huoju.core.bulk import numbers
from huoju.core.errors import UserError
from huoju.hub.identity import queries as identity
from huoju.hub.identity.policy import Email, IdentifierKind, Phone, normalise_email, normalise_phone

from ..models import PersonList, Segment
from ..queries import list_members, list_used_by

CHUNK = 5_000
MAX_UPLOAD = 200_000


def create_list(
    *, name: str, person_ids: Iterable[int], origin: str = "", user_id: int | None, now: datetime
) -> PersonList:
    """A list of these persons, each once; ids of nobody are left out. Raises `UserError` without a name."""
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > 120:
        raise UserError(_("A list needs a name of 120 characters at most."))
    with transaction.atomic(), connection.cursor() as cursor:
        made = PersonList.objects.create(
            name=cleaned, origin=origin[:200], created_at=now, created_by_id=user_id
        )
        for chunk in batched(sorted(set(person_ids)), CHUNK, strict=False):
            cursor.execute(
                """INSERT INTO segments_listentry (list_id, person_id)
                   SELECT %s, id FROM identity_person WHERE id = ANY(%s::bigint[])""",
                [made.pk, numbers(chunk)],
            )
            made.people += cursor.rowcount
        made.save(update_fields=["people"])
    return made


def list_of_segment(*, segment: Segment, name: str, user_id: int | None, now: datetime) -> PersonList:
    """A list of those who are in the segment now."""
    members = list_members(segment).values_list("profile_id", flat=True)
    return create_list(
        name=name, person_ids=members, origin=f"segment:{segment.pk}", user_id=user_id, now=now
    )


def delete_list(*, list_id: int) -> None:
    """Remove a list. Raises `UserError` while a segment names it."""
    with transaction.atomic():
        found = PersonList.objects.select_for_update().get(pk=list_id)
        if users := list_used_by(list_id):
            names = ", ".join(each.name for each in users)
            raise UserError(_("Segments use this list: %(names)s.") % {"names": names}, code="in_use")
        found.delete()


def find_people(lines: Sequence[str]) -> tuple[set[int], list[str]]:
    """The persons that uploaded lines name (ids, mail addresses, mobile numbers), and the lines that name nobody.

    Only the first cell of a line counts. Raises `UserError` for too many lines.
    """
    if len(lines) > MAX_UPLOAD:
        raise UserError(_("A list can take %(limit)s lines at once.") % {"limit": f"{MAX_UPLOAD:,}"})
    keys: dict[str, tuple[str, str]] = {}
    ids: dict[str, int] = {}
    unknown: list[str] = []
    for line in lines:
        cell = line.replace("\t", ",").split(",")[0].strip().strip("\"'").strip()
        if not cell or cell in keys or cell in ids:
            continue
        mail = normalise_email(cell) if "@" in cell else None
        phone = None if mail else normalise_phone(cell)
        if isinstance(mail, Email):
            keys[cell] = (IdentifierKind.EMAIL.value, mail.key)
        elif isinstance(phone, Phone):
            keys[cell] = (IdentifierKind.MOBILE.value, phone.e164)
        elif cell.isascii() and cell.isdigit() and len(cell) < 18:
            ids[cell] = int(cell)
        else:
            unknown.append(cell)
    known = identity.find_identifiers(keys.values())
    persons = identity.get_persons(list(ids.values()))
    found = {known[key].person_id for key in keys.values() if key in known}
    found |= {pk for pk in ids.values() if pk in persons}
    unknown += [cell for cell, key in keys.items() if key not in known]
    unknown += [cell for cell, pk in ids.items() if pk not in persons]
    return found, unknown
