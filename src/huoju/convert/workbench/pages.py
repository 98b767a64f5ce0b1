"""The inbox of sales, the day's work, and the sales person's buttons on a lead's page."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.errors import UserError
from huoju.core.ui.formpage import form_page
from huoju.core.ui.home import CardContent
from huoju.core.ui.inbox import inbox_of
from huoju.core.ui.listing import Empty
from huoju.core.ui.parts import Case, Figure
from huoju.core.ui.respond import respond, toast, trigger
from huoju.core.ui.templatetags.ui import day
from huoju.qualify.leads import queries as leads

from . import operations, queries
from .forms import ActivityForm, RejectForm
from .models import Activity
from .policy import RejectReason

QUEUE = 100


@requires(Action.SELL)
def inbox(request: HttpRequest) -> HttpResponse:
    """Leads that wait for the user's answer, worked through by keyboard."""
    waiting = list(queries.list_waiting(current_user(request))[:QUEUE])
    cases = [
        Case(
            pk=lead.pk,
            title=str(lead.person),
            text=str(lead.company or ""),
            url=reverse("workbench:case", args=[lead.pk]),
            at=lead.assigned_at or lead.mql_at,
            badge=lead.band,
            tone="primary",
        )
        for lead in waiting
    ]
    context: dict[str, Any] = {
        "title": _("Inbox"),
        **inbox_of(
            cases,
            panel="workbench/_case.html",
            opened=lambda: _case(waiting[0]),
            empty=Empty(
                title=_("Nothing waits for you"),
                text=_(
                    "New leads are routed here as soon as marketing recognises them. Accept one to make it yours."
                ),
                icon="inbox",
            ),
        ),
    }
    return respond(request, "ui/inbox.html", context, fragment="ui/_inbox.html")


def _case(lead: Any) -> dict[str, Any]:
    return {"lead": lead, "touches": leads.list_touches(lead.pk), "form": RejectForm()}


@requires(Action.SELL)
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One lead of the inbox."""
    return respond(request, "workbench/_case.html", _case(_visible(request, pk)))


def _visible(request: HttpRequest, pk: int) -> Any:
    try:
        return leads.get_lead_for(current_user(request), pk)
    except ObjectDoesNotExist:
        raise Http404 from None


@requires(Action.SELL)
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the lead."""
    lead = _visible(request, pk)
    operations.accept(user=current_user(request), lead_id=pk, now=timezone.now())
    done = toast(HttpResponse(status=204), _("%(name)s is yours now.") % {"name": lead.person})
    return _settled(request, done, pk)


def _settled(request: HttpRequest, response: HttpResponse, pk: int) -> HttpResponse:
    """In the inbox the next case opens; on the lead's page the page is drawn again."""
    if request.POST.get("from") == "inbox":
        return trigger(response, case_done={})
    response.headers["HX-Redirect"] = reverse("leads:lead", args=[pk])
    return response


@requires(Action.SELL)
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the lead back."""
    _visible(request, pk)
    user = current_user(request)
    form = RejectForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and request.POST.get("from") == "inbox":
        reason = RejectReason(form.cleaned_data["reason"])
        operations.reject(
            user=user, lead_id=pk, reason=reason, note=form.cleaned_data["note"], now=timezone.now()
        )
        return _settled(request, toast(HttpResponse(status=204), _("Given back.")), pk)

    def do(valid: RejectForm) -> str:
        reason = RejectReason(valid.cleaned_data["reason"])
        operations.reject(
            user=user, lead_id=pk, reason=reason, note=valid.cleaned_data["note"], now=timezone.now()
        )
        return reverse("workbench:inbox")

    return form_page(request, form, do, title=_("Give the lead back"), submit=_("Give back"))


@requires(Action.SEE_LEADS)
def log_activity(request: HttpRequest, pk: int) -> HttpResponse:
    """Log a call, visit, message or note."""
    lead = _visible(request, pk)
    user = current_user(request)
    if not (user.may(Action.SELL) or user.may(Action.EDIT_LEADS)):
        raise UserError(_("Your role may not take this step."))
    form = ActivityForm(request.POST or None, initial={"kind": request.GET.get("kind", Activity.Kind.CALL)})

    def do(valid: ActivityForm) -> str:
        now = timezone.now()
        operations.log_activity(user=user, lead_id=pk, at=now, now=now, **valid.cleaned_data)
        return reverse("leads:lead", args=[pk])

    title = _("Log an activity with %(name)s") % {"name": lead.person}
    return form_page(request, form, do, title=title, submit=_("Log"))


@requires(Action.SELL)
def my_day(request: HttpRequest) -> HttpResponse:
    """What to do today: planned contacts, and leads that nobody spoke to."""
    day = queries.my_day(current_user(request), now=timezone.now(), midnight=_midnight())
    return respond(request, "workbench/my_day.html", {"title": _("My day"), "day": day})


def _midnight() -> Any:
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)


def home_card(request: HttpRequest) -> CardContent | None:
    """The start page's card for sales people."""
    user = current_user(request)
    day = queries.my_day(user, now=timezone.now(), midnight=_midnight(), limit=5)
    return CardContent("workbench/_home.html", {"day": day})


def next_panel(request: HttpRequest, lead: Any) -> dict[str, Any] | None:
    """The strip on top of a lead's page: answer the lead, or speak to its person."""
    user = current_user(request)
    if not user.may(Action.SELL):
        return {"lead": lead, "waits": False, "talk": True} if user.may(Action.EDIT_LEADS) else None
    waits = lead.stage == "mql" and lead.owner_id in (None, user.pk)
    pick = lead.stage == "pool"
    resume = lead.stage in ("lead", "nurturing") and lead.owner_id == user.pk
    talk = resume or lead.stage in ("sql", "opportunity", "poc", "won")
    shown = {"lead": lead, "waits": waits, "pick": pick, "resume": resume, "talk": talk}
    return shown if waits or pick or talk else None


def next_glance(request: HttpRequest, lead: Any) -> dict[str, Any] | None:
    """When somebody wants to speak to them next, for the row that is read first on a person's page."""
    planned = next((each.next_at for each in queries.list_activities(lead.pk)), None)
    if planned is None:
        return None
    note = _("overdue") if planned < timezone.now() else ""
    return {"figure": Figure(label=_("Next contact"), value=day(planned), note=note)}


def activities_panel(request: HttpRequest, lead: Any) -> dict[str, Any] | None:
    """The latest activities beside the timeline."""
    activities = queries.list_activities(lead.pk)
    return {"activities": activities} if activities else None
