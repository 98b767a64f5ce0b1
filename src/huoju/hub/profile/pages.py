"""The list of people and a person's page."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.facts.operations import NewFact, append_one
from huoju.core.places import region_name
from huoju.core.ui.download import download
from huoju.core.ui.formpage import show_form
from huoju.core.ui.listing import BulkAction, Empty, ListPage, Sort
from huoju.core.ui.parts import Figure, Tab
from huoju.core.ui.respond import redirect_to, respond
from huoju.core.ui.templatetags.ui import masked, number
from huoju.hub.identity.queries import list_identifiers, members_of, profiles_of

from . import operations, queries, timeline
from .display import CONTACTS, shown_value, source_label
from .facts import FieldRevealed
from .filters import PeopleFilter
from .forms import FieldsForm
from .panels import PROFILE_PANELS, Profile
from .policy import CRITERION_LABELS, FIELD_LABELS, Field
from .tables import PeopleTable, person_url

EXPORTED = 2000
"""Rows that an export reads at once."""


@requires(Action.SEE_LEADS)
class PeopleList(ListPage[Any]):
    """People, as far as the user sees them: one row a human being, however many records were merged."""

    code = "profile.people"
    title = gettext_lazy("People")
    table_class = PeopleTable
    filter_class = PeopleFilter
    inline_filters = ("tag", "stage")
    sorts = {"created_at": Sort("id", moved=queries.by_age)}
    default_sort = "-created_at"
    default_columns = ("name", "company", "title", "stage", "score", "tags", "region", "created_at")
    exports = ("csv", "xlsx")
    empty = Empty(
        title=gettext_lazy("Nobody yet"),
        text=gettext_lazy("People come in with their leads: through forms, imports and the API."),
        icon="users",
    )

    def rows(self) -> QuerySet[Any]:
        """Whom the user may see, each with stage and score of the latest lead, and tags."""
        people: QuerySet[Any] = queries.list_people(current_user(self.request)).annotate(
            stage=queries.trait_column("lead.stage"),
            score=queries.trait_column("lead.score"),
            shown_tags=queries.tags_column(timezone.now()),
        )
        return people

    def row_url(self, row: Any) -> str:
        """The person's page."""
        return person_url(row)

    def available_bulk_actions(self) -> Sequence[BulkAction]:
        """Tags, for those who may edit."""
        if not current_user(self.request).may(Action.EDIT_LEADS):
            return ()
        options = queries.tag_options()
        return (
            BulkAction(
                label=_("Set tag"), url=reverse("profile:tag_people"), icon="tag", name="tag", options=options
            ),
            BulkAction(
                label=_("Remove tag"),
                url=reverse("profile:untag_people"),
                icon="tag-off",
                name="untag",
                options=options,
            ),
        )

    def export(self, kind: str, rows: QuerySet[Any], columns: Sequence[str]) -> HttpResponseBase:
        """All people of the filter as a file; contacts only for those who may see them."""
        user = current_user(self.request)
        if not user.may(Action.EXPORT):
            raise PermissionDenied
        plain = user.may(Action.SEE_CONTACTS)
        header = [
            _("Number"), _("Full name"), _("Job title"), _("Company"), _("Mobile"), _("E-mail"), _("Region"),
            _("Country"), _("Language"), _("Stage"), _("Score"), _("Tags"), _("Known since"),
        ]  # fmt: skip
        table = (
            (
                *(row.pk, row.name, row.title, row.company.name if row.company else None),
                *((row.mobile, row.email) if plain else (masked(row.mobile), masked(row.email))),
                *(region_name(row.region), row.country, row.language, row.stage, row.score),
                *(", ".join(name for name, _color in row.shown_tags), row.created_at),
            )
            for row in _shown_rows(rows)
        )
        return download("people", kind, header, table)


def _shown_rows(rows: QuerySet[Any]) -> Iterator[Any]:
    """Rows of people as a page shows them."""
    for part in batched(rows.iterator(chunk_size=EXPORTED), EXPORTED, strict=False):
        queries.show_golden(part)
        yield from part


def get_profile(request: HttpRequest, pk: int) -> Profile:
    """The profile with all that its page shows of it. Raises `Http404`."""
    found = queries.get_visible(current_user(request), pk)
    members = members_of([pk])
    if len(members[pk]) > 1:
        queries.show_origin([found])
    return Profile(
        id=pk,
        person=found,
        members=members[pk],
        fields=queries.golden_of(members)[pk],
        tags=queries.tags_of(members, now=timezone.now())[pk],
    )


@requires(Action.SEE_LEADS)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Who, which company, why this score, what happened, what is allowed, what next."""
    profile_id = profiles_of([pk])[pk]
    if profile_id != pk:
        query = request.GET.urlencode()
        target = reverse("profile:person", args=[profile_id])
        # Not for ever: a merge can be undone, and a browser would remember.
        return HttpResponseRedirect(f"{target}?{query}" if query else target)
    profile = get_profile(request, pk)
    tab = request.GET.get("tab", "timeline")
    if tab not in ("timeline", "values"):
        raise Http404
    user = current_user(request)
    taken = {tag.tag_id for tag in profile.tags}
    context: dict[str, Any] = {
        "title": profile.name,
        "crumbs": [(_("People"), reverse("profile:people")), (profile.name, "")],
        "profile": profile,
        "person": profile.person,
        "shown": {field.value: shown_value(field, each.value) for field, each in profile.fields.items()},
        "contacts": [(field.value, profile.fields[field].value) for field in CONTACTS if profile.fields[field].value],
        "identifiers": len(list_identifiers(*profile.members)),
        "see_contacts": user.may(Action.SEE_CONTACTS),
        "may_edit": user.may(Action.EDIT_LEADS) or user.may(Action.SELL),
        "free_tags": [(pk, name) for pk, name in queries.tag_options() if int(pk) not in taken],
        "tabs": [Tab(code="timeline", label=_("Timeline")), Tab(code="values", label=_("Where it is known from"))],
        "tab": tab,
        "tab_template": f"profile/_{tab}.html",
        **{
            f"{place}_panels": PROFILE_PANELS.shown(request, profile, place)
            for place in ("mark", "glance", "next", "main", "side")
        },
    }  # fmt: skip
    fragment = "ui/_tabs.html"
    if tab == "timeline":
        context |= _timeline(request, profile)
        if "part" in request.GET:  # narrowed, or further down: the timeline alone
            fragment = "profile/_timeline_body.html"
    else:
        context["values"] = _values(profile)
    return respond(request, "profile/person.html", context, fragment=fragment)


def _timeline(request: HttpRequest, profile: Profile) -> dict[str, Any]:
    group, text = request.GET.get("group", ""), request.GET.get("text", "")
    try:
        before = timeline.read_cursor(request.GET.get("before", ""))
    except ValueError:
        raise Http404 from None
    page = timeline.read_page(profile.members, group=group, text=text[:100], before=before)
    return {
        "days": page.days,
        "older": page.older,
        "groups": timeline.group_options(),
        "group": group,
        "text": text,
        "narrowed": bool(group or text),
    }


def _values(profile: Profile) -> list[dict[str, Any]]:
    """Every field with every value there was, and why one of them is shown."""
    return [
        {
            "code": field.value,
            "label": _(FIELD_LABELS[field]),
            "value": shown_value(field, known.value),
            "why": _(CRITERION_LABELS[known.golden.why]) if known.golden else "",
            "rows": [
                {
                    "value": shown_value(field, each.value),
                    "chosen": known.golden is not None and each == known.golden.chosen,
                    "source": source_label(each.source),
                    "person_id": each.person_id,
                    "foreign": each.person_id != profile.id,
                    "each": each,
                    "restorable": each.value != known.value,
                }
                for each in known.candidates
            ],
        }
        for field, known in profile.fields.items()
        if known.candidates
    ]


def _may_edit(request: HttpRequest) -> None:
    user = current_user(request)
    if not (user.may(Action.EDIT_LEADS) or user.may(Action.SELL)):
        raise PermissionDenied


@requires(Action.SEE_LEADS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Set fields by hand."""
    _may_edit(request)
    profile, user = get_profile(request, pk), current_user(request)
    initial = {field.value: each.value for field, each in profile.fields.items()}
    form = FieldsForm(request.POST or None, initial=initial, contacts=user.may(Action.SEE_CONTACTS))
    if request.method == "POST" and form.is_valid():
        operations.set_fields(
            person_id=pk, values=form.changes(), actor=f"user:{user.pk}", now=timezone.now()
        )
        return redirect_to(request, person_url(profile.person))
    url = person_url(profile.person)
    crumbs = [(_("People"), reverse("profile:people")), (profile.name, url)]
    return show_form(
        request, form, title=_("Edit the profile"), submit=_("Save"), crumbs=crumbs, cancel_url=url
    )


@requires(Action.SEE_LEADS)
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an earlier value of a field again: it is set by hand from now on."""
    _may_edit(request)
    profile, user = get_profile(request, pk), current_user(request)
    try:
        field = Field(request.POST.get("field", ""))
        chosen = profile.fields[field].candidates[int(request.POST.get("at", ""))]
    except (ValueError, IndexError):
        raise Http404 from None
    operations.set_fields(
        person_id=pk, values={field: chosen.value}, actor=f"user:{user.pk}", now=timezone.now()
    )
    messages.success(request, _("%(field)s is restored.") % {"field": _(FIELD_LABELS[field])})
    return redirect_to(request, f"{person_url(profile.person)}?tab=values")


@requires(Action.SEE_LEADS)
@require_POST
def reveal(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """Show a masked phone number or mail address, and log who looked."""
    user = current_user(request)
    if not user.may(Action.SEE_CONTACTS):
        raise PermissionDenied
    if field not in CONTACTS:
        raise Http404
    profile, now = get_profile(request, pk), timezone.now()
    with transaction.atomic():
        fact = NewFact(payload=FieldRevealed(field=field), occurred_at=now, person_id=pk)
        append_one(fact, actor=f"user:{user.pk}", source="profile", now=now)
    value = profile.fields[Field(field)].value
    return render(
        request, "ui/_contact_open.html", {"value": value, "kind": "mail" if field == "email" else "phone"}
    )


def last_glance(request: HttpRequest, profile: Profile) -> dict[str, Any] | None:
    """When the person was last heard of: what they did, not what we did."""
    last = timeline.last_heard(profile.members)
    if last is None:
        return None
    return {"figure": Figure(label=_("Last heard of"), value=_days_ago(last.at), note=str(last.title))}


def _days_ago(moment: datetime) -> str:
    days = (timezone.localdate() - timezone.localdate(moment)).days
    if days <= 0:
        return _("today")
    return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": number(days)}
