"""Traits of profiles, read where they stand in PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from huoju.hub.identity import queries as persons

from ..registry import Trait, TraitSource, ValueType, trait_named, visible_ids
from .among import of_whom

_MEMBERS = """SELECT m.id AS profile_id, m.id AS person_id FROM unnest(%s::bigint[]) m(id)
    UNION ALL SELECT a.profile_id, a.person_id FROM identity_alias a WHERE a.profile_id = ANY(%s)"""

_FIRMS = """SELECT f.profile_id, unnest(f.id || ARRAY(
        SELECT r.company_id FROM companies_alias r WHERE r.main_id = f.id)) AS id
    FROM (SELECT DISTINCT ON (m.profile_id) m.profile_id, COALESCE(r.main_id, p.company_id) AS id
          FROM members m JOIN identity_person p ON p.id = m.person_id
          LEFT JOIN companies_alias r ON r.company_id = p.company_id
          WHERE p.company_id IS NOT NULL ORDER BY m.profile_id, (p.id = m.profile_id) DESC, p.id DESC) f"""
"""The company of each profile as it is read, and those that are read as it."""


def traits_of(profile_ids: Sequence[int], codes: Iterable[str]) -> dict[int, dict[str, Any]]:
    """The values of traits, by profile and code; None where nothing is known. One query a source.

    Raises `KeyError` for a trait that nobody registered.
    """
    wanted: dict[str, tuple[TraitSource, list[Trait]]] = {}
    for code in codes:
        source, trait = trait_named(code)
        wanted.setdefault(source.code, (source, []))[1].append(trait)
    known: dict[int, dict[str, Any]] = {
        profile_id: {trait.code: None for _, traits in wanted.values() for trait in traits}
        for profile_id in profile_ids
    }
    if not known:
        return known
    with connection.cursor() as cursor:
        for source, traits in wanted.values():
            ids = list(known)
            cursor.execute(_statement(source, traits), [ids, ids])
            for profile_id, *values in cursor.fetchall():
                known[profile_id].update(zip([trait.code for trait in traits], values, strict=True))
    return known


def _rows(source: TraitSource) -> str:
    """The rows of a source that are looked at."""
    only = " AND ".join(f"y.{column} = '{value}'" for column, value in source.only.items())
    return (
        f"(SELECT * FROM ({source.table.select()}) y WHERE {only})" if only else f"({source.table.select()})"
    )


def _statement(source: TraitSource, traits: Sequence[Trait]) -> str:
    """The totals, or the latest row, of each profile that has rows."""
    if source.totals:
        chosen = ", ".join(f"{trait.total}(x.{trait.column})" for trait in traits)
        owners = _FIRMS if source.about == "company" else "SELECT profile_id, person_id AS id FROM members"
        return (
            f"WITH members AS ({_MEMBERS}) SELECT o.profile_id, {chosen} FROM ({owners}) o "
            f"JOIN {_rows(source)} x ON x.{source.owner} = o.id GROUP BY o.profile_id"
        )
    chosen = ", ".join(f"x.{trait.column}" for trait in traits)
    newest = ", ".join(f"x.{column} DESC NULLS LAST" for column in source.latest)
    link = f"JOIN x ON x.{source.owner} = m.person_id"
    if source.about == "company":
        # A merged company is the one that it is read as. The profile's own company before a member's.
        link = (
            "JOIN identity_person p ON p.id = m.person_id LEFT JOIN companies_alias r ON r.company_id = p.company_id "
            f"JOIN x ON x.{source.owner} = COALESCE(r.main_id, p.company_id)"
        )
        newest = "(p.id = m.profile_id) DESC, p.id DESC"
    rows = _rows(source)
    if source.combined is not None:
        own = (
            f"SELECT x.{source.owner} AS profile_id, {chosen} FROM {rows} x WHERE x.{source.owner} = ANY(%s)"
        )
        several = (
            f"SELECT x.profile_id, {chosen} FROM ({source.combined.select()}) x WHERE x.profile_id = ANY(%s)"
        )
        return (
            f"WITH own AS ({own}), several AS ({several}) SELECT * FROM several "
            "UNION ALL SELECT * FROM own WHERE profile_id NOT IN (SELECT profile_id FROM several)"
        )
    return (
        f"WITH members AS ({_MEMBERS}) SELECT DISTINCT ON (m.profile_id) m.profile_id, {chosen} "
        f"FROM members m {link.replace('JOIN x', f'JOIN {rows} x')} ORDER BY m.profile_id, {newest}"
    )


def trait_column(code: str) -> RawSQL:
    """A trait as a column of a query over persons that are profiles, for annotations. About a person, no total."""
    source, trait = trait_named(code)
    newest = ", ".join(f"x.{column} DESC NULLS LAST" for column in source.latest)
    return RawSQL(
        f"""SELECT x.{trait.column} FROM {_rows(source)} x WHERE x.{source.owner} IN (
                SELECT identity_person.id UNION ALL
                SELECT a.person_id FROM identity_alias a WHERE a.profile_id = identity_person.id)
            ORDER BY {newest} LIMIT 1""",
        [],
    )


def having(people: QuerySet[Any], code: str, values: Sequence[str], *, user: Any) -> QuerySet[Any]:
    """Those profiles among `people` of whom some row of the trait's source has one of `values`: one of several leads.

    Where `user` sees people by rows of that very table, only the rows that they see count.
    """
    source, trait = trait_named(code)
    wanted, type_ = list(values), "text"
    if source.table.columns[trait.column] == "int64":  # compared as numbers: as texts no index would help
        wanted, type_ = [value for value in values if value.isascii() and value.isdigit()], "bigint"
    seen = visible_ids(user)
    if seen is not None and seen.model._meta.db_table == source.table.relation:
        return persons.among(people, seen.filter(**{f"{trait.column}__in": wanted}))
    rows = f"FROM {_rows(source)} x WHERE x.{trait.column} = ANY(%s::{type_}[])"
    return of_whom(people, owner=source.owner, rows=rows, params=[wanted])


def records_of(profile_ids: Sequence[int], codes: Iterable[str]) -> Mapping[int, Any]:
    """Profiles as records for `core.conditions`: the trait `lead.stage` is the attribute `lead.stage`."""
    wanted = list(codes)
    ids = {code for code in wanted if trait_named(code)[1].type is ValueType.CHOICE}
    answer: dict[int, Any] = {}
    for profile_id, values in traits_of(profile_ids, wanted).items():
        nouns: dict[str, SimpleNamespace] = {}
        for code, value in values.items():
            noun, _dot, name = code.partition(".")
            # A choice is kept as text, whatever its column is: ids come from a form.
            comparable = str(value) if code in ids and value is not None else value
            setattr(nouns.setdefault(noun, SimpleNamespace()), name, comparable)
        answer[profile_id] = SimpleNamespace(**nouns)
    return answer
