"""What no room knows of: rows of any table that name an erased person, whoever they are about.

A colleague's note, a view that was saved with a search for them, the arguments of a job, the address in a list: every
column that can hold text is looked through, and what names the person is cut out of it. The rows stay.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_lazy as _

from huoju.core.text import msgid

from .registry import Erased, Holder, all_holders, register_holder
from .traces import Traces, identifies, traces_of

ORDER = 65
"""Behind those who know rows by their persons, before those whose rows say what to look for."""
_SPARED = frozenset(
    {
        "access_user",  # the accounts of staff: somebody who works here and is a lead as well keeps theirs
        "facts_fact",  # the log has holders of its own
        "consent_suppression",  # entries are removed whole
    }
)
_TEXTS = ("text", "character varying", "character", "jsonb", "json", "ARRAY")


def _tables(cursor: CursorWrapper) -> Iterator[tuple[str, dict[str, str]]]:
    """Every table of the product that is not a part of another one, and its columns that can hold text."""
    later = {table for holder in all_holders() if holder.order > ORDER for table in holder.tables}
    cursor.execute(
        """SELECT c.table_name::text, array_agg(c.column_name::text ORDER BY c.ordinal_position),
                  array_agg(c.data_type::text ORDER BY c.ordinal_position)
             FROM information_schema.columns c
             JOIN pg_class r ON r.relname = c.table_name AND r.relnamespace = 'public'::regnamespace
            WHERE c.table_schema = 'public' AND r.relkind = 'r' AND NOT r.relispartition
              AND c.data_type = ANY(%s) AND (c.data_type <> 'ARRAY' OR c.udt_name IN ('_text', '_varchar'))
              AND c.is_generated = 'NEVER'
            GROUP BY c.table_name ORDER BY c.table_name""",
        [list(_TEXTS)],
    )
    for name, columns, types in cursor.fetchall():
        if name not in _SPARED and name not in later:
            yield name, dict(zip(columns, types, strict=True))


def _without(column: str, type_: str) -> str:
    """SQL: the column without what names the persons. A bare number in JSON becomes null."""
    quoted = f't."{column}"'
    if type_ == "ARRAY":
        return f"ARRAY(SELECT regexp_replace(x, %(pattern)s, '', 'gi') FROM unnest({quoted}) x)"
    if type_ in ("json", "jsonb"):
        bare = "'([:,[] ?)(' || %(pattern)s || ')(?=[],}])'"
        nulled = f"regexp_replace({quoted}::text, {bare}, '\\1null', 'gi')"
        return f"regexp_replace({nulled}, %(pattern)s, '', 'gi')::{type_}"
    return f"regexp_replace({quoted}, %(pattern)s, '', 'gi')"


def _cut(cursor: CursorWrapper, table: str, columns: dict[str, str], traces: Traces) -> int:
    sets = ", ".join(f'"{name}" = {_without(name, type_)}' for name, type_ in columns.items())
    cursor.execute(f'UPDATE "{table}" t SET {sets} WHERE {identifies("t::text")}', traces.params)
    return int(cursor.rowcount)


def _unlist(cursor: CursorWrapper, traces: Traces) -> int:
    """Entries of lists in plain text: the hash that the first step of the erasure has put there does their work."""
    cursor.execute(f"DELETE FROM consent_suppression t WHERE {identifies('t.value')}", traces.params)
    return int(cursor.rowcount)


def _erase(persons: Sequence[int]) -> Erased:
    traces, done, kept = traces_of(persons), dict[str, int](), 0
    if not traces:
        return Erased()
    with connection.cursor() as cursor:
        for table, columns in [*_tables(cursor)]:
            try:
                with transaction.atomic():
                    done[table] = _cut(cursor, table, columns, traces)
            except IntegrityError:  # where a value has to be there or be the only one of its kind
                kept += _count(cursor, table, traces)
        done["consent_suppression"] = _unlist(cursor, traces)
    where = {table: rows for table, rows in done.items() if rows}
    ground = msgid("Rows that cannot be without what they say") if kept else ""
    return Erased(erased=sum(where.values()), kept=kept, ground=ground, where=where)


def _count(cursor: CursorWrapper, table: str, traces: Traces) -> int:
    cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE {identifies("t::text")}', traces.params)
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _export(persons: Sequence[int]) -> list[dict[str, Any]]:
    """Rows of tables that no holder looks after, and entries of lists: what they say that names the person."""
    traces, found = traces_of(persons), list[dict[str, Any]]()
    if not traces:
        return found
    held = {table for holder in all_holders() for table in holder.tables}
    with connection.cursor() as cursor:
        tables = [(name, columns) for name, columns in _tables(cursor) if name not in held]
        for table, columns in [*tables, ("consent_suppression", {"value": "text"})]:
            pairs = ", ".join(f"'{name}', t.\"{name}\"" for name in columns)
            cursor.execute(
                f'SELECT jsonb_build_object({pairs})::text FROM "{table}" t WHERE {identifies("t::text")}',
                traces.params,
            )
            for (text,) in cursor.fetchall():
                said = {
                    name: value for name, value in json.loads(text).items() if traces.stand_in(str(value))
                }
                found.append({"table": table, **said})
    return found


REMAINS = Holder(
    code="remains",
    label=_("Wherever else they are named"),
    order=ORDER,
    tables=(),
    # Every table is read for it: that is part of the work on a request, not of a page.
    find=lambda _persons: 0,
    export=_export,
    erase=_erase,
)


def register() -> None:
    """Called once by the wiring."""
    register_holder(REMAINS)
