"""The list of companies and a company's page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.errors import UserError
from huoju.core.facts.queries import list_facts_of_companies
from huoju.core.facts.telling import tell
from huoju.core.places import country_name, region_name
from huoju.core.ui.download import download
from huoju.core.ui.formpage import form_page
from huoju.core.ui.listing import Empty, ListPage, Sort
from huoju.core.ui.parts import Tab
from huoju.core.ui.respond import redirect_to, respond
from huoju.core.ui.timeline import by_day

from . import operations, queries, registry
from .display import industry_name, origin_text
from .filters import CompanyFilter
from .forms import CompanyForm, DomainForm
from .labels import FIELD_LABELS
from .models import Company
from .tables import CompanyTable, company_url

PAGE = 40
"""Facts a page of the timeline."""
PEOPLE = 20
"""Persons that the page shows."""


@requires(Action.SEE_LEADS)
class CompanyList(ListPage[Company]):
    """Companies, as far as the user sees them."""

    code = "companies.companies"
    title = gettext_lazy("Companies")
    template = "companies/list.html"
    table_class = CompanyTable
    filter_class = CompanyFilter
    inline_filters = ("industry", "region", "size")
    sorts = {"created_at": Sort("id"), "name": Sort("key")}
    default_sort = "-created_at"
    default_columns = ("name", "brand", "industry", "region", "size", "parent", "created_at")
    exports = ("csv", "xlsx")
    empty = Empty(
        title=gettext_lazy("No companies yet"),
        text=gettext_lazy(
            "Companies come in with leads: every company that somebody names gets a page here."
        ),
        icon="building",
    )

    def rows(self) -> QuerySet[Company]:
        """What the user may see, with the parents."""
        return queries.visible_to(current_user(self.request)).select_related("parent")

    def row_url(self, row: Company) -> str:
        """The company's page."""
        return company_url(row)

    def extra(self) -> dict[str, Any]:
        """Whether the user may decide on duplicates."""
        return {"may_merge": current_user(self.request).may(Action.EDIT_LEADS)}

    def export(self, kind: str, rows: QuerySet[Company], columns: Sequence[str]) -> HttpResponseBase:
        """All companies of the filter as a file."""
        header = [str(label) for label in queries.EXPORT_HEADER]
        return download("companies", kind, header, queries.export_rows(rows))


def get_company(request: HttpRequest, pk: int) -> Company:
    """The company, if the user may see it; else 404."""
    try:
        return queries.get_company_for(current_user(request), pk)
    except Company.DoesNotExist:
        raise Http404 from None


@requires(Action.SEE_LEADS)
def company(request: HttpRequest, pk: int) -> HttpResponse:
    """A company's page: who it is, its group, the people there, its leads and what happened.

    The address of a company that was merged leads to the one that it is read as.
    """
    user = current_user(request)
    tab = request.GET.get("tab", "overview")
    if tab not in ("overview", "timeline"):
        raise Http404
    try:
        found = queries.get_company_for(user, pk)
    except Company.DoesNotExist:
        main = queries.mains_of([pk])[pk]
        if main == pk:
            raise Http404 from None
        return redirect("companies:company", pk=get_company(request, main).pk)
    members = queries.members_of([found.pk])[found.pk]
    tree = queries.group_tree(found)
    group = queries.group_of([found.pk]) if tree else members
    about = registry.PanelCompany(found.pk, tuple(members), tuple(group))
    context: dict[str, Any] = {
        "title": found.name,
        "crumbs": [(_("Companies"), reverse("companies:companies")), (found.name, "")],
        "company": found,
        "fields": _fields(found),
        "source": origin_text(found.source),
        "domains": queries.list_domains(members),
        "domain_form": DomainForm(),
        "merges": queries.list_merges(members) if len(members) > 1 else [],
        "suggestions": _suggestions(members),
        "tree": tree,
        "may_edit": user.may(Action.EDIT_LEADS),
        "tabs": [Tab(code="overview", label=_("Overview")), Tab(code="timeline", label=_("Timeline"))],
        "tab": tab,
        "tab_template": f"companies/_{tab}.html",
        "side_panels": registry.COMPANY_PANELS.shown(request, about, "side"),
    }
    if tab == "timeline":
        context |= _timeline(request, members)
    else:
        context |= {
            "people": registry.people_of(user, members, PEOPLE),
            "main_panels": registry.COMPANY_PANELS.shown(request, about, "main"),
        }
    return respond(request, "companies/company.html", context, fragment="ui/_tabs.html")


def _fields(found: Company) -> list[tuple[Any, str, str]]:
    """Label, value and origin of each field."""
    values = {
        "brand": found.brand,
        "uscc": found.uscc or "",
        "industry": industry_name(found.industry),
        "region": region_name(found.region),
        "size": found.size,
        "country": country_name(found.country),
    }
    return [
        (FIELD_LABELS[name], value, origin_text(found.origins.get(name, "")))
        for name, value in values.items()
    ]


def _suggestions(members: list[int]) -> list[tuple[int, Company]]:
    """Those that may be this company too, each with the number of the suggestion."""
    here = set(members)
    return [
        (each.pk, each.right if each.left_id in here else each.left)
        for each in queries.list_suggestions(members, limit=10)
    ]


def _timeline(request: HttpRequest, members: list[int]) -> dict[str, Any]:
    """A page of the facts of the company and its people. `before` is the time and id of the last one above."""
    before = None
    if cursor := request.GET.get("before"):
        try:
            moment, _sep, id_ = cursor.partition("|")
            before = (datetime.fromisoformat(moment), UUID(id_))
        except ValueError:
            raise Http404 from None
    faces = registry.people_of(current_user(request), members, queries.FACES)
    persons = [face.person_id for face in faces]
    stored = list_facts_of_companies(members, persons, before=before, limit=PAGE + 1)
    last = stored[PAGE - 1] if len(stored) > PAGE else None
    return {
        "days": by_day(tell(stored[:PAGE])),
        "older": f"{last.occurred_at.isoformat()}|{last.pk}" if last else "",
    }


@requires(Action.EDIT_LEADS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Set what is known of a company by hand: it wins over what machines find."""
    found = get_company(request, pk)
    user = current_user(request)
    form = CompanyForm(request.POST or None, company=found, user=user)

    def do(form: CompanyForm) -> str:
        with transaction.atomic():
            operations.update_company(
                company_id=found.pk, changes=form.changes(), actor=f"user:{user.pk}", now=timezone.now()
            )
        return company_url(found)

    crumbs = [
        (_("Companies"), reverse("companies:companies")),
        (found.name, company_url(found)),
        (_("Edit"), ""),
    ]
    return form_page(
        request, form, do, title=_("Edit the company"), submit=_("Save"), extra={"crumbs": crumbs}
    )


@requires(Action.EDIT_LEADS)
@require_POST
def add_domain(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the company a domain."""
    found = get_company(request, pk)
    form = DomainForm(request.POST)
    if not form.is_valid():
        raise UserError(_("This is no domain. An example: huoju.com"))
    with transaction.atomic():
        operations.add_domain(
            company_id=found.pk,
            domain=form.cleaned_data["domain"],
            actor=f"user:{current_user(request).pk}",
            now=timezone.now(),
        )
    return redirect_to(request, company_url(found))


@requires(Action.EDIT_LEADS)
@require_POST
def remove_domain(request: HttpRequest, pk: int, domain: str) -> HttpResponse:
    """Take a domain away, also from a company that was merged into this one."""
    found = get_company(request, pk)
    members = queries.members_of([found.pk])[found.pk]
    with transaction.atomic():
        for each in queries.list_domains(members):
            if each.domain == domain:
                operations.remove_domain(
                    company_id=each.company_id,
                    domain=domain,
                    actor=f"user:{current_user(request).pk}",
                    now=timezone.now(),
                )
    return redirect_to(request, company_url(found))
