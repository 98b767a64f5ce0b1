"""The pages of lists."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.ui.download import download
from huoju.core.ui.formats import number
from huoju.core.ui.formpage import form_page
from huoju.core.ui.listing import Empty, ListPage, Sort
from huoju.core.ui.respond import redirect_to

from . import operations, queries
from .forms import ListForm
from .models import ListEntry, PersonList
from .tables import EntryTable, ListTable, list_url


@requires(Action.MANAGE_SEGMENTS)
class Lists(ListPage[PersonList]):
    """All lists."""

    code = "segments.lists"
    title = gettext_lazy("Lists")
    subtitle = gettext_lazy("Fixed lists of people: they stay as they were made.")
    template = "segments/lists.html"
    table_class = ListTable
    sorts = {"created_at": Sort("created_at"), "name": Sort("name"), "people": Sort("people")}
    default_sort = "-created_at"
    empty = Empty(
        title=gettext_lazy("No lists yet"),
        text=gettext_lazy(
            "Keep the members of a segment as they are today, or upload addresses and numbers."
        ),
        icon="list-check",
        action_label=gettext_lazy("New list"),
        action_url="/segments/lists/new/",
    )

    def rows(self) -> QuerySet[PersonList]:
        """All."""
        return queries.list_lists()

    def row_url(self, row: PersonList) -> str:
        """To the list."""
        return list_url(row)


@requires(Action.MANAGE_SEGMENTS)
class ListMembers(ListPage[ListEntry]):
    """Who is on a list."""

    code = "segments.entries"
    title = gettext_lazy("List")
    template = "segments/list.html"
    table_class = EntryTable
    sorts = {"person": Sort("person_id")}
    default_sort = "person"
    exports = ("csv", "xlsx")

    def rows(self) -> QuerySet[ListEntry]:
        """Everybody on it."""
        return queries.list_entries(get_object_or_404(PersonList, pk=self.kwargs["pk"]))

    def extra(self) -> dict[str, Any]:
        """Which list, and who uses it."""
        found = get_object_or_404(PersonList, pk=self.kwargs["pk"])
        return {
            "title": found.name,
            "person_list": found,
            "used_by": queries.list_used_by(found.pk),
            "crumbs": [(_("Lists"), reverse("segments:lists")), (found.name, "")],
        }

    def export(self, kind: str, rows: QuerySet[ListEntry], columns: Sequence[str]) -> HttpResponseBase:
        """Everybody as a file; contacts only for those who may see them."""
        contacts = current_user(self.request).may(Action.SEE_CONTACTS)
        header = [
            _("Person"),
            _("Job title"),
            _("Company"),
            *([_("Mobile"), _("E-mail")] if contacts else []),
        ]
        table = (
            [entry.person.name, entry.person.title, str(entry.person.company or "")]
            + ([entry.person.mobile, entry.person.email] if contacts else [])
            for entry in rows.iterator(2000)
        )
        return download("list", kind, [str(title) for title in header], table)


@requires(Action.MANAGE_SEGMENTS)
@require_http_methods(["GET", "POST"])
def list_new(request: HttpRequest) -> HttpResponse:
    """Make a list."""

    def save(form: ListForm) -> str:
        data = form.cleaned_data
        people, unknown = operations.find_people(data["lines"])
        if data["segment"]:
            people |= set(queries.list_members(data["segment"]).values_list("profile_id", flat=True))
        made = operations.create_list(
            name=data["name"], person_ids=people, user_id=current_user(request).pk, now=timezone.now()
        )
        messages.success(request, _("The list holds %(count)s people.") % {"count": number(made.people)})
        if unknown:
            text = _("%(count)s lines name nobody we know, such as %(some)s.")
            some = ", ".join(unknown[:3])
            messages.warning(request, text % {"count": number(len(unknown)), "some": some})
        return list_url(made)

    form = ListForm(request.POST or None, request.FILES or None)
    extra = {
        "crumbs": [(_("Lists"), reverse("segments:lists")), (_("New list"), "")],
        "cancel_url": reverse("segments:lists"),
    }
    return form_page(request, form, save, title=_("New list"), submit=_("Make the list"), extra=extra)


@requires(Action.MANAGE_SEGMENTS)
@require_POST
def list_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a list."""
    found = get_object_or_404(PersonList, pk=pk)
    operations.delete_list(list_id=pk)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": found.name})
    return redirect_to(request, reverse("segments:lists"))
