"""The results page and the list under the search box."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from huoju.core.access.gate import current_user
from huoju.core.ui.respond import respond

from . import queries

MAX_QUERY = 100
IN_BOX, ON_PAGE = 6, 30


def results(request: HttpRequest) -> HttpResponse:
    """Everything found, by kind."""
    query = request.GET.get("q", "").strip()[:MAX_QUERY]
    groups = queries.find(current_user(request), query, per_kind=ON_PAGE) if query else []
    context = {
        "title": _("Search"),
        "search_query": query,
        "groups": groups,
        "count": sum(len(group.hits) for group in groups),
    }
    return respond(request, "search/results.html", context)


def suggest(request: HttpRequest) -> HttpResponse:
    """The first few hits, for the list under the search box."""
    query = request.GET.get("q", "").strip()[:MAX_QUERY]
    groups = queries.find(current_user(request), query, per_kind=IN_BOX) if query else []
    return respond(request, "search/_suggest.html", {"groups": groups, "query": query})
