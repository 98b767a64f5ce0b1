"""Files of millions of addresses: read in pieces of a few thousand lines, a transaction each.

What is done and how far it goes are committed together, so a worker that is killed is followed by another from there.
"""

import re
from datetime import datetime
from itertools import islice

from django.core.files.base import File
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from huoju.core.bulk import copy_rows, texts
from huoju.core.errors import UserError
from huoju.core.facts.operations import NewFact, append_one

from ..facts import SuppressionChanged
from ..models import SuppressionList, SuppressionUpload
from ..policy import Entry, EntryProblem, ListKind, read_entry

PIECE = 20_000
"""Lines a transaction."""
_CELLS = re.compile(r"[,;\t]")
_HEADINGS = frozenset(
    {"phone", "mobile", "number", "email", "e-mail", "domain", "手机", "手机号", "电话", "邮箱"}
)


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
            # Not `islice(file, …)`: Django's files begin at their start when they are iterated.
            lines = list(islice(iter(file.readline, b""), PIECE))
        _take(upload, lines, now)
        if upload.done_bytes >= upload.file_size or not lines:
            _finish(upload, now)
        upload.save()
        return upload.state == SuppressionUpload.State.RUNNING


def _take(upload: SuppressionUpload, lines: list[bytes], now: datetime) -> None:
    entries: dict[Entry, None] = {}
    faults: list[tuple[str, ...]] = []
    good = 0
    for number, line in enumerate(lines, upload.done_lines + 1):
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", errors="replace").strip()
        cell = _CELLS.split(text, maxsplit=1)[0].strip().strip('"')
        if not cell or (number == 1 and cell.lower() in _HEADINGS):
            continue
        entry = read_entry(cell, upload.country)
        if isinstance(entry, EntryProblem):
            faults.append((str(upload.pk), str(number), text[:200], entry.value))
        else:
            entries[entry] = None
            good += 1
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO consent_suppression (list_id, kind, value, reason, source, added_at, expires_at)
               SELECT %s, x.kind, x.value, %s, %s, %s, %s FROM unnest(%s::text[], %s::text[]) AS x(kind, value)
                ORDER BY x.kind, x.value ON CONFLICT DO NOTHING""",
            [
                *(upload.list_id, upload.reason, f"upload:{upload.pk}", now, upload.expires_at),
                *(texts([each.kind.value for each in entries]), texts([each.value for each in entries])),
            ],
        )
        added = cursor.rowcount
        copy_rows(cursor, "consent_uploadfault", ("upload_id", "line", "text", "problem"), faults)
    upload.added += added
    upload.known += good - added
    upload.bad += len(faults)
    upload.done_lines += len(lines)
    upload.done_bytes += sum(map(len, lines))


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
