"""What consent asks of rooms above it; `site/wiring.py` fills it."""

_relations: list[str] = []
_NOBODY = "SELECT 0 AS person_id, NULL::timestamptz AS bought_at, NULL::timestamptz AS asked_at WHERE false"


def register_relations(sql: str) -> None:
    """Say how we stand with people: a SELECT of `person_id`, `bought_at`, `asked_at` (times, or NULL).

    Any number of rows a person, without grouping: it is joined to the persons that are asked about.
    """
    if sql not in _relations:
        _relations.append(sql)


def relations_sql() -> str:
    """All that was registered, as one SELECT."""
    return " UNION ALL ".join(_relations) or _NOBODY
