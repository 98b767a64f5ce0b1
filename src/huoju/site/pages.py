"""The start page, the health probes, the error pages."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from huoju.acquire.forms import queries as forms_queries
from huoju.core.access import queries as access_queries
from huoju.core.access.gate import current_user
from huoju.core.access.policy import Action
from huoju.core.ui.home import CardContent, home_cards
from huoju.core.ui.respond import respond
from huoju.qualify.leads import queries as leads_queries

from . import rest


def home(request: HttpRequest) -> HttpResponse:
    """What to do today, by role: the cards that the wings registered."""
    user = current_user(request)
    cards = home_cards(request, user.may)
    return respond(
        request,
        "site/home.html",
        {"title": greeting(user.display_name), "cards": cards, "charts": any(card.charts for card in cards)},
    )


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """A step on the way to the first lead."""

    title: str
    text: str
    label: str
    url: str
    action: Action
    done: bool


def first_steps_card(request: HttpRequest) -> CardContent | None:
    """What to do in an empty house; gone once leads come in."""
    user = current_user(request)
    if leads_queries.visible_to(user).exists():
        return None
    steps = [
        FirstStep(
            title=_("Add your colleagues"),
            text=_("Marketing, telemarketing, sales and their managers, each with a role and a team."),
            label=_("Add a user"),
            url=reverse("access:user_new"),
            action=Action.MANAGE_USERS,
            done=access_queries.list_sellers().exists(),
        ),
        FirstStep(
            title=_("Bring in the leads that you have"),
            text=_("A CSV or Excel file, in any order of columns. You see what happens before it does."),
            label=_("Import a file"),
            url=reverse("imports:upload"),
            action=Action.IMPORT,
            done=False,
        ),
        FirstStep(
            title=_("Put a form on your website"),
            text=_("Made in minutes; it has a page of its own and a line to embed."),
            label=_("Make a form"),
            url=reverse("webforms:new"),
            action=Action.RUN_CAMPAIGNS,
            done=forms_queries.list_forms().exists(),
        ),
    ]
    mine = [step for step in steps if user.may(step.action)]
    return CardContent("site/_first_steps.html", {"steps": mine}, wide=True) if mine else None


def greeting(name: str) -> str:
    """Good morning, afternoon or evening in the user's zone."""
    hour = timezone.localtime().hour
    if 5 <= hour < 12:
        return _("Good morning, %(name)s") % {"name": name}
    if 12 <= hour < 18:
        return _("Good afternoon, %(name)s") % {"name": name}
    return _("Good evening, %(name)s") % {"name": name}


@login_not_required
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers: `/healthz`."""
    return JsonResponse({"status": "ok"})


@login_not_required
def ready(request: HttpRequest) -> HttpResponse:
    """The database answers too: `/readyz`."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "database unavailable"}, status=503)
    return JsonResponse({"status": "ok"})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 in the look of the house; for programs, like every error, as JSON."""
    return _error(request, 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what came is larger than a form may be, or no browser would have sent it."""
    return _error(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 in the look of the house."""
    return _error(request, 403)


def _error(request: HttpRequest, status: int) -> HttpResponse:
    if told := rest.outside(request, status):
        return told
    user = getattr(request, "user", None)
    shell = user is not None and user.is_authenticated
    return render(
        request,
        f"site/{status}.html",
        {"layout": "ui/base.html" if shell else "ui/entrance.html"},
        status=status,
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500: says sorry without touching the database, which may be the reason."""
    return rest.outside(request, 500) or render(request, "site/500.html", {"theme": "auto"}, status=500)
