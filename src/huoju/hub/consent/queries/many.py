"""Situations of many: what matters of the tables is copied into DuckDB, and the same statement joins it by columns.

PostgreSQL takes three times as long for a million persons, most of it for rows that it carries from join to join.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from django.db import connection

from huoju.core.bulk import numbers
from huoju.core.lake.duck import session
from huoju.core.lake.transfer import fetch

from ..policy import Channel, Purpose
from ..registry import relations_sql
from .situation import MANY, WECHAT_KINDS, address_column, entry_kinds, exact_kind, key_sql, statement

_WHOLE = 4
"""Tables are read as a whole when at least one of so many persons is asked about."""
_TIME = "timestamp('UTC')"


def situations(
    persons: Sequence[int], channel: Channel, purpose: Purpose, at: datetime, peppers: Sequence[str]
) -> tuple[list[tuple[Any, ...]], dict[int, int]]:
    """The situations of some persons with the profiles in each, and into which profile each merged one went."""
    people, entries = _estimates()
    whole = len(persons) * _WHOLE >= people
    aliases = _aliases(_rows_of("person_id", None if whole else persons))
    into = dict(zip(aliases["person_id"].to_pylist(), aliases["profile_id"].to_pylist(), strict=True))
    profiles = set(map(into.get, persons, persons)) if into else set(persons)
    if not whole:
        aliases = _aliases(_rows_of("profile_id", profiles))
    members = None if whole else [*profiles, *aliases["person_id"].to_pylist()]
    tables = {
        "profiles": pa.table({"profile": np.fromiter(profiles, np.int64, len(profiles))}),
        "peppers": pa.table({"pepper": pa.array(peppers, pa.string())}),
        "identity_alias": aliases,
        "identity_person": _people(channel, members),
        "consent_consent": _answers(channel, purpose, members),
        "relations": _relations(members),
        **_lists(channel, members, shorter=entries < len(persons)),
        **_companies_and_accounts(channel, members),
    }
    with session() as engine:
        for name, table in tables.items():
            engine.register(name, table)
        question = statement(channel, purpose, MANY).replace("%%", "%")
        return engine.execute(question, {"at": at}).fetchall(), into


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


def _aliases(rows: str) -> pa.Table:
    return fetch(
        f"SELECT person_id, profile_id FROM identity_alias {rows}",
        {"person_id": "int64", "profile_id": "int64"},
    )


def _people(channel: Channel, members: Sequence[int] | None) -> pa.Table:
    address = address_column(channel)
    columns = {
        "id": "int64",
        address: "string",
        "country": "string",
        "region": "string",
        "company_id": "int64",
    }
    read = ["id", address, "country", "left(region, 2)", "company_id"]
    if address != "mobile":  # then only its calling code matters
        columns["mobile"] = "string"
        read.append("left(mobile, 4)")
    return fetch(f"SELECT {', '.join(read)} FROM identity_person {_rows_of('id', members)}", columns)


def _answers(channel: Channel, purpose: Purpose, members: Sequence[int] | None) -> pa.Table:
    said = fetch(
        "SELECT person_id, state, at, address, expires_at FROM consent_consent "
        f"{_rows_of('person_id', members)} AND channel = '{channel.value}' AND purpose = '{purpose.value}'",
        {"person_id": "int64", "state": "string", "at": _TIME, "address": "string", "expires_at": _TIME},
    )
    for name, value in (("channel", channel.value), ("purpose", purpose.value)):
        said = said.append_column(name, pa.repeat(value, len(said)))
    return said


def _relations(members: Sequence[int] | None) -> pa.Table:
    return fetch(
        f"SELECT person_id, bought_at, asked_at FROM ({relations_sql()}) AS r {_rows_of('person_id', members)} "
        "AND (bought_at IS NOT NULL OR asked_at IS NOT NULL)",
        {"person_id": "int64", "bought_at": _TIME, "asked_at": _TIME},
    )


def _lists(channel: Channel, members: Sequence[int] | None, *, shorter: bool) -> dict[str, pa.Table]:
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
    return {
        "consent_suppressionlist": fetch(
            "SELECT id, kind, to_json(channels) FROM consent_suppressionlist",
            {"id": "int64", "kind": "string", "channels": "array<string>"},
        ),
        "consent_suppression": fetch(
            entries,
            {"kind": "string", "value": "string", "list_id": "int64", "added_at": _TIME, "expires_at": _TIME},
        ),
    }


def _companies_and_accounts(channel: Channel, members: Sequence[int] | None) -> dict[str, pa.Table]:
    tables = {
        "companies_company": fetch(
            "SELECT id, country, region FROM companies_company WHERE country <> '' OR region <> ''",
            {"id": "int64", "country": "string", "region": "string"},
        )
    }
    if channel is Channel.EMAIL:
        tables["companies_companydomain"] = fetch(
            "SELECT domain FROM companies_companydomain", {"domain": "string"}
        )
    if channel is Channel.WECHAT:
        tables["identity_identifier"] = fetch(
            f"SELECT person_id, kind FROM identity_identifier {_rows_of('person_id', members)} "
            f"AND kind IN {WECHAT_KINDS}",
            {"person_id": "int64", "kind": "string"},
        )
    return tables
