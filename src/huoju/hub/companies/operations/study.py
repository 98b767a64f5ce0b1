"""What can be found out about companies once they are there: brand, region, industry. Not while rows come in."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from huoju.core.bulk import texts
from huoju.core.search import operations as search

from .. import registry
from ..policy import brand_of, parts_of, region_of_uscc, trade_of
from ..search import COMPANIES
from .suggestions import suggest_batch

BATCH = 1000


class _Studied(NamedTuple):
    id: int
    brand: str
    region: str
    region_from: str
    industry: str
    industry_from: str


def study_all(*, now: datetime) -> int:
    """Study every company that is new or was changed, a transaction a batch; returns how many."""
    total = 0
    while True:
        with transaction.atomic():
            done = study_batch(now=now)
        total += done
        if done < BATCH:
            return total


def study_batch(*, now: datetime, limit: int = BATCH) -> int:
    """Study the next companies: find brands, derive regions and industries that nobody told, look for duplicates,
    and bring the search up to date; returns how many. Needs a transaction.

    A derived value never replaces one that was told or set by hand (`origins` says which is which), and gives way when
    somebody tells. Several workers share the work; the number of statements does not depend on the number of companies.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id, name, coalesce(uscc, ''),
                      region = '' AND NOT origins ? 'region' OR origins->>'region' LIKE 'derived:%%',
                      industry = '' AND NOT origins ? 'industry' OR origins->>'industry' LIKE 'derived:%%'
               FROM companies_company WHERE studied_at IS NULL ORDER BY id LIMIT %s
               FOR NO KEY UPDATE SKIP LOCKED""",
            [limit],
        )
        rows = cursor.fetchall()
        if not rows:
            return 0
        open_ids = [
            id_ for id_, _name, _uscc, region_open, industry_open in rows if region_open or industry_open
        ]
        told = registry.common_values(open_ids) if open_ids else {}
        found = [_studied(*row, told=told.get(row[0], {})) for row in rows]
        _write(found, now)
    ids = [each.id for each in found]
    suggest_batch(company_ids=ids, now=now)
    search.index(COMPANIES, ids)
    return len(ids)


def _studied(
    id_: int, name: str, uscc: str, region_open: bool, industry_open: bool, *, told: Mapping[str, str]
) -> _Studied:
    regions = (
        (parts_of(name).region, "derived:name"),
        (region_of_uscc(uscc), "derived:uscc"),
        (told.get("region", ""), "derived:people"),
    )
    industries = ((told.get("industry", ""), "derived:people"), (trade_of(name), "derived:name"))
    region = next((each for each in regions if each[0]), ("", "")) if region_open else ("", "")
    industry = next((each for each in industries if each[0]), ("", "")) if industry_open else ("", "")
    return _Studied(id_, brand_of(name)[:200], *region, *industry)


def _write(found: list[_Studied], now: datetime) -> None:
    ids = [each.id for each in found]
    names = ("brand", "region", "region_from", "industry", "industry_from")
    columns = [texts([getattr(each, name) for each in found]) for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE companies_company c SET
                   brand = r.brand, studied_at = %s,
                   region = CASE WHEN r.region <> '' THEN r.region
                                 WHEN c.origins->>'region' LIKE 'derived:%%' THEN '' ELSE c.region END,
                   industry = CASE WHEN r.industry <> '' THEN r.industry
                                   WHEN c.origins->>'industry' LIKE 'derived:%%' THEN '' ELSE c.industry END,
                   origins = (c.origins
                       - CASE WHEN c.origins->>'region' LIKE 'derived:%%' THEN 'region' ELSE '' END
                       - CASE WHEN c.origins->>'industry' LIKE 'derived:%%' THEN 'industry' ELSE '' END)
                       || jsonb_strip_nulls(jsonb_build_object(
                              'region', nullif(r.region_from, ''), 'industry', nullif(r.industry_from, '')))
               FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
                    AS r(id, brand, region, region_from, industry, industry_from)
               WHERE c.id = r.id""",
            [now, ids, *columns],
        )
