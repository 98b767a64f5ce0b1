"""The list of leads and a lead's page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from huoju.acquire.campaigns import queries as campaigns
from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action, Role
from huoju.core.errors import UserError
from huoju.core.facts import queries as facts
from huoju.core.facts.operations import NewFact, append_one
from huoju.core.facts.telling import tell
from huoju.core.places import region_name
from huoju.core.ui.download import download
from huoju.core.ui.formpage import form_page, show_form
from huoju.core.ui.home import CardContent
from huoju.core.ui.listing import BulkAction, Empty, ListPage, Sort, list_changed
from huoju.core.ui.parts import Tab
from huoju.core.ui.respond import redirect_to, respond, toast
from huoju.core.ui.timeline import by_day
from huoju.hub.companies.queries import industry_name
from huoju.hub.identity.queries import members_of, profiles_of
from huoju.hub.profile import queries as profile
from huoju.hub.profile.operations import tag_batch
from huoju.hub.profile.policy import HAND

from . import operations, queries
from .facts import ContactRevealed
from .filters import LEFT, LeadFilter
from .forms import NOBODY, AssignForm, LeadForm, MoveForm, owner_options, stages_by_hand
from .labels import REFUSAL_LABELS, WARNING_LABELS
from .models import OPEN_STAGES, Lead
from .panels import LEAD_PANELS
from .policy import Stage
from .tables import LeadTable, lead_url

PAGE = 40
"""Facts a page of the timeline."""
AT_ONCE = 5000
"""Leads that are given away in one go: all can be given back."""


@requires(Action.SEE_LEADS)
class LeadList(ListPage[Lead]):
    """Leads, as far as the user sees them."""

    code = "leads.leads"
    title = gettext_lazy("Leads")
    table_class = LeadTable
    filter_class = LeadFilter
    inline_filters = ("stage", "channel", "owner")
    sorts = {
        "captured_at": Sort("captured_at"),
        "score": Sort("score"),
        "mql_at": Sort("mql_at", nullable=True),
        "sql_at": Sort("sql_at", nullable=True),
        "won_at": Sort("won_at", nullable=True),
    }
    default_sort = "-captured_at"
    default_columns = (
        "name",
        "company",
        "title",
        "stage",
        "score",
        "channel",
        "region",
        "owner",
        "captured_at",
    )
    exports = ("csv", "xlsx")
    empty = Empty(
        title=gettext_lazy("No leads yet"),
        text=gettext_lazy(
            "Leads come in through forms, imports and the API. Create a form and share its address, or import a file."
        ),
        icon="flame",
    )

    def rows(self) -> QuerySet[Lead]:
        """What the user may see, with everything the columns show."""
        visible = queries.visible_to(current_user(self.request))
        return visible.select_related("person", "company", "channel", "campaign", "owner")

    def row_url(self, row: Lead) -> str:
        """The lead's page."""
        return lead_url(row)

    def available_bulk_actions(self) -> Sequence[BulkAction]:
        """Handing leads to somebody and tagging their people, for those who may."""
        assigning = (
            BulkAction(
                label=_("Assign"),
                url=reverse("leads:assign"),
                icon="user-share",
                name="owner",
                options=owner_options(),
            ),
        )
        if not current_user(self.request).may(Action.ASSIGN):
            return self._tagging()
        return (*self._tagging(), *assigning)

    def _tagging(self) -> Sequence[BulkAction]:
        if not current_user(self.request).may(Action.EDIT_LEADS):
            return ()
        return (
            BulkAction(
                label=_("Set tag"),
                url=reverse("leads:tag"),
                icon="tag",
                name="tag",
                options=profile.tag_options(),
            ),
        )

    def export(self, kind: str, rows: QuerySet[Lead], columns: Sequence[str]) -> HttpResponseBase:
        """All leads of the filter as a file; contacts only for those who may see them."""
        user = current_user(self.request)
        if not user.may(Action.EXPORT):
            raise PermissionDenied
        table = queries.export_rows(rows, contacts=user.may(Action.SEE_CONTACTS))
        header = [str(label) for label in queries.EXPORT_HEADER]
        return download("leads", kind, header, table)


def left_behind_card(request: HttpRequest) -> CardContent | None:
    """The start page's card for those who hand out leads: open ones whose owner has left."""
    count = queries.count_left_behind(current_user(request))
    if not count:
        return None
    stages_open = "".join(f"&stage={stage}" for stage in OPEN_STAGES)
    url = f"{reverse('leads:leads')}?owner={LEFT}{stages_open}"
    return CardContent(
        "leads/_left_behind.html", {"count": count, "more": count == queries.LEFT_SHOWN, "url": url}
    )


@requires(Action.SEE_LEADS)
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """A lead's page: who, what state, the one next action, and everything that happened."""
    user = current_user(request)
    found = _get(request, pk)
    tab = request.GET.get("tab", "timeline")
    if tab not in ("timeline", "touches"):
        raise Http404
    tabs = [Tab(code="timeline", label=_("Timeline")), Tab(code="touches", label=_("Sources"))]
    context: dict[str, Any] = {
        "title": str(found.person),
        "crumbs": [(_("Leads"), reverse("leads:leads")), (str(found.person), "")],
        "lead": found,
        "region": region_name(found.region),
        "industry": industry_name(found.industry),
        "channel": campaigns.channel_labels().get(found.channel_id or 0, ""),
        "warnings": [WARNING_LABELS.get(code, code) for code in found.warnings],
        "tags": _tags(found),
        "see_contacts": user.may(Action.SEE_CONTACTS),
        "stage_times": _stage_times(found),
        "tabs": tabs,
        "tab": tab,
        "tab_template": f"leads/_{tab}.html",
        "next_panels": LEAD_PANELS.shown(request, found, "next"),
        "side_panels": LEAD_PANELS.shown(request, found, "side"),
        "steps": stages_by_hand(found, user),
        "may_edit": user.may(Action.EDIT_LEADS),
        "may_assign": user.may(Action.ASSIGN),
    }
    if tab == "timeline":
        context |= _timeline(request, found)
    else:
        context["touches"] = queries.list_touches(found.pk)
    return respond(request, "leads/lead.html", context, fragment="ui/_tabs.html")


def _tags(found: Lead) -> list[profile.TagShown]:
    """The tags of the lead's person, whoever they are merged with."""
    profile_id = profiles_of([found.person_id])[found.person_id]
    return profile.tags_of(members_of([profile_id]), now=timezone.now())[profile_id]


def _get(request: HttpRequest, pk: int) -> Lead:
    try:
        return queries.get_lead_for(current_user(request), pk)
    except Lead.DoesNotExist:
        raise Http404 from None


def _timeline(request: HttpRequest, found: Lead) -> dict[str, Any]:
    """A page of the person's facts. `before` is the time and id of the last one of the page above."""
    before = None
    if cursor := request.GET.get("before"):
        try:
            moment, _sep, id_ = cursor.partition("|")
            before = (datetime.fromisoformat(moment), UUID(id_))
        except ValueError:
            raise Http404 from None
    stored = facts.list_facts_of_persons([found.person_id], before=before, limit=PAGE + 1)
    more = stored[PAGE - 1] if len(stored) > PAGE else None
    return {
        "days": by_day(tell(stored[:PAGE])),
        "older": f"{more.occurred_at.isoformat()}|{more.id}" if more else "",
    }


def _stage_times(found: Lead) -> list[tuple[str, datetime | None]]:
    times = (found.captured_at, found.mql_at, found.sql_at, found.opportunity_at, found.poc_at, found.won_at)
    return list(zip(("lead", "mql", "sql", "opportunity", "poc", "won"), times, strict=True))


@requires(Action.SEE_LEADS)
@require_POST
def reveal(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """Show a masked phone number or mail address, and log who looked."""
    found = _get(request, pk)
    user = current_user(request)
    if not user.may(Action.SEE_CONTACTS):
        raise PermissionDenied
    value = {"mobile": found.person.mobile, "email": found.person.email}.get(field)
    if value is None:
        raise Http404
    now = timezone.now()
    with transaction.atomic():
        shown = NewFact(
            payload=ContactRevealed(lead_id=found.pk, field=field), occurred_at=now, person_id=found.person_id
        )
        append_one(shown, actor=f"user:{user.pk}", source="leads", now=now)
    return render(
        request, "ui/_contact_open.html", {"value": value, "kind": "mail" if field == "email" else "phone"}
    )


@requires(Action.SEE_LEADS)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a lead to another stage by hand."""
    user = current_user(request)
    found = _get(request, pk)
    form = MoveForm(request.POST or None, lead=found, user=user)
    if request.method == "POST" and form.is_valid():
        step = operations.Move(
            lead_id=found.pk,
            to=Stage(form.cleaned_data["to"]),
            reason=form.cleaned_data["reason"],
            expect=Stage(found.stage),
        )
        with transaction.atomic():
            (answer,) = operations.advance_batch(
                [step], mover=Role(user.role), actor=f"user:{user.pk}", now=timezone.now()
            )
            if step.to is Stage.POOL and isinstance(answer, operations.Moved):
                # What lies in the public pool is nobody's: everybody may pick it.
                free = operations.Assignment(lead_id=found.pk, owner_id=None, rule="pool")
                operations.assign_batch([free], actor=f"user:{user.pk}", now=timezone.now())
        if not isinstance(answer, operations.Refused):
            return redirect_to(request, lead_url(found))
        form.add_error("reason", str(REFUSAL_LABELS[answer.reason]))
    return show_form(request, form, title=_("Move the lead"), submit=_("Move"))


@requires(Action.EDIT_LEADS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a lead's dimensions."""
    found = _get(request, pk)
    form = LeadForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        changes = {
            (f"{name}_id" if name in ("channel", "campaign") else name): _plain(form.cleaned_data[name])
            for name in form.changed_data
        }
        user = current_user(request)
        if changes:
            change = operations.LeadChange(lead_id=found.pk, changes=changes)
            with transaction.atomic():
                operations.update_batch([change], actor=f"user:{user.pk}", now=timezone.now())
        return redirect_to(request, lead_url(found))
    return show_form(request, form, title=_("Edit the lead"), submit=_("Save"))


def _plain(value: Any) -> str | int | None:
    plain: str | int | None = getattr(value, "pk", value)
    return plain


@requires(Action.ASSIGN)
@require_POST
def assign(request: HttpRequest) -> HttpResponse:
    """Give the ticked leads to somebody; the toast can undo it."""
    user = current_user(request)
    form = AssignForm(request.POST)
    if not form.is_valid():
        raise UserError(_("Choose who gets the leads."))
    owner_id, now = form.cleaned_data["owner"], timezone.now()
    before = dict(LeadList.selection(request).order_by("pk").values_list("pk", "owner_id")[: AT_ONCE + 1])
    if len(before) > AT_ONCE:
        raise UserError(_("At most %(count)s leads at once.") % {"count": AT_ONCE})
    wanted = [operations.Assignment(lead_id=pk, owner_id=owner_id, rule="by hand") for pk in before]
    with transaction.atomic():
        done = operations.assign_batch(wanted, actor=f"user:{user.pk}", now=now)
    request.session["undo_assign"] = {
        str(pk): before[pk] for pk, changed in zip(before, done, strict=True) if changed
    }
    name = dict(form.fields["owner"].choices)[request.POST["owner"]]  # type: ignore[attr-defined]
    text = _("%(count)s leads given to %(name)s.") % {"count": sum(done), "name": name}
    return list_changed(toast(HttpResponse(status=204), text, undo_url=reverse("leads:undo_assign")))


@requires(Action.ASSIGN)
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one lead to somebody, from its page."""
    found = _get(request, pk)
    current = NOBODY if found.owner_id is None else str(found.owner_id)
    form = AssignForm(request.POST or None, initial={"owner": current})

    def do(valid: AssignForm) -> str:
        wanted = operations.Assignment(lead_id=pk, owner_id=valid.cleaned_data["owner"], rule="by hand")
        operations.assign_batch([wanted], actor=f"user:{current_user(request).pk}", now=timezone.now())
        return reverse("leads:leads") if not _sees(request, pk) else lead_url(found)

    return form_page(request, form, do, title=_("Hand the lead over"), submit=_("Assign"))


def _sees(request: HttpRequest, pk: int) -> bool:
    return queries.visible_to(current_user(request)).filter(pk=pk).exists()


@requires(Action.ASSIGN)
@require_POST
def undo_assign(request: HttpRequest) -> HttpResponse:
    """Give the leads of the last assignment back to those who had them."""
    user = current_user(request)
    before: dict[str, int | None] = request.session.pop("undo_assign", {})
    back = [
        operations.Assignment(lead_id=int(pk), owner_id=owner, rule="undo") for pk, owner in before.items()
    ]
    with transaction.atomic():
        operations.assign_batch(back, actor=f"user:{user.pk}", now=timezone.now())
    return list_changed(toast(HttpResponse(status=204), _("Undone.")))


@requires(Action.EDIT_LEADS)
@require_POST
def tag(request: HttpRequest) -> HttpResponse:
    """Give the people of the ticked leads a tag; the toast can undo it."""
    chosen = request.POST.get("tag", "")
    if chosen not in dict(profile.tag_options()):
        raise UserError(_("Choose a tag."))
    ids = list(LeadList.selection(request).order_by("pk").values_list("person_id", flat=True)[: AT_ONCE + 1])
    if len(ids) > AT_ONCE:
        raise UserError(_("At most %(count)s leads at once.") % {"count": AT_ONCE})
    actor = f"user:{current_user(request).pk}"
    added = tag_batch(ids, tag_id=int(chosen), source=HAND, actor=actor, now=timezone.now())
    # Where the list of people looks for what is to be undone.
    request.session["undo_tag"] = {"do": "untag", "tag": int(chosen), "people": added}
    text = _("%(count)s people tagged.") % {"count": len(added)}
    undo_url = reverse("profile:undo_tag") if added else None
    return list_changed(toast(HttpResponse(status=204), text, undo_url=undo_url))
