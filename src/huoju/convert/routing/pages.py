"""The pages of routing: who receives leads, the rules, and why a lead went where it went."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.access.rulepages import RulePages
from huoju.core.places import region_name
from huoju.core.ui.formpage import form_page
from huoju.core.ui.listing import Empty
from huoju.core.ui.respond import redirect_to, respond
from huoju.core.ui.ruleform import Conditions, Field, Rows, Shape
from huoju.qualify.scoring.queries import list_fields

from . import jobs, operations, policy
from .forms import SeatForm
from .models import SalesSeat
from .policy import ASSIGN_LABELS, OUTCOME_LABELS, WHY_LABELS, Assign, Outcome
from .queries import RULES, count_waiting, explain, list_seats, simulate

SIMULATED_DAYS = 180
_OFFERED = (Assign.POOL, Assign.REGION, Assign.OWNER)
"""Named accounts have no page yet, so the editor does not offer their owners."""


# --- rules --------------------------------------------------------------------------------------------------


def shape() -> Shape:
    """What the editor of the routing rules shows."""
    rule = Shape(
        fields=[
            Field(name="code", label="", kind="code"),
            Field(name="label", label=_("Rule"), kind="label", size="lg"),
            Field(
                name="assign", label=_("Goes to"), kind="choice", size="lg", default=Assign.POOL.value,
                options=[(assign.value, _(ASSIGN_LABELS[assign])) for assign in _OFFERED],
            ),
            Field(
                name="reps", label=_("Group"), kind="choices", numbers=True,
                options=[(str(seat.user_id), str(seat.user)) for seat in list_seats()],
            ),
        ],
        conditions=[
            Conditions(
                name="when", label=_("For leads that meet all of these"), known=list_fields(), none=_("All leads")
            )
        ],
    )  # fmt: skip
    return Shape(
        rows=[
            Rows(
                name="rules", label=_("Rules"), row=rule, add=_("Add a rule"),
                note=_("Tried from top to bottom; the first one that finds somebody decides."),
            )
        ]
    )  # fmt: skip


def preview(rules: policy.RoutingRules, now: datetime) -> Mapping[str, Any]:
    """The simulation, ready to show."""
    simulation = simulate(rules, since=now - timedelta(days=SIMULATED_DAYS))
    labels = {rule.code: _(rule.label) if rule.label else rule.code for rule in rules.rules}
    return {
        "simulation": simulation,
        "days": SIMULATED_DAYS,
        "by_rule": [(labels[rule.code], simulation.by_rule.get(rule.code, 0)) for rule in rules.rules],
    }


PAGES = RulePages(
    namespace="routing",
    title=gettext_lazy("Routing rules"),
    text=gettext_lazy("Who gets which lead, once marketing has recognised it."),
    book=RULES,
    shape=shape,
    save=operations.save_version,
    activate=operations.activate,
    preview=preview,
    preview_template="routing/_simulation.html",
    root="rules",
)


# --- seats --------------------------------------------------------------------------------------------------


@requires(Action.ASSIGN)
def seats(request: HttpRequest) -> HttpResponse:
    """Everybody who receives leads, with what each has in hand."""
    rows = [
        {
            "seat": seat,
            "regions": [region_name(code) for code in seat.regions],
            "full": seat.open_leads >= seat.capacity,
            "share": seat.open_leads / seat.capacity if seat.capacity else 1,
            "url": reverse("routing:seat", args=[seat.user_id]),
        }
        for seat in list_seats()
    ]
    context = {
        "title": _("Sales seats"),
        "subtitle": _("Who receives leads, from where, and how many at once."),
        "rows": rows,
        "waiting": count_waiting(),
        "empty": Empty(
            title=_("Nobody receives leads yet"),
            text=_("Give sales people a seat: from then on recognised leads are handed out in turn."),
            icon="armchair",
            action_label=_("New seat"),
            action_url=reverse("routing:seat_new"),
        ),
    }
    return respond(request, "routing/seats.html", context)


@requires(Action.ASSIGN)
@require_POST
def hand_out(request: HttpRequest) -> HttpResponse:
    """Let routing hand out also what an imported history left without an owner."""
    jobs.route_waiting.using(key="hand_out").defer(brought_in=True)
    messages.success(request, _("The leads are being handed out."))
    return redirect_to(request, reverse("routing:seats"))


@requires(Action.ASSIGN)
def seat_new(request: HttpRequest) -> HttpResponse:
    """Let somebody receive leads."""
    return _seat_page(request, None)


@requires(Action.ASSIGN)
def seat(request: HttpRequest, user_id: int) -> HttpResponse:
    """Change what somebody receives."""
    found = SalesSeat.objects.select_related("user").filter(user_id=user_id).first()
    if found is None:
        raise Http404
    return _seat_page(request, found)


def _seat_page(request: HttpRequest, found: SalesSeat | None) -> HttpResponse:
    def save(form: SeatForm) -> str:
        data = form.cleaned_data
        operations.save_seat(
            user_id=data["user"].pk, regions=data["regions"], products=data["products"], capacity=data["capacity"],
            weight=data["weight"], away=data["away"], actor=f"user:{current_user(request).pk}", now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Saved. Leads that wait are handed out now."))
        return reverse("routing:seats")

    title = str(found.user) if found else _("New seat")
    extra = {
        "crumbs": [(_("Sales seats"), reverse("routing:seats")), (title, "")],
        "cancel_url": reverse("routing:seats"),
    }
    return form_page(
        request, SeatForm(request.POST or None, seat=found), save, title=title, submit=_("Save"), extra=extra
    )


# --- the lead's page ----------------------------------------------------------------------------------------


def owner_panel(request: HttpRequest, lead: Any) -> Mapping[str, Any] | None:
    """Why this owner, or why nobody yet."""
    why = explain(lead.pk)
    if why is None:
        return None
    return {
        "why": why,
        "outcome": _(OUTCOME_LABELS[why.outcome]),
        "is_assigned": why.outcome is Outcome.ASSIGNED,
        "answers": [
            (_(answer.label) if answer.label else answer.rule, _(WHY_LABELS[answer.why]), answer.decided)
            for answer in why.answers
        ],
    }
