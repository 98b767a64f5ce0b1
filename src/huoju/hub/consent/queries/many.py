"""Situations of many: what matters of the tables is copied into DuckDB, and the same statement joins it by columns.

PostgreSQL takes three times as long for a million persons, most of it for rows that it carries from join to join.
Nothing here goes through Arrow or as a parameter: either makes DuckDB look for pandas, which takes longer to load than
half a million persons.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
from django.db import connection

from huoju.core.bulk import numbers
from huoju.core.lake.duck import session
from huoju.core.lake.transfer import load
from huoju.hub.identity.queries import members_of, profiles_of

from ..policy import Channel, Purpose
from ..registry import relations_sql
from .situation import MANY, WECHAT_KINDS, address_column, entry_kinds, exact_kind, key_sql, statement

_WHOLE = 4
"""Tables are read as a whole when at least one of so many persons is asked about."""
_TIME = "TIMESTAMPTZ"


def situations(
    persons: Sequence[int], channel: Channel, purpose: Purpose, at: datetime, peppers: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The situations of some persons, each with who is in it."""
    people, entries = _estimates()
    members: list[int] | None = None
    if len(persons) * _WHOLE < people:
        profiles = set(profiles_of(persons).values())
        members = [member for each in members_of(profiles).values() for member in each]
    with session() as engine:
        engine.register("asked_ids", {"person": np.fromiter(persons, np.int64, len(persons))})
        engine.execute("CREATE TEMP TABLE asked_persons AS FROM asked_ids")
        engine.execute(f"CREATE TEMP TABLE peppers AS SELECT unnest({list(peppers)}) AS pepper")
        aliases = f"SELECT person_id, profile_id FROM identity_alias {_rows_of('person_id', members)}"
        load(engine, "identity_alias", aliases, {"person_id": "BIGINT", "profile_id": "BIGINT"})
        _people(engine, channel, members)
        _answers(engine, channel, purpose, members)
        _relations(engine, members)
        _lists(engine, channel, members, shorter=entries < len(persons))
        _companies_and_accounts(engine, channel, members)
        question = statement(channel, purpose, MANY).replace("%%", "%").replace("$at", f"'{at.isoformat()}'")
        return engine.execute(question).fetchall()


def _estimates() -> tuple[int, int]:
    """How many persons and entries of lists there are, as the planner knows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.reltuples, s.reltuples FROM pg_class p, pg_class s "
            "WHERE p.oid = 'identity_person'::regclass AND s.oid = 'consent_suppression'::regclass"
        )
        ((people, entries),) = cursor.fetchall()
    return int(people), int(entries)


def _rows_of(column: str, ids: Collection[int] | None) -> str:
    """The end of a SELECT for rows whose `column` is among `ids` (None: all rows); `AND` may follow."""
    if ids is None:
        return "WHERE true"
    return f"JOIN unnest('{numbers(ids)}'::bigint[]) AS wanted ON wanted = {column} WHERE true"


def _people(engine: duckdb.DuckDBPyConnection, channel: Channel, members: Sequence[int] | None) -> None:
    address = address_column(channel)
    read = {
        "id": ("id", "BIGINT"),
        address: (address, "VARCHAR"),
        "country": ("country", "VARCHAR"),
        "region": ("left(region, 2)", "VARCHAR"),
        "company_id": ("company_id", "BIGINT"),
    }
    read.setdefault("mobile", ("left(mobile, 4)", "VARCHAR"))  # elsewhere only its calling code matters
    columns = ", ".join(column for column, _type in read.values())
    query = f"SELECT {columns} FROM identity_person {_rows_of('id', members)}"
    load(engine, "identity_person", query, {name: type_ for name, (_column, type_) in read.items()})


def _answers(
    engine: duckdb.DuckDBPyConnection, channel: Channel, purpose: Purpose, members: Sequence[int] | None
) -> None:
    load(
        engine,
        "said",
        f"SELECT person_id, state, at, address, expires_at FROM consent_consent {_rows_of('person_id', members)} "
        f"AND channel = '{channel.value}' AND purpose = '{purpose.value}'",
        {"person_id": "BIGINT", "state": "VARCHAR", "at": _TIME, "address": "VARCHAR", "expires_at": _TIME},
    )
    engine.execute(
        "CREATE TEMP VIEW consent_consent AS "
        f"SELECT *, '{channel.value}' AS channel, '{purpose.value}' AS purpose FROM said"
    )


def _relations(engine: duckdb.DuckDBPyConnection, members: Sequence[int] | None) -> None:
    load(
        engine,
        "relations",
        f"SELECT person_id, bought_at, asked_at FROM ({relations_sql()}) AS r {_rows_of('person_id', members)} "
        "AND (bought_at IS NOT NULL OR asked_at IS NOT NULL)",
        {"person_id": "BIGINT", "bought_at": _TIME, "asked_at": _TIME},
    )


def _lists(
    engine: duckdb.DuckDBPyConnection, channel: Channel, members: Sequence[int] | None, *, shorter: bool
) -> None:
    """Lists, and entries that can hit the channel; those of whole addresses only of members if lists are longer."""
    select = "SELECT kind, value, list_id, added_at, expires_at FROM consent_suppression WHERE kind"
    kind = exact_kind(channel)
    kinds = [*entry_kinds(channel), *([kind] if shorter and kind else [])]
    entries = f"{select} IN ('{"', '".join(kinds)}')"
    if kind and not shorter:
        keys = f"SELECT {key_sql(channel, kind)} FROM identity_person {_rows_of('id', members)}"
        entries += (
            f" UNION ALL {select} = '{kind}' AND value LIKE '#%'"
            f" UNION ALL {select} = '{kind}' AND value NOT LIKE '#%' AND value IN ({keys})"
        )
    load(
        engine,
        "consent_suppressionlist",
        "SELECT id, kind, '[' || array_to_string(channels, ', ') || ']' FROM consent_suppressionlist",
        {"id": "BIGINT", "kind": "VARCHAR", "channels": "VARCHAR[]"},
    )
    load(
        engine,
        "consent_suppression",
        entries,
        {"kind": "VARCHAR", "value": "VARCHAR", "list_id": "BIGINT", "added_at": _TIME, "expires_at": _TIME},
    )


def _companies_and_accounts(
    engine: duckdb.DuckDBPyConnection, channel: Channel, members: Sequence[int] | None
) -> None:
    load(
        engine,
        "companies_company",
        "SELECT id, country, region FROM companies_company WHERE country <> '' OR region <> ''",
        {"id": "BIGINT", "country": "VARCHAR", "region": "VARCHAR"},
    )
    if channel is Channel.EMAIL:
        domains = "SELECT domain FROM companies_companydomain"
        load(engine, "companies_companydomain", domains, {"domain": "VARCHAR"})
    if channel is Channel.WECHAT:
        load(
            engine,
            "identity_identifier",
            f"SELECT person_id, kind FROM identity_identifier {_rows_of('person_id', members)} "
            f"AND kind IN {WECHAT_KINDS}",
            {"person_id": "BIGINT", "kind": "VARCHAR"},
        )
