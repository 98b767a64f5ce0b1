"""Keeping the index in step."""

from collections.abc import Iterable, Sequence

from django.db import connection

from huoju.core import bulk
from huoju.core.among import listed

from .kinds import Entry, SearchKind, all_kinds
from .models import Document
from .policy import document_terms

FEW = 200
"""Up to so many documents are filed in the index at once; more of them PostgreSQL gathers and files together."""

_COLUMNS = ("object_id", "title", "subtitle", "terms", "weight")


def index(kind: SearchKind, ids: Iterable[int]) -> int:
    """Bring the documents of the things `ids` up to date; returns how many of them exist. Rows that would not change
    are not written: an index entry costs more than a comparison."""
    wanted = sorted(set(ids))
    if not wanted:
        return 0
    entries = sorted(kind.fetch(wanted), key=lambda entry: entry.object_id)
    _upsert(kind.code, entries)
    if len(wanted) <= FEW:
        _file_pending()
    gone = set(wanted) - {entry.object_id for entry in entries}
    if gone:
        Document.objects.filter(listed(gone, "object_id"), kind=kind.code).delete()
    return len(entries)


def forget_all() -> None:
    """Empty the index, before a replay."""
    Document.objects.all().delete()
    for kind in all_kinds():
        if kind.forgotten is not None:
            kind.forgotten()


def _file_pending() -> None:
    """Move what was just written from the index's pending list, which every search walks, into the index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('search_terms')")


def _upsert(kind: str, entries: Sequence[Entry]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE search_incoming "
            "(object_id bigint, title text, subtitle text, terms text[], weight bigint) ON COMMIT DROP"
        )
        bulk.copy_rows(cursor, "search_incoming", _COLUMNS, [_row(entry) for entry in entries])
        cursor.execute(
            """INSERT INTO search_document AS known (kind, object_id, title, subtitle, terms, weight)
               SELECT %s, object_id, title, subtitle, terms, weight FROM search_incoming ORDER BY object_id
               ON CONFLICT (kind, object_id) DO UPDATE
               SET title = EXCLUDED.title, subtitle = EXCLUDED.subtitle, terms = EXCLUDED.terms,
                   weight = EXCLUDED.weight
               WHERE (known.title, known.subtitle, known.terms, known.weight)
                   IS DISTINCT FROM (EXCLUDED.title, EXCLUDED.subtitle, EXCLUDED.terms, EXCLUDED.weight)""",
            [kind],
        )
        cursor.execute("DROP TABLE search_incoming")


def _row(entry: Entry) -> tuple[str, ...]:
    title, subtitle = entry.title[:200], entry.subtitle[:300]
    terms = document_terms(title, (subtitle, *entry.texts), entry.audience)
    return (str(entry.object_id), title, subtitle, bulk.texts(terms), str(entry.weight))
