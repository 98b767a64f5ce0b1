"""Which company a row means: the way by which imports, forms and the API name companies."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper

from huoju.core.bulk import numbers, texts
from huoju.core.references import unreferenced

from ..models import Company

_ATTEMPTS = 5
_FILLABLE = ("industry", "region", "size", "country")
_BY_HAND = "origins->>'{0}' LIKE 'user:%%'"
_DERIVED = "origins->>'{0}' LIKE 'derived:%%'"
# What may be told: what is empty (unless somebody emptied it by hand) and what a machine has derived.
_OPEN = {
    name: f"(r.{name} <> '' AND (c.{name} = '' AND c.{_BY_HAND.format(name)} IS NOT TRUE OR c.{_DERIVED.format(name)}))"
    for name in _FILLABLE
}
_FILL = f"""
    WITH held AS (SELECT id FROM companies_company WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE)
    UPDATE companies_company c SET
        uscc = coalesce(c.uscc, nullif(r.uscc, '')),
        {", ".join(f"{name} = CASE WHEN {_OPEN[name]} THEN r.{name} ELSE c.{name} END" for name in _FILLABLE)},
        origins = c.origins || jsonb_strip_nulls(jsonb_build_object(
            {", ".join(f"'{name}', CASE WHEN {_OPEN[name]} THEN r.source END" for name in _FILLABLE)})),
        studied_at = CASE WHEN r.uscc <> '' THEN NULL ELSE c.studied_at END
    FROM held, (SELECT *, %s AS source
                FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
                     AS given(id, uscc, industry, region, size, country)) r
    WHERE held.id = c.id AND r.id = c.id"""


class CompanyHint(NamedTuple):
    """What one row says about a company; everything may be empty.

    `key` is the normalised name (`policy`), `domain` a domain that may identify a company: the caller leaves out
    free and disposable mail. `uscc` is a valid 统一社会信用代码. The others are codes and fill only what is empty.
    """

    name: str = ""
    key: str = ""
    domain: str = ""
    uscc: str = ""
    industry: str = ""
    region: str = ""
    size: str = ""
    country: str = ""


class ResolvedCompany(NamedTuple):
    """The company of a row; `created` if nobody knew it before.

    `domain` is the one that the company got by this row, `filled` the values that its empty fields got: what an import
    takes back when it is rolled back. `values` are its industry, region, size and country, the batch's own included.
    """

    company_id: int
    created: bool = False
    domain: str = ""
    filled: Mapping[str, str] = {}
    values: Mapping[str, str] = {}


@dataclass(slots=True)
class _Company:
    id: int
    uscc: str
    values: dict[str, str]
    created: bool = False
    origins: dict[str, str] = field(default_factory=dict)

    def is_open(self, name: str) -> bool:
        """Whether a row may tell this field: it is empty and nobody emptied it by hand, or a machine derived it."""
        if not self.origins:
            return not self.values[name]
        origin = self.origins.get(name, "")
        return origin.startswith("derived:") or (not self.values[name] and not origin.startswith("user:"))


class _Register:
    """What is known of the companies that a batch may mean."""

    def __init__(self) -> None:
        self.by_id: dict[int, _Company] = {}
        self.by_key: dict[str, _Company] = {}
        self.by_uscc: dict[str, _Company] = {}
        self.by_domain: dict[str, _Company] = {}

    def read(self, cursor: CursorWrapper, rows: Iterable[CompanyHint]) -> None:
        """Look up everything that `rows` name and that is not known yet: two statements."""
        keys = {row.key for row in rows if row.key} | {_namesake(row) for row in rows if row.key and row.uscc}
        keys -= self.by_key.keys()
        usccs = {row.uscc for row in rows if row.uscc} - self.by_uscc.keys()
        domains = {row.domain for row in rows if row.domain} - self.by_domain.keys()
        owners: dict[str, int] = {}
        if domains:
            cursor.execute(
                "SELECT domain, company_id FROM companies_companydomain WHERE domain = ANY(%s::text[])",
                [texts(list(domains))],
            )
            owners = dict(cursor.fetchall())
        if keys or usccs or owners:
            columns = f"id, key, coalesce(uscc, ''), nullif(origins, '{{}}'), {', '.join(_FILLABLE)}"
            one = f"SELECT {columns} FROM companies_company WHERE "
            parts = {"key = ANY(%s::text[])": texts(list(keys)) if keys else ""}
            parts |= {"uscc = ANY(%s::text[])": texts(list(usccs)) if usccs else ""}
            parts |= {"id = ANY(%s::bigint[])": numbers(set(owners.values())) if owners else ""}
            asked = {where: value for where, value in parts.items() if value}
            cursor.execute(" UNION ".join([one + where for where in asked]), list(asked.values()))
            for id_, key, uscc, origins, *values in cursor.fetchall():
                known = self.by_id.get(id_)
                if known is None:
                    known = _Company(id_, uscc, dict(zip(_FILLABLE, values, strict=True)))
                    if origins is not None:
                        known.origins = json.loads(origins)
                self.add(known, key)
        self.by_domain |= {domain: self.by_id[id_] for domain, id_ in owners.items() if id_ in self.by_id}

    def add(self, company: _Company, key: str) -> None:
        """Remember a company under its name and its code."""
        self.by_id[company.id] = self.by_key[key] = company
        if company.uscc:
            self.by_uscc[company.uscc] = company

    def forget(self, gone: Collection[int]) -> None:
        """Companies that have vanished since they were read."""
        for found in (self.by_key, self.by_uscc, self.by_domain):
            for name in [name for name, company in found.items() if company.id in gone]:
                del found[name]
        for id_ in gone:
            del self.by_id[id_]

    def missing(self, rows: Iterable[CompanyHint]) -> list[CompanyHint]:
        """Those of `rows` that name a company which is not known yet."""
        return [row for row in rows if row.key and self.find(row) is None]

    def find(self, row: CompanyHint) -> _Company | None:
        """The company that `row` means, believing the registered code most, then the name, then the mail domain.

        A domain decides only where no company is named: people write from their agency's or their group's address.
        """
        if row.uscc and (company := self.by_uscc.get(row.uscc)):
            return company
        if row.key:
            company = self.by_key.get(row.key)
            # Two registration numbers are two legal persons, however alike they are called.
            if company and row.uscc and company.uscc and company.uscc != row.uscc:
                return self.by_key.get(_namesake(row))
            return company
        return self.by_domain.get(row.domain) if row.domain else None


def _namesake(row: CompanyHint) -> str:
    """The key of a company that is called like another one but is registered under a number of its own."""
    return f"{row.key[:180]}#{row.uscc}"


def resolve_batch(rows: Sequence[CompanyHint], *, source: str, now: datetime) -> list[ResolvedCompany | None]:
    """The company of each row, made where none is known yet; None where the row names none. Needs a transaction.

    None of them goes away until it ends (`hold`): nothing else checks that a person's or lead's company is there.
    """
    telling = [row for row in rows if row.key or row.uscc or row.domain]
    if not telling:
        return [None] * len(rows)
    register = _Register()
    with connection.cursor() as cursor:
        unknown = telling
        for _ in range(_ATTEMPTS):
            register.read(cursor, unknown)
            if unknown := register.missing(unknown):
                _create(cursor, unknown, register, source, now)
                # What another transaction made at the same instant is not returned: it is found in the next round.
                if unknown := register.missing(unknown):
                    continue
            known = {id_ for id_, company in register.by_id.items() if not company.created}
            if not (gone := known - hold(known)):
                break
            register.forget(gone)
            unknown = telling
        else:
            raise RuntimeError("companies appear and vanish faster than they can be looked up")
        filled = _fill(cursor, telling, register, source)
        domains = _claim_domains(cursor, telling, register, source, now)
    return _answers(rows, register, filled, domains)


def hold(company_ids: Collection[int]) -> set[int]:
    """Keep companies from being removed until the transaction ends; returns those of `company_ids` that are there.

    Whoever lets a person or a lead point to a company that it has not just made asks for it here: these have no
    foreign key (docs/decisions/0035).
    """
    if not company_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM companies_company WHERE id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE",
            [numbers(company_ids)],
        )
        return {id_ for (id_,) in cursor.fetchall()}


def _create(
    cursor: CursorWrapper, rows: Sequence[CompanyHint], register: _Register, source: str, now: datetime
) -> None:
    """Make one company for each key of `rows`; sorted, so that two transactions wait for each other in one order."""
    merged: dict[str, dict[str, str]] = {}
    for row in rows:
        # A namesake with another registration number is kept apart by it.
        key = _namesake(row) if row.key in register.by_key else row.key
        values = merged.setdefault(key, {"name": row.name or row.key, "uscc": row.uscc})
        for name in ("uscc", *_FILLABLE):
            values[name] = values.get(name) or getattr(row, name)
    usccs: set[str] = set()
    for key in sorted(merged):
        uscc = merged[key]["uscc"]
        if uscc in usccs:
            merged[key]["uscc"] = ""
        usccs.add(uscc)
    keys = sorted(merged)
    columns = [texts([merged[key][name] for key in keys]) for name in ("name", "uscc", *_FILLABLE)]
    cursor.execute(
        """INSERT INTO companies_company
               (key, name, uscc, industry, region, size, country, source, created_at)
           SELECT r.key, r.name, nullif(r.uscc, ''), r.industry, r.region, r.size, r.country, %s, %s
           FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
                AS r(key, name, uscc, industry, region, size, country)
           ORDER BY r.key COLLATE "C" ON CONFLICT DO NOTHING RETURNING id, key""",
        [source, now, texts(keys), *columns],
    )
    for id_, key in cursor.fetchall():
        values = merged[key]
        company = _Company(id_, values["uscc"], {name: values[name] for name in _FILLABLE}, created=True)
        register.add(company, key)


def _fill(
    cursor: CursorWrapper, rows: Sequence[CompanyHint], register: _Register, source: str
) -> dict[int, dict[str, str]]:
    """Give empty fields of known companies the first value that a row has for them."""
    filled: dict[int, dict[str, str]] = {}
    for row in rows:
        company = register.find(row)
        if company is None:
            continue
        values, origins = company.values, company.origins
        for name in _FILLABLE:
            if values[name] and not origins:
                continue
            if (value := getattr(row, name)) and company.is_open(name):
                origins.pop(name, None)
                values[name] = filled.setdefault(company.id, {})[name] = value
        if row.uscc and not company.uscc and row.uscc not in register.by_uscc:
            company.uscc = filled.setdefault(company.id, {})["uscc"] = row.uscc
            register.by_uscc[row.uscc] = company
    if filled:
        ids = sorted(filled)
        columns = [texts([filled[id_].get(name, "") for id_ in ids]) for name in ("uscc", *_FILLABLE)]
        cursor.execute(_FILL, [ids, source, ids, *columns])
    return filled


def _claim_domains(
    cursor: CursorWrapper, rows: Sequence[CompanyHint], register: _Register, source: str, now: datetime
) -> dict[str, int]:
    """Note the mail domains of named companies; a domain that another company has stays there."""
    claims: dict[str, int] = {}
    for row in rows:
        if row.domain and row.domain not in register.by_domain and row.domain not in claims:
            company = register.find(row)
            if company is not None:
                claims[row.domain] = company.id
    if not claims:
        return {}
    domains = sorted(claims)
    cursor.execute(
        """INSERT INTO companies_companydomain (domain, company_id, source, created_at)
           SELECT r.domain, r.company, %s, %s FROM unnest(%s::text[], %s::bigint[]) AS r(domain, company)
           ORDER BY r.domain COLLATE "C" ON CONFLICT DO NOTHING RETURNING domain, company_id""",
        [source, now, texts(domains), numbers([claims[domain] for domain in domains])],
    )
    return dict(cursor.fetchall())


def _answers(
    rows: Sequence[CompanyHint],
    register: _Register,
    filled: dict[int, dict[str, str]],
    domains: dict[str, int],
) -> list[ResolvedCompany | None]:
    """One answer a row; what a batch did to a company is told once, by the first row that means it."""
    plain: dict[int, ResolvedCompany] = {}
    answers: list[ResolvedCompany | None] = []
    for row in rows:
        company = register.find(row)
        if company is None:
            answers.append(None)
            continue
        id_ = company.id
        domain = row.domain if row.domain and domains.pop(row.domain, None) == id_ else ""
        if domain or id_ not in plain:
            first = id_ not in plain
            news = filled.pop(id_, {}) if first else {}
            answers.append(ResolvedCompany(id_, first and company.created, domain, news, company.values))
            plain.setdefault(id_, ResolvedCompany(id_, values=company.values))
        else:
            answers.append(plain[id_])
    return answers


def forget_batch(made: Sequence[ResolvedCompany], *, source: str, used: Collection[int] = ()) -> None:
    """Take back what `resolve_batch` made for an import, as far as nothing else stands on it. Needs a transaction.

    The caller has removed the persons and leads of the import already; `used` are the companies that those pointed to.
    Companies of that `source` go when nothing points to them any more. A value is emptied only if it is still the one
    that the import brought.
    """
    domains = sorted({each.domain for each in made if each.domain})
    fills = [
        (each.company_id, name, value)
        for each in made
        if not each.created
        for name, value in each.filled.items()
    ]
    with connection.cursor() as cursor:
        if domains:
            cursor.execute(
                """DELETE FROM companies_companydomain d USING unnest(%s::text[], %s::bigint[]) AS r(domain, company)
                   WHERE d.domain = r.domain AND d.company_id = r.company""",
                [
                    texts([each.domain for each in made if each.domain]),
                    [each.company_id for each in made if each.domain],
                ],
            )
        for name in ("uscc", *_FILLABLE):
            mine = [(id_, value) for id_, field_name, value in fills if field_name == name]
            if mine:
                empty = "NULL" if name == "uscc" else "''"
                cursor.execute(
                    f"""UPDATE companies_company c
                        SET {name} = {empty}, origins = c.origins - '{name}', studied_at = NULL
                        FROM unnest(%s::bigint[], %s::text[]) AS r(id, value)
                        WHERE c.id = r.id AND c.{name} = r.value""",
                    [[id_ for id_, _ in mine], texts([value for _, value in mine])],
                )
        # Locked before it is asked who points to them: who holds one now has pointed to it by then.
        ours = hold_made({each.company_id for each in made} | set(used), source=source)
        cursor.execute("DELETE FROM companies_company WHERE id = ANY(%s)", [unreferenced(Company, ours)])


def hold_made(company_ids: Collection[int], *, source: str) -> list[int]:
    """Lock those of `company_ids` that `source` made, as if to remove them; returns them in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id FROM companies_company
               WHERE id = ANY(%s::bigint[]) AND source = %s ORDER BY id FOR UPDATE""",
            [numbers(company_ids), source],
        )
        return [id_ for (id_,) in cursor.fetchall()]
