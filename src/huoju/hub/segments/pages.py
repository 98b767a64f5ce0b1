"""The pages of segments and lists."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.errors import UserError
from huoju.core.ui.download import download
from huoju.core.ui.formats import number
from huoju.core.ui.links import link_of
from huoju.core.ui.listing import Empty, ListPage, Sort
from huoju.core.ui.parts import Chart, Figure
from huoju.core.ui.respond import redirect_to, respond
from huoju.hub.identity import queries as identity

from . import engines, operations, queries, words
from .asking import company_zone
from .filters import MemberFilter, SegmentFilter
from .models import Membership, Segment
from .policy.formula import normalise
from .policy.parsing import DefinitionError, parse
from .tables import LOOKS, MemberTable, SegmentTable, list_url, segment_url

GROWTH_DAYS = 90
_MQL = {"type": "trait", "trait": "lead.stage", "op": "is", "value": "mql"}
START = {"version": 1, "where": {"type": "all", "of": [_MQL]}}


@requires(Action.MANAGE_SEGMENTS)
class SegmentList(ListPage[Segment]):
    """All segments."""

    code = "segments.segments"
    title = gettext_lazy("Segments")
    subtitle = gettext_lazy(
        "Groups of people by what is known of them and what they did. They keep themselves up to date."
    )
    template = "segments/segments.html"
    table_class = SegmentTable
    filter_class = SegmentFilter
    inline_filters = ("state",)
    sorts = {"name": Sort("name"), "built_at": Sort("built_at", nullable=True)}
    default_sort = "name"
    default_columns = ("name", "people", "trend", "state", "used_by", "description")
    empty = Empty(
        title=gettext_lazy("No segments yet"),
        text=gettext_lazy("Describe a group of people; it then follows everything that happens."),
        icon="users-group",
        action_label=gettext_lazy("New segment"),
        action_url="/segments/new/",
    )

    def rows(self) -> QuerySet[Segment]:
        """All; the filter leaves out the archived ones."""
        return queries.list_segments(archived=None)

    def row_url(self, row: Segment) -> str:
        """To the segment."""
        return segment_url(row)


@requires(Action.MANAGE_SEGMENTS)
class SegmentPage(ListPage[Membership]):
    """A segment: what it says, and who is in it, now or on an earlier day."""

    code = "segments.members"
    title = gettext_lazy("Members")
    template = "segments/segment.html"
    table_class = MemberTable
    filter_class = MemberFilter
    inline_filters = ("at",)
    sorts = {"entered_at": Sort("entered_at")}
    default_sort = "-entered_at"
    exports = ("csv", "xlsx")
    empty = Empty(
        title=gettext_lazy("Nobody is in this segment"),
        text=gettext_lazy("Whoever comes to meet its conditions appears here within a second."),
        icon="users-group",
    )

    @property
    def segment(self) -> Segment:
        """The segment of the address."""
        if not hasattr(self, "_segment"):
            self._segment = get_object_or_404(
                Segment.objects.select_related("created_by"), pk=self.kwargs["pk"]
            )
        return self._segment

    def rows(self) -> QuerySet[Membership]:
        """All stays; the filter decides of which time."""
        return Membership.objects.filter(segment=self.segment).select_related("profile__company")

    def row_url(self, row: Membership) -> str | None:
        """To the person, where there is a page."""
        return link_of("person", row.profile_id)

    def extra(self) -> dict[str, Any]:
        """What the page says above the list."""
        segment = self.segment
        return {
            **_about(segment),
            "crumbs": [(_("Segments"), reverse("segments:segments")), (segment.name, "")],
        }

    def export(self, kind: str, rows: QuerySet[Membership], columns: Sequence[str]) -> HttpResponseBase:
        """Everybody in the list as a file; contacts only for those who may see them."""
        contacts = current_user(self.request).may(Action.SEE_CONTACTS)
        header = [_("Person"), _("Job title"), _("Company"), _("In since"), _("Left")]
        header += [_("Mobile"), _("E-mail")] if contacts else []
        return download("segment", kind, [str(title) for title in header], _export_rows(rows, contacts))


def _export_rows(rows: QuerySet[Membership], contacts: bool) -> Iterator[list[Any]]:
    for row in rows.iterator(2000):
        person = row.profile
        found = [person.name, person.title, str(person.company or ""), row.entered_at, row.left_at]
        yield [*found, person.mobile, person.email] if contacts else found


def _about(segment: Segment) -> dict[str, Any]:
    """The segment in words and figures."""
    data = queries.get_definition(segment)
    try:
        sentence, fault = words.describe(parse(data)), ""
    except DefinitionError as error:
        sentence, fault = "", operations.describe_faults(error.faults)[0]["message"]
    if segment.state == Segment.State.BROKEN:
        try:
            operations.check_definition(data, own=segment.pk)
        except DefinitionError as error:
            fault = operations.describe_faults(error.faults)[0]["message"]
    today = timezone.now().astimezone(company_zone()).date()
    days = queries.growth([segment.pk], today - timedelta(days=6))[segment.pk]
    came, went = sum(a for a, _ in days.values()), sum(b for _, b in days.values())
    return {
        "title": segment.name,
        "subtitle": segment.description,
        "segment": segment,
        "look": LOOKS[segment.state],
        "sentence": sentence,
        "fault": fault,
        "used_by": queries.used_by(segment.pk),
        "figures": [
            Figure(label=_("People"), value=number(queries.count_members([segment.pk])[segment.pk])),
            Figure(label=_("Came in 7 days"), value=number(came)),
            Figure(label=_("Left in 7 days"), value=number(went)),
        ],
    }


@requires(Action.MANAGE_SEGMENTS)
@require_safe
def growth(request: HttpRequest, pk: int) -> HttpResponse:
    """How the segment grew, day by day."""
    segment = get_object_or_404(Segment, pk=pk)
    today = timezone.now().astimezone(company_zone()).date()
    start = today - timedelta(days=GROWTH_DAYS - 1)
    moves = queries.growth([pk], start)[pk]
    size = queries.count_members([pk])[pk] - sum(came - went for came, went in moves.values())
    days, sizes, entered, left = [], [], [], []
    for ahead in range(GROWTH_DAYS):
        day = start + timedelta(days=ahead)
        came, went = moves.get(day, (0, 0))
        size += came - went
        days.append(day.isoformat())
        sizes.append(size)
        entered.append(came)
        left.append(-went)
    line = {
        "xAxis": {"type": "category", "data": days},
        "yAxis": {"type": "value"},
        "tooltip": {"trigger": "axis"},
        "series": [
            {"type": "line", "name": _("People"), "data": sizes, "showSymbol": False, "areaStyle": {}}
        ],
    }
    bars = {
        "xAxis": {"type": "category", "data": days},
        "yAxis": {"type": "value"},
        "tooltip": {"trigger": "axis"},
        "series": [
            {"type": "bar", "name": _("Came"), "data": entered, "stack": "moves"},
            {"type": "bar", "name": _("Left"), "data": left, "stack": "moves"},
        ],
    }
    summary = _("From %(first)s to %(last)s people in %(days)s days.") % {
        "first": number(sizes[0]), "last": number(sizes[-1]), "days": GROWTH_DAYS
    }  # fmt: skip
    context = {
        **_about(segment),
        "crumbs": [*_crumbs(segment), (_("Growth"), "")],
        "charts": [
            Chart(code="size", option=line, title=_("People in the segment"), summary=summary),
            Chart(code="moves", option=bars, title=_("Came and left"), summary=summary),
        ],
    }
    return respond(request, "segments/growth.html", context)


def _crumbs(segment: Segment) -> list[tuple[Any, str]]:
    return [(_("Segments"), reverse("segments:segments")), (segment.name, segment_url(segment))]


@requires(Action.MANAGE_SEGMENTS)
@require_safe
def versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Every definition that the segment ever had."""
    segment = get_object_or_404(Segment, pk=pk)
    rows = []
    for version in queries.list_versions(segment):
        try:
            sentence = words.describe(parse(version.definition))
        except DefinitionError:
            sentence = ""
        shown = json.dumps(version.definition, ensure_ascii=False, indent=2)
        rows.append({"version": version, "sentence": sentence, "json": shown})
    context = {**_about(segment), "crumbs": [*_crumbs(segment), (_("Versions"), "")], "versions": rows}
    return respond(request, "segments/versions.html", context)


# --- the editor ------------------------------------------------------------------------------------------------------


@requires(Action.MANAGE_SEGMENTS)
@require_http_methods(["GET", "POST"])
def segment_new(request: HttpRequest) -> HttpResponse:
    """Describe a new segment."""
    return _edit(request, None)


@requires(Action.MANAGE_SEGMENTS)
@require_http_methods(["GET", "POST"])
def segment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a segment. A changed definition is a new version."""
    return _edit(request, get_object_or_404(Segment, pk=pk))


def _edit(request: HttpRequest, segment: Segment | None) -> HttpResponse:
    faults: list[dict[str, str]] = []
    given = request.POST
    if request.method == "POST":
        try:
            saved = _save(request, segment)
        except DefinitionError as error:
            faults = operations.describe_faults(error.faults)
        except UserError as error:
            faults = [{"place": "", "message": str(error)}]
        else:
            messages.success(request, _("Saved. The segment is being built."))
            return redirect_to(request, segment_url(saved))
    definition = _shown_definition(request, segment)
    own = segment.pk if segment else None
    context = {
        "title": segment.name if segment else _("New segment"),
        "crumbs": [*_crumbs(segment), (_("Edit"), "")]
        if segment
        else [(_("Segments"), reverse("segments:segments"))],
        "segment": segment,
        "name": given.get("name", segment.name if segment else ""),
        "description": given.get("description", segment.description if segment else ""),
        "definition": definition,
        "definition_json": json.dumps(definition, ensure_ascii=False, indent=2),
        "catalogue": words.catalogue(own),
        "texts": _editor_texts(),
        "faults": faults,
        "preview_url": reverse("segments:preview"),
    }
    status = 422 if faults else 200
    return respond(request, "segments/edit.html", context, fragment="segments/_faults.html", status=status)


def _shown_definition(request: HttpRequest, segment: Segment | None) -> Any:
    if text := request.POST.get("definition"):
        try:
            return json.loads(text)
        except ValueError:
            pass
    return queries.get_definition(segment) if segment else START


def _save(request: HttpRequest, segment: Segment | None) -> Segment:
    user, now, given = current_user(request), timezone.now(), request.POST
    fields: Mapping[str, Any] = {
        "name": given.get("name", ""),
        "description": given.get("description", ""),
        "definition": given.get("definition", ""),
    }
    if segment is None:
        return operations.create_segment(**fields, user_id=user.pk, now=now)
    return operations.update_segment(segment_id=segment.pk, **fields, user_id=user.pk, now=now)


@requires(Action.MANAGE_SEGMENTS)
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """How many a definition holds of, ten of them, and what it says in words."""
    own = request.POST.get("segment", "")
    context: dict[str, Any] = {}
    try:
        definition = operations.check_definition(
            request.POST.get("definition", ""), own=int(own) if own.isdigit() else None
        )
    except DefinitionError as error:
        context["faults"] = operations.describe_faults(error.faults)
    else:
        formula = normalise(definition, queries.vocabulary(), company_zone())
        found = engines.preview(formula, now=timezone.now())
        people = identity.get_persons(found.sample)
        context |= {
            "found": found,
            "sentence": words.describe(definition),
            "sample": [people[pk] for pk in found.sample if pk in people],
        }
    return render(request, "segments/_preview.html", context)


def _editor_texts() -> dict[str, str]:
    """What the editor's script says, in the user's language."""
    return {
        "all": _("All of these"),
        "any": _("Any of these"),
        "none": _("None of these"),
        "add": _("Add"),
        "trait": _("Property"),
        "fact": _("Activity"),
        "sequence": _("Sequence"),
        "tag": _("Tag"),
        "segment": _("Segment"),
        "list": _("List"),
        "group": _("Group"),
        "remove": _("Remove"),
        "removed": _("Removed"),
        "added": _("Added"),
        "up": _("Move up"),
        "down": _("Move down"),
        "and": _("and"),
        "or": _("or"),
        "yes": _("yes"),
        "no": _("no"),
        "at_least": _("at least"),
        "at_most": _("at most"),
        "never": _("never"),
        "times": _("times"),
        "ever": _("at any time"),
        "last": _("in the last days:"),
        "period": _("in a period"),
        "days": _("days"),
        "from": _("from"),
        "to": _("to"),
        "where": _("Only where…"),
        "step": _("Add a step"),
        "then": _("then"),
        "within": _("within days:"),
        "anytime": _("at any time after"),
        "field": _("Field"),
        "compare": _("Comparison"),
        "value": _("Value"),
        "values": _("Values, separated by commas"),
        "match": _("People must meet"),
        "another": _("Add a value…"),
        "none_there": _("There is none yet"),
    }


# --- state -------------------------------------------------------------------------------------------------


@requires(Action.MANAGE_SEGMENTS)
@require_POST
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a segment away, or take it back."""
    segment = get_object_or_404(Segment, pk=pk)
    archived = request.POST.get("archived") == "1"
    operations.archive_segment(segment_id=pk, archived=archived)
    messages.success(request, _("Archived.") if archived else _("Back in use; it is being built."))
    return redirect_to(request, segment_url(segment))


@requires(Action.MANAGE_SEGMENTS)
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a segment with its history."""
    segment = get_object_or_404(Segment, pk=pk)
    operations.delete_segment(segment_id=pk)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": segment.name})
    return redirect_to(request, reverse("segments:segments"))


@requires(Action.MANAGE_SEGMENTS)
@require_POST
def freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a list of those who are in now."""
    segment = get_object_or_404(Segment, pk=pk)
    now = timezone.now()
    day = now.astimezone(company_zone()).date().isoformat()
    made = operations.list_of_segment(
        segment=segment, name=f"{segment.name} {day}"[:120], user_id=current_user(request).pk, now=now
    )
    messages.success(request, _("The list holds %(count)s people.") % {"count": number(made.people)})
    return redirect_to(request, list_url(made))


# --- the person's page -------------------------------------------------------------------------------------------


def profile_panel(request: HttpRequest, profile: Any) -> Mapping[str, Any] | None:
    """The segments that the profile is in."""
    found = queries.segments_of(profile.id)
    if not found:
        return None
    segments = [
        {"name": segment.name, "url": segment_url(segment), "since": since} for segment, since in found
    ]
    return {"segments": segments, "may_open": current_user(request).may(Action.MANAGE_SEGMENTS)}
