"""Files of millions of addresses: read in pieces of a megabyte, a transaction each.

What is done and how far it goes are committed together, so a worker that is killed is followed by another from there.
"""

from collections.abc import Iterable
from datetime import datetime

from django.core.files.base import File
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_lazy as _
from psycopg.errors import UniqueViolation

from huoju.core.bulk import copy_lines, copy_rows, plain, text, texts
from huoju.core.errors import UserError
from huoju.core.facts.operations import NewFact, append_one

from ..facts import SuppressionChanged
from ..models import SuppressionList, SuppressionUpload
from ..policy import EntryKind, ListKind, read_lines

PIECE = 1024 * 1024
"""Bytes a transaction, and the rest of the line that they end in."""
_LONGEST_LINE = 64 * 1024
"""A longer one is taken for several."""
_SAMPLED = 100
"""Of so many addresses one is looked for on the list before they are written."""


def start_upload(
    *,
    to: SuppressionList,
    file: File[bytes],
    reason: str,
    expires_at: datetime | None = None,
    country: str = "CN",
    user_id: int | None,
    now: datetime,
) -> SuppressionUpload:
    """Keep the file; the job `read_upload` puts it on the list. Raises `UserError` for a file that is no text."""
    start = file.read(4)
    file.seek(0)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff", b"PK"):
        raise UserError(_("Save the file as CSV or text in UTF-8 first."))
    return SuppressionUpload.objects.create(
        list=to,
        file=file,
        file_name=(file.name or "")[:200],
        file_size=file.size or 0,
        reason=reason[:200],
        expires_at=expires_at,
        country=country,
        created_at=now,
        created_by_id=user_id,
    )


def read_upload(pk: int, *, now: datetime) -> bool:
    """Read the next piece of an upload; False when it is finished. Two workers at one upload wait for each other."""
    with transaction.atomic():
        upload = SuppressionUpload.objects.select_for_update().filter(pk=pk).first()
        if upload is None or upload.state in (
            SuppressionUpload.State.FINISHED,
            SuppressionUpload.State.FAILED,
        ):
            return False
        upload.state = SuppressionUpload.State.RUNNING
        with upload.file.open("rb") as file:
            file.seek(upload.done_bytes)
            piece = file.read(PIECE)
            if len(piece) == PIECE and not piece.endswith(b"\n"):
                piece += file.readline(_LONGEST_LINE)
        _take(upload, piece, now)
        if upload.done_bytes >= upload.file_size or not piece:
            _finish(upload, now)
        upload.save()
        return upload.state == SuppressionUpload.State.RUNNING


def _take(upload: SuppressionUpload, piece: bytes, now: datetime) -> None:
    lines = piece.decode("utf-8" if upload.done_bytes else "utf-8-sig", errors="replace").split("\n")
    if not lines[-1]:
        lines.pop()
    found = read_lines(lines, upload.country, upload.done_lines + 1)
    added = 0
    with connection.cursor() as cursor:
        for kind, values in sorted(found.values.items()):
            added += _add(cursor, upload, kind, sorted(set(values)), now)
        faults = [(str(upload.pk), str(number), line, why.value) for number, line, why in found.faults]
        copy_rows(cursor, "consent_uploadfault", ("upload_id", "line", "text", "problem"), faults)
    upload.added += added
    upload.known += sum(map(len, found.values.values())) - added
    upload.bad += len(faults)
    upload.done_lines += len(lines)
    upload.done_bytes += len(piece)


def _add(
    cursor: CursorWrapper, upload: SuppressionUpload, kind: EntryKind, values: list[str], now: datetime
) -> int:
    """Put sorted values on the list; returns how many were not on it.

    By COPY where a look at some finds none of them there, which takes half the time; it cannot pass over those that
    are, so when one turns up after all they are written again, row by row.
    """
    if not values:
        return 0
    fields = (text(upload.reason), text(f"upload:{upload.pk}"), plain(now), plain(upload.expires_at))
    if not _on_list(cursor, upload, kind, values[::_SAMPLED]):
        try:
            with transaction.atomic():
                copy_lines(
                    cursor, "consent_suppression", _COLUMNS, _rows(upload.list_id, kind, values, fields)
                )
        except UniqueViolation:
            pass
        else:
            return len(values)
    cursor.execute(
        f"""INSERT INTO consent_suppression ({", ".join(_COLUMNS)})
            SELECT %s, %s, x.value, %s, %s, %s, %s FROM unnest(%s::text[]) AS x(value) ON CONFLICT DO NOTHING""",
        [
            *(upload.list_id, kind.value, upload.reason, f"upload:{upload.pk}", now, upload.expires_at),
            texts(values),
        ],
    )
    return int(cursor.rowcount)


_COLUMNS = ("list_id", "kind", "value", "reason", "source", "added_at", "expires_at")


def _rows(list_id: int, kind: EntryKind, values: list[str], fields: tuple[str, ...]) -> Iterable[str]:
    """Lines for COPY. All but the values is the same, so they are joined as a whole."""
    if any("\\" in value for value in values):
        values = list(map(text, values))
    before, after = f"{list_id}\t{kind.value}\t", "\t" + "\t".join(fields)
    yield before + f"{after}\n{before}".join(values) + after


def _on_list(cursor: CursorWrapper, upload: SuppressionUpload, kind: EntryKind, values: list[str]) -> bool:
    cursor.execute(
        "SELECT EXISTS (SELECT 1 FROM consent_suppression "
        "WHERE kind = %s AND list_id = %s AND value = ANY(%s::text[]))",
        [kind.value, upload.list_id, texts(values)],
    )
    return bool(cursor.fetchone()[0])


def _finish(upload: SuppressionUpload, now: datetime) -> None:
    upload.state = SuppressionUpload.State.FINISHED
    upload.finished_at = now
    about = upload.list
    if about.kind == ListKind.REGISTER.value:
        about.checked_at = now
        about.save(update_fields=["checked_at"])
    changed = SuppressionChanged(
        list_id=about.pk, kind=about.kind, added=upload.added, removed=0, reason=upload.reason
    )
    append_one(
        NewFact(payload=changed, occurred_at=now),
        actor=f"user:{upload.created_by_id}" if upload.created_by_id else "system",
        source=f"upload:{upload.pk}",
        now=now,
    )
