"""Pairs of companies that may be one: found by what is known of both, decided by people."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper

from huoju.core.bulk import texts

from .. import registry
from ..models import CompanyDomain, Suggestion
from ..policy.alike import Sketch, alike
from ..queries import mains_of

CROWD = 20
"""A brand that more companies have (中心, 建设) says nothing."""


def suggest_batch(*, company_ids: Sequence[int], now: datetime) -> int:
    """Suggest duplicates of these companies among all; returns how many are new. A pair that was decided stays decided.

    Needs a transaction. The number of statements does not depend on the number of companies.
    """
    with connection.cursor() as cursor:
        pairs = {*_same_brand(cursor, company_ids), *_same_domain(company_ids)}
        if not pairs:
            return 0
        sketches = _sketches({id_ for pair in pairs for id_ in pair})
        found = [(*pair, alike(sketches[pair[0]], sketches[pair[1]])) for pair in pairs]
        found = sorted(each for each in found if each[2])
        cursor.execute(
            """INSERT INTO companies_suggestion (left_id, right_id, evidence, suggested_at, decision, decided_by)
               SELECT r.one, r.other, r.evidence::jsonb, %s, '', ''
               FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS r(one, other, evidence)
               ON CONFLICT DO NOTHING""",
            [
                now,
                [left for left, _, _ in found],
                [right for _, right, _ in found],
                texts([json.dumps([each.value for each in evidence]) for _, _, evidence in found]),
            ],
        )
        return int(cursor.rowcount)


def _same_brand(cursor: CursorWrapper, company_ids: Sequence[int]) -> list[tuple[int, int]]:
    cursor.execute(
        """SELECT least(a.id, b.id), greatest(a.id, b.id)
           FROM companies_company a CROSS JOIN LATERAL (
               SELECT id, count(*) OVER () AS crowd FROM (
                   SELECT id FROM companies_company c WHERE c.brand = a.brand AND c.brand <> ''
                   LIMIT %(crowd)s + 1) found) b
           LEFT JOIN companies_alias x ON x.company_id = a.id LEFT JOIN companies_alias y ON y.company_id = b.id
           WHERE a.id = ANY(%(ids)s) AND b.id <> a.id AND b.crowd <= %(crowd)s
             AND coalesce(x.main_id, a.id) <> coalesce(y.main_id, b.id)
           GROUP BY 1, 2""",
        {"ids": list(company_ids), "crowd": CROWD},
    )
    return list(cursor.fetchall())


def _same_domain(company_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Companies whose people write under a domain of another one."""
    written = registry.mail_domains_of(company_ids)
    wanted = {domain for domains in written.values() for domain in domains}
    if not wanted:
        return []
    owners = dict(CompanyDomain.objects.filter(domain__in=wanted).values_list("domain", "company_id"))
    mains = mains_of({*company_ids, *owners.values()})
    return [
        (min(id_, owner), max(id_, owner))
        for id_, domains in written.items()
        for domain in domains
        if (owner := owners.get(domain)) is not None and mains[owner] != mains[id_]
    ]


def _sketches(ids: set[int]) -> Mapping[int, Sketch]:
    wanted = sorted(ids)
    domains: dict[int, set[str]] = {
        id_: set(found) for id_, found in registry.mail_domains_of(wanted).items()
    }
    for company_id, domain in CompanyDomain.objects.filter(company_id__in=wanted).values_list(
        "company_id", "domain"
    ):
        domains.setdefault(company_id, set()).add(domain)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, brand, region, coalesce(uscc, '') FROM companies_company WHERE id = ANY(%s)",
            [wanted],
        )
        rows: list[tuple[int, str, str, str, str]] = cursor.fetchall()
    return {
        id_: Sketch(name, brand, region, uscc, frozenset(domains.get(id_, ())))
        for id_, name, brand, region, uscc in rows
    }


def decide(*, suggestion_id: int, decision: Suggestion.Decision, actor: str, now: datetime) -> bool:
    """Note what somebody decided about a pair; False if it was decided already. `merge` notes its own.

    Needs a transaction.
    """
    open_ = Suggestion.objects.filter(pk=suggestion_id, decided_at=None)
    return bool(open_.update(decision=decision, decided_at=now, decided_by=actor))
