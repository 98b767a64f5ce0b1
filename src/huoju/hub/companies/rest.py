"""Companies for programs: list, read, correct, merge, and take a merge back."""

from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field, field_validator

from huoju.core.access.gate import ApiKeyAuth
from huoju.core.access.policy import ApiScope
from huoju.core.api import Id
from huoju.core.search import queries as search

from . import operations, queries
from .models import Company, CompanyMerge
from .policy import INDUSTRIES, SizeBand
from .search import COMPANIES

router = Router(auth=ApiKeyAuth(ApiScope.LEADS_READ))
_WRITE = ApiKeyAuth(ApiScope.LEADS_WRITE)
LIMIT = 200


class CompanyOut(Schema):
    """A company. One that was merged is answered under its main one: `id` is then another than was asked for."""

    id: int
    name: str
    brand: str = Field(description="The short name (简称) in the name; empty where it has none.")
    uscc: str | None = Field(description="Unified social credit code 统一社会信用代码")
    industry: str
    region: str = Field(description="GB/T 2260: two digits for a province, four for a city")
    country: str = Field(description="ISO 3166-1 alpha-2")
    size: str
    parent_id: int | None
    domains: list[str]
    merged_ids: list[int] = Field(description="Companies that are read as this one")
    origins: dict[str, str] = Field(
        description="Who set a field: user:7, api:3, an import or form, or derived:name, derived:uscc, derived:people"
    )
    created_at: datetime


class CompaniesOut(Schema):
    """A page of companies, by id."""

    companies: list[CompanyOut]
    after: int | None = Field(description="Pass it as `after` for the next page; null on the last one.")


class CompanyQuestion(Schema):
    """Which companies."""

    q: str = Field(default="", max_length=100, description="Part of a name, pinyin, credit code, domain")
    region: str = Field(default="", description="A code of GB/T 2260; a province finds its cities")
    industry: str = ""
    after: int = Field(default=0, ge=0, description="The id of the last company of the page before")
    limit: int = Field(default=50, ge=1, le=LIMIT)


class CompanyIn(Schema):
    """What is to be set; what is left out stays. Values set so are never replaced by what machines find."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"size": "100-499", "parent_id": 7}}
    )

    name: str | None = Field(default=None, max_length=200)
    uscc: str | None = Field(default=None, max_length=40)
    industry: str | None = Field(default=None, description="A code such as software, or empty")
    region: str | None = Field(default=None, pattern=r"^(\d{2}|\d{4})?$")
    country: str | None = Field(default=None, pattern=r"^([A-Z]{2})?$")
    size: SizeBand | Literal[""] | None = None
    parent_id: Id | None = None

    @field_validator("industry")
    @classmethod
    def known(cls, value: str | None) -> str | None:
        """A code of the table."""
        if value and value not in INDUSTRIES:
            raise ValueError(value)
        return value


class MergeIn(Schema):
    """Which company it is."""

    into_id: Id
    reason: str = Field(default="", max_length=200)


class MergeOut(Schema):
    """A merge in force; `DELETE` takes it back."""

    merge_id: int
    company: CompanyOut


def _out(companies: list[Company]) -> list[CompanyOut]:
    """Three queries, however many companies."""
    members = queries.members_of([each.pk for each in companies])
    of = {member: main for main, group in members.items() for member in group}
    domains: dict[int, list[str]] = {}
    for each in queries.list_domains(list(of)):
        domains.setdefault(of[each.company_id], []).append(each.domain)
    return [
        CompanyOut(
            id=each.pk,
            name=each.name,
            brand=each.brand,
            uscc=each.uscc,
            industry=each.industry,
            region=each.region,
            country=each.country,
            size=each.size,
            parent_id=each.parent_id,
            domains=domains.get(each.pk, []),
            merged_ids=members[each.pk][1:],
            origins=each.origins,
            created_at=each.created_at,
        )
        for each in companies
    ]


def _get(company_id: int) -> Company:
    main = queries.mains_of([company_id])[company_id]
    try:
        return queries.list_companies().get(pk=main)
    except Company.DoesNotExist:
        raise Http404 from None


def _actor(request: HttpRequest) -> str:
    return f"api:{request.auth.pk}"  # type: ignore[attr-defined]  # the key, set by ApiKeyAuth


@router.get("/companies", response=CompaniesOut)
def list_companies(request: HttpRequest, question: Query[CompanyQuestion]) -> Any:
    """Companies by id, a page at a time."""
    rows = queries.list_companies().filter(pk__gt=question.after)
    if question.q:
        found = search.matching(COMPANIES, question.q)
        rows = rows.none() if found is None else rows.filter(pk__in=found)
    if question.region:
        rows = rows.filter(region__startswith=question.region)
    if question.industry:
        rows = rows.filter(industry=question.industry)
    companies = list(rows.order_by("pk")[: question.limit + 1])
    page = companies[: question.limit]
    return CompaniesOut(companies=_out(page), after=page[-1].pk if len(companies) > question.limit else None)


@router.get("/companies/{company_id}", response=CompanyOut)
def get_company(request: HttpRequest, company_id: Id) -> Any:
    """One company; the number of a merged one finds its main one."""
    return _out([_get(company_id)])[0]


@router.patch("/companies/{company_id}", response=CompanyOut, auth=_WRITE)
def patch_company(request: HttpRequest, company_id: int, body: CompanyIn) -> Any:
    """Set fields. 409 where a registration number is wrong or taken, or a parent would close a circle."""
    company = _get(company_id)
    changes = body.model_dump(exclude_unset=True)
    if "parent_id" in changes:
        changes["parent"] = changes.pop("parent_id")
    with transaction.atomic():
        try:
            operations.update_company(
                company_id=company.pk, changes=changes, actor=_actor(request), now=timezone.now()
            )
        except Company.DoesNotExist:
            raise Http404 from None
    return _out([_get(company.pk)])[0]


@router.post("/companies/{company_id}/merge", response=MergeOut, auth=_WRITE)
def merge_company(request: HttpRequest, company_id: int, body: MergeIn) -> Any:
    """Read this company as another one. 409 with the reason where they cannot be one."""
    with transaction.atomic():
        try:
            merge_id = operations.merge(
                company_id=company_id,
                into_id=body.into_id,
                reason=body.reason,
                actor=_actor(request),
                now=timezone.now(),
            )
        except Company.DoesNotExist:
            raise Http404 from None
    return MergeOut(merge_id=merge_id, company=_out([_get(company_id)])[0])


@router.delete("/companies/merges/{merge_id}", response=CompanyOut, auth=_WRITE)
def unmerge_company(request: HttpRequest, merge_id: int) -> Any:
    """Take a merge back; answers the company that stands for itself again."""
    with transaction.atomic():
        try:
            restored = operations.unmerge(merge_id=merge_id, actor=_actor(request), now=timezone.now())
        except CompanyMerge.DoesNotExist:
            raise Http404 from None
    return _out([_get(restored)])[0]
