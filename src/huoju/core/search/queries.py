"""Searching. Bounded whatever is asked: rare terms come from the GIN index, common ones from the newest documents."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from huoju.core import bulk
from huoju.core.access.models import User

from .kinds import SearchKind, Shown, all_kinds
from .models import Document
from .policy import AUDIENCE, wanted_terms, whole

CANDIDATES = 1000
"""Documents that are ranked. A query with more hits than this is common: its newest hits are near the top."""
RECENT = 20_000
"""How far down from the newest document a common query is followed."""


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one kind; `more` says that there are further ones."""

    kind: SearchKind
    hits: tuple[Shown, ...]
    more: bool


def find(user: User, query: str, *, per_kind: int = 8) -> list[Group]:
    """What `user` finds by `query`: exact titles first, then titles that begin with it, then the newest."""
    terms = wanted_terms(query)
    if not terms:
        return []
    groups = []
    for kind in all_kinds():
        # A few more than shown: what the index still lists, the rows of today may forbid.
        ids = list_ids(kind, query, audience=kind.audience_of(user), limit=per_kind + 12)
        shown = kind.show(user, ids) if ids else {}
        hits = [shown[object_id] for object_id in ids if object_id in shown]
        if hits:
            groups.append(Group(kind, tuple(hits[:per_kind]), len(hits) > per_kind))
    return groups


def list_ids(kind: SearchKind | str, query: str, *, audience: Sequence[str] | None, limit: int) -> list[int]:
    """The ids of things of `kind` that `query` finds, best first; of those open to one of `audience` (None: all)."""
    terms = wanted_terms(query)
    if not terms or (audience is not None and not audience):
        return []
    code = kind if isinstance(kind, str) else kind.code
    narrowed, groups = "", []
    if audience is not None:
        narrowed, groups = "AND terms && %s::text[]", [bulk.texts([AUDIENCE + each for each in audience])]
    found = _ranked(code, terms, narrowed, groups, query, limit)
    exact = _exact(code, query, narrowed, groups, limit)
    return list(dict.fromkeys([*exact, *found]))[:limit]


def matching(kind: SearchKind | str, query: str) -> QuerySet[Document, int] | None:
    """The ids of all things of `kind` that have every term of `query`, as a subquery for a list's filter; None where
    the query says nothing that can be looked for."""
    terms = wanted_terms(query)
    if not terms:
        return None
    code = kind if isinstance(kind, str) else kind.code
    return Document.objects.filter(kind=code, terms__contains=terms).values_list("object_id", flat=True)


def is_indexed(kind: str) -> bool:
    """Whether there is any document of `kind`."""
    return Document.objects.filter(kind=kind).exists()


def _exact(code: str, query: str, narrowed: str, groups: list[str], limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT object_id FROM (SELECT object_id, weight FROM search_document
                WHERE terms @> %s::text[] {narrowed} AND kind = %s LIMIT {CANDIDATES}) hits
                ORDER BY weight DESC, object_id DESC LIMIT %s""",
            [bulk.texts([whole(query)]), *groups, code, limit],
        )
        return [object_id for (object_id,) in cursor.fetchall()]


def _ranked(
    code: str, terms: Sequence[str], narrowed: str, groups: list[str], query: str, limit: int
) -> list[int]:
    begins = whole(query)[1:]
    rank = "starts_with(replace(lower(title), ' ', ''), %s) DESC, weight DESC, object_id DESC"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH hits AS MATERIALIZED (
                    SELECT object_id, title, weight FROM search_document
                    WHERE terms @> %s::text[] {narrowed} AND kind = %s LIMIT {CANDIDATES})
                SELECT object_id, (SELECT count(*) FROM hits) FROM hits ORDER BY {rank} LIMIT %s""",
            [bulk.texts(terms), *groups, code, begins, limit],
        )
        rows = cursor.fetchall()
        found = [object_id for object_id, _ in rows]
        if not rows or rows[0][1] < CANDIDATES:
            return found
        # Too many to rank them all: the newest that match stand before those that the index happened to list first.
        cursor.execute(
            f"""SELECT object_id FROM (
                    SELECT object_id, terms, weight FROM search_document WHERE kind = %s
                    ORDER BY weight DESC, object_id DESC LIMIT {RECENT}) recent
                WHERE terms @> %s::text[] {narrowed} LIMIT %s""",
            [code, bulk.texts(terms), *groups, limit],
        )
        return [*(object_id for (object_id,) in cursor.fetchall()), *found]
