"""Reading companies, as far as a user may see them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huoju.core.access.models import User
from huoju.core.among import Mapped, among, unmerged
from huoju.core.export import Cell
from huoju.core.places import region_name

from . import registry
from .display import industry_name as industry_name
from .display import list_industries as list_industries
from .display import list_sizes as list_sizes
from .models import Alias, Company, CompanyDomain, CompanyMerge, Suggestion

MERGED: Mapped = {"column": "company_id", "mapping": Alias, "whole": "main_id"}
"""Into which companies others are merged, as `core.among` asks."""
FACES = 200
"""Persons of a company whose facts stand on its timeline: the newest ones."""
TREE = 200
"""Companies of a group that its page shows."""


def mains_of(company_ids: Iterable[int]) -> dict[int, int]:
    """The company that each one is read as: its own id, unless a merge is in force. One query."""
    wanted = list(company_ids)
    merged = dict(Alias.objects.filter(company_id__in=wanted).values_list("company_id", "main_id"))
    return {company_id: merged.get(company_id, company_id) for company_id in wanted}


def members_of(main_ids: Iterable[int]) -> dict[int, list[int]]:
    """The companies that are read as each of the mains, itself first. One query."""
    members = {main_id: [main_id] for main_id in main_ids}
    rows = Alias.objects.filter(main_id__in=list(members)).order_by("company_id")
    for main_id, company_id in rows.values_list("main_id", "company_id"):
        members[main_id].append(company_id)
    return members


def group_of(main_ids: Sequence[int]) -> list[int]:
    """All companies of the groups that `main_ids` head, for roll-ups: themselves, everything below, and all that is
    merged into any of them. One query, as deep as groups may be."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH RECURSIVE down(id) AS (
                   SELECT id FROM unnest(%s::bigint[]) AS x(id)
                   UNION
                   SELECT near.id FROM down CROSS JOIN LATERAL (
                       SELECT company_id AS id FROM companies_alias WHERE main_id = down.id
                       UNION ALL
                       SELECT c.id FROM companies_company c WHERE c.parent_id = down.id
                       AND NOT EXISTS (SELECT FROM companies_alias a WHERE a.company_id = c.id)) near)
               SELECT id FROM down ORDER BY id""",
            [list(main_ids)],
        )
        return [id_ for (id_,) in cursor.fetchall()]


def list_companies() -> QuerySet[Company]:
    """Every company once: what is merged into another one is not a company of its own."""
    return unmerged(Company.objects.all(), **MERGED)


def visible_to(user: User) -> QuerySet[Company]:
    """The companies that `user` may see, each once."""
    ids = registry.visible_ids(user)
    return list_companies() if ids is None else among(Company.objects.all(), ids, **MERGED)


def get_company_for(user: User, company_id: int) -> Company:
    """One company with its parent. Raises `Company.DoesNotExist` if there is none or `user` may not see it."""
    found = list_companies().select_related("parent").get(pk=company_id)
    ids = registry.visible_ids(user)
    # Asked for this company alone: the set of all that the user may see is large.
    if ids is not None and not ids.filter(company_id__in=members_of([company_id])[company_id]).exists():
        raise Company.DoesNotExist
    return found


def list_domains(company_ids: Sequence[int]) -> list[CompanyDomain]:
    """The domains of these companies: those given by hand first."""
    return list(CompanyDomain.objects.filter(company_id__in=company_ids).order_by("-verified", "domain"))


def list_merges(company_ids: Sequence[int]) -> list[CompanyMerge]:
    """The merges in force among these companies, the newest first."""
    rows = CompanyMerge.objects.filter(company_id__in=company_ids, unmerged_at=None)
    return list(rows.select_related("company", "into").order_by("-merged_at", "-id"))


@dataclass(frozen=True, slots=True)
class Branch:
    """A company in the tree of its group; `level` is 0 for the head."""

    company_id: int
    name: str
    level: int
    is_here: bool


def group_tree(company: Company) -> list[Branch]:
    """The group of a main company from its head down, depth first, at most `TREE` of it; empty where it is alone.

    Two queries: the way up, and everything below the head.
    """
    if company.parent_id is None and not company.heads_group and not _has_merged_children(company.pk):
        return []
    head = _head_of(company.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH RECURSIVE down(id, name, way) AS (
                   SELECT id, name, ARRAY[]::text[] FROM companies_company WHERE id = %s
                   UNION ALL
                   SELECT c.id, c.name, way || (c.name || '/' || c.id) FROM down
                   CROSS JOIN LATERAL (SELECT down.id AS id
                                       UNION ALL SELECT company_id FROM companies_alias WHERE main_id = down.id) m
                   JOIN companies_company c ON c.parent_id = m.id
                   WHERE NOT EXISTS (SELECT FROM companies_alias a WHERE a.company_id = c.id))
               SELECT id, name, cardinality(way) FROM down ORDER BY way LIMIT %s""",
            [head, TREE],
        )
        found = [Branch(id_, name, level, id_ == company.pk) for id_, name, level in cursor.fetchall()]
    return found if len(found) > 1 else []


def _has_merged_children(main_id: int) -> bool:
    merged = Alias.objects.filter(main_id=main_id).values("company_id")
    return Company.objects.filter(parent_id__in=merged).exists()


def _head_of(main_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH RECURSIVE up(id, level) AS (
                   SELECT %s::bigint, 0
                   UNION ALL
                   SELECT coalesce(a.main_id, c.parent_id), level + 1 FROM up JOIN companies_company c ON c.id = up.id
                   LEFT JOIN companies_alias a ON a.company_id = c.parent_id WHERE c.parent_id IS NOT NULL)
               SELECT id FROM up ORDER BY level DESC LIMIT 1""",
            [main_id],
        )
        return int(cursor.fetchone()[0])


def list_suggestions(company_ids: Sequence[int] | None = None, *, limit: int = 100) -> list[Suggestion]:
    """Pairs that may be one company and that nobody has decided yet, the newest first; of these companies, or all.

    Pairs that have become one by other merges are left out.
    """
    rows = Suggestion.objects.filter(decided_at=None).select_related("left__parent", "right__parent")
    if company_ids is not None:
        rows = rows.filter(Q(left_id__in=company_ids) | Q(right_id__in=company_ids))
    found = list(rows.order_by("-pk")[: 2 * limit])
    mains = mains_of({each.left_id for each in found} | {each.right_id for each in found})
    return [each for each in found if mains[each.left_id] != mains[each.right_id]][:limit]


def get_suggestion(suggestion_id: int) -> Suggestion:
    """One pair with both companies. Raises `Suggestion.DoesNotExist`."""
    return Suggestion.objects.select_related("left__parent", "right__parent").get(pk=suggestion_id)


def main_of_merge(merge_id: int) -> int:
    """The company that those of a merge are read as. Raises `CompanyMerge.DoesNotExist`."""
    into = CompanyMerge.objects.values_list("into_id", flat=True).get(pk=merge_id)
    return mains_of([into])[into]


def names_of(company_ids: Sequence[int]) -> dict[int, str]:
    """What companies are called."""
    return dict(Company.objects.filter(pk__in=company_ids).values_list("pk", "name"))


EXPORT_HEADER = (
    *(
        _("Number"),
        _("Company"),
        _("Short name"),
        _("Unified social credit code"),
        _("Industry"),
        _("Region"),
    ),
    *(_("Country"), _("Company size"), _("Parent company"), _("Domains"), _("Source"), _("Created")),
)


def export_rows(companies: QuerySet[Company]) -> Iterator[Sequence[Cell]]:
    """The companies as rows under `EXPORT_HEADER`, streamed."""
    rows = companies.select_related("parent").extra(
        select={
            "domains": "(SELECT string_agg(d.domain, ' ' ORDER BY d.domain) FROM companies_companydomain d "
            "WHERE d.company_id = companies_company.id)"
        }
    )
    for each in rows.iterator(chunk_size=2000):
        yield (
            *(
                each.pk,
                each.name,
                each.brand,
                each.uscc,
                industry_name(each.industry),
                region_name(each.region),
            ),
            *(each.country, each.size, each.parent.name if each.parent else None),
            *(each.domains, each.source, each.created_at),
        )
