"""Who is whom and who belongs to whom: the graph of merges and groups, changed by one transaction at a time.

A node is a company with all that are merged into it. The parents of all of its members count when a circle or the
depth is asked for, also of those that are not shown while merged: so whatever merge is taken back later, no circle can
come of it (the finer graph is contained in the coarser one, which has none).
"""

from collections.abc import Collection

from django.db import connection

MAX_LEVELS = 10
"""Companies from the head of a group down to its lowest subsidiary."""

_LOCK = 0x48554F434F  # of this room: merges and groups

_MEMBERS = "(SELECT {0}.id AS id UNION ALL SELECT company_id FROM companies_alias WHERE main_id = {0}.id)"
_UP = f"""
    WITH RECURSIVE up(id, level) AS (
        SELECT %(main)s::bigint, 0
        UNION
        SELECT coalesce(a.main_id, c.parent_id), up.level + 1
        FROM up CROSS JOIN LATERAL {_MEMBERS.format("up")} m JOIN companies_company c ON c.id = m.id
        LEFT JOIN companies_alias a ON a.company_id = c.parent_id
        WHERE c.parent_id IS NOT NULL AND up.level <= %(bound)s)
    SELECT id, max(level) FROM up GROUP BY id"""
_DOWN = f"""
    WITH RECURSIVE down(id, level) AS (
        SELECT %(main)s::bigint, 0
        UNION
        SELECT coalesce(a.main_id, c.id), down.level + 1
        FROM down CROSS JOIN LATERAL {_MEMBERS.format("down")} m JOIN companies_company c ON c.parent_id = m.id
        LEFT JOIN companies_alias a ON a.company_id = c.id
        WHERE down.level <= %(bound)s)
    SELECT id, max(level) FROM down GROUP BY id"""


def serialise() -> None:
    """Let nobody else change merges or groups until the transaction ends. Before any row is locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def hold(company_ids: Collection[int]) -> None:
    """Lock companies in the order of their ids, once a transaction: imports lock theirs in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM companies_company WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(company_ids)],
        )


def above(main_id: int) -> dict[int, int]:
    """Every node above `main_id`, itself at 0, with the longest way to it."""
    return _levels(_UP, main_id)


def below(main_id: int) -> dict[int, int]:
    """Every node below `main_id`, itself at 0, with the longest way to it."""
    return _levels(_DOWN, main_id)


def _levels(query: str, main_id: int) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"main": main_id, "bound": MAX_LEVELS})
        return dict(cursor.fetchall())
