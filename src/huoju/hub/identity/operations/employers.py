"""Whoever writes from a domain that a company was given by hand belongs to it, unless another company is known."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from huoju.core.bulk import texts
from huoju.core.facts.operations import NewFact, append
from huoju.hub.companies import operations as companies

from ..facts import CompanyJoined, CompanyLeft

_SOURCE = "identity"
_WRITES_FROM = (
    "i.kind = 'email' AND right('.' || split_part(i.value, '@', 2), length(d.domain) + 1) = '.' || d.domain"
)


def join_company(*, company_id: int, domains: Sequence[str], actor: str, now: datetime) -> list[int]:
    """Who has no company and writes from one of `domains` (or below it) joins this one; their ids. Needs a
    transaction. Appends `person.company_joined` for each."""
    if not companies.hold([company_id]):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH found AS (
                    SELECT p.id, min(d.domain) AS domain
                    FROM identity_identifier i JOIN unnest(%s::text[]) AS d(domain) ON {_WRITES_FROM}
                    JOIN identity_person p ON p.id = i.person_id AND p.company_id IS NULL GROUP BY p.id),
                held AS (SELECT p.id, found.domain FROM identity_person p JOIN found USING (id)
                         ORDER BY p.id FOR NO KEY UPDATE OF p)
                UPDATE identity_person p SET company_id = %s FROM held
                WHERE held.id = p.id AND p.company_id IS NULL RETURNING p.id, held.domain""",
            [texts(domains), company_id],
        )
        joined: list[tuple[int, str]] = sorted(cursor.fetchall())
    facts = [
        NewFact(payload=CompanyJoined(company_id=company_id, domain=domain), occurred_at=now, person_id=id_)
        for id_, domain in joined
    ]
    append(facts, actor=actor, source=_SOURCE, now=now)
    return [id_ for id_, _domain in joined]


def leave_company(*, company_id: int, domains: Sequence[str], actor: str, now: datetime) -> list[int]:
    """Who joined this company by one of `domains` alone leaves it; their ids. Needs a transaction.

    Appends `person.company_left` for each. Whoever has another company by now stays there.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH held AS (
                   SELECT p.id FROM identity_person p
                   WHERE p.company_id = %(company)s AND EXISTS (
                       SELECT FROM facts_fact f WHERE f.person_id = p.id AND f.kind = 'person.company_joined'
                       AND (f.payload ->> 'company_id')::bigint = %(company)s
                       AND f.payload ->> 'domain' = ANY(%(domains)s::text[]))
                   ORDER BY p.id FOR NO KEY UPDATE)
               UPDATE identity_person p SET company_id = NULL FROM held
               WHERE held.id = p.id AND p.company_id = %(company)s RETURNING p.id""",
            {"company": company_id, "domains": texts(domains)},
        )
        left = sorted(id_ for (id_,) in cursor.fetchall())
    facts = [
        NewFact(payload=CompanyLeft(company_id=company_id), occurred_at=now, person_id=id_) for id_ in left
    ]
    append(facts, actor=actor, source=_SOURCE, now=now)
    return left
