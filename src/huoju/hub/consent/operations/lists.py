"""Putting addresses on lists and taking them off."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from huoju.core.bulk import texts
from huoju.core.errors import UserError
from huoju.core.facts.operations import NewFact, append_one

from ..facts import SuppressionChanged
from ..models import SuppressionList
from ..policy import LIST_LABELS, Entry, EntryProblem, ListKind, hashed, read_entry
from ..queries import peppers

SOURCE = "consent"
OWN_LISTS = (ListKind.UNSUBSCRIBED, ListKind.BLACK, ListKind.WHITE, ListKind.ERASED)
"""Kinds of which one list comes with Huoju, under the kind's code."""


def own_list(kind: ListKind, *, now: datetime) -> SuppressionList:
    """The list of `kind` that comes with Huoju; made when it is first asked for."""
    row, _made = SuppressionList.objects.get_or_create(
        code=kind.value, defaults={"name": LIST_LABELS[kind], "kind": kind.value, "created_at": now}
    )
    return row


def create_list(
    *,
    name: str,
    kind: ListKind,
    channels: Sequence[str] = (),
    country: str = "",
    user_id: int | None,
    now: datetime,
) -> SuppressionList:
    """A list of one's own. A register needs the country whose register it is. Raises `UserError`."""
    if kind is ListKind.REGISTER and not country:
        raise UserError(_("A register belongs to a country: choose it."))
    if kind is ListKind.ERASED:
        raise UserError(_("Who was erased stands on the list that comes with Huoju."))
    return SuppressionList.objects.create(
        name=name,
        kind=kind.value,
        channels=list(channels),
        country=country,
        created_at=now,
        created_by_id=user_id,
    )


def add_entries(
    entries: Iterable[Entry],
    *,
    to: SuppressionList,
    reason: str,
    expires_at: datetime | None = None,
    actor: str,
    source: str,
    now: datetime,
) -> int:
    """Put addresses on a list; returns how many were not on it.

    Who is on it already keeps the first reason and the later end. Sorted, so that two writers never wait for each other
    in a circle.
    """
    wanted = sorted({(each.kind.value, each.value) for each in entries})
    if not wanted:
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO consent_suppression AS s (list_id, kind, value, reason, source, added_at, expires_at)
                   SELECT %s, x.kind, x.value, %s, %s, %s, %s FROM unnest(%s::text[], %s::text[]) AS x(kind, value)
                   ON CONFLICT (kind, value, list_id) DO UPDATE
                   SET expires_at = CASE WHEN s.expires_at IS NULL OR EXCLUDED.expires_at IS NULL THEN NULL
                                         ELSE greatest(s.expires_at, EXCLUDED.expires_at) END
                   RETURNING xmax = 0""",
                [
                    *(to.pk, reason[:200], source[:80], now, expires_at),
                    *(texts([kind for kind, _ in wanted]), texts([value for _, value in wanted])),
                ],
            )
            added: int = sum(fresh for (fresh,) in cursor.fetchall())
        _told(to, added=added, removed=0, reason=reason, actor=actor, source=source, now=now)
    return added


def remove_entries(
    entries: Iterable[Entry], *, of: SuppressionList, reason: str, actor: str, source: str, now: datetime
) -> int:
    """Take addresses off a list; returns how many were on it. Erased persons stay: raises `UserError`."""
    if of.kind == ListKind.ERASED.value:
        raise UserError(
            _("An erased person stays on this list: it is what keeps them from being contacted again.")
        )
    wanted = sorted({(each.kind.value, each.value) for each in entries})
    if not wanted:
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                """DELETE FROM consent_suppression s USING unnest(%s::text[], %s::text[]) AS x(kind, value)
                    WHERE s.list_id = %s AND s.kind = x.kind AND s.value = x.value""",
                [texts([kind for kind, _ in wanted]), texts([value for _, value in wanted]), of.pk],
            )
            removed: int = cursor.rowcount
        _told(of, added=0, removed=removed, reason=reason, actor=actor, source=source, now=now)
    return removed


def unlist(address: str, *, source: str, now: datetime) -> None:
    """The owner of an address wants mail again: it is no longer unsubscribed."""
    entry = read_entry(address)
    if not isinstance(entry, EntryProblem):
        unsubscribed = own_list(ListKind.UNSUBSCRIBED, now=now)
        remove_entries(
            [entry], of=unsubscribed, reason="asked again", actor="visitor", source=source, now=now
        )


def suppress(
    entries: Iterable[Entry],
    *,
    kind: ListKind,
    reason: str,
    hidden: bool = False,
    actor: str,
    source: str,
    now: datetime,
) -> int:
    """Put addresses on a list that comes with Huoju; `hidden`: as hashes that nobody can read back."""
    if hidden:
        entries = [Entry(each.kind, hashed(each.value, peppers()[0])) for each in entries]
    return add_entries(
        entries, to=own_list(kind, now=now), reason=reason, actor=actor, source=source, now=now
    )


def _told(
    about: SuppressionList, *, added: int, removed: int, reason: str, actor: str, source: str, now: datetime
) -> None:
    if added or removed:
        changed = SuppressionChanged(
            list_id=about.pk, kind=about.kind, added=added, removed=removed, reason=reason
        )
        append_one(NewFact(payload=changed, occurred_at=now), actor=actor, source=source, now=now)
