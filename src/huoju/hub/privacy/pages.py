"""Requests about data: the list by due date, one request with what was found and done, the certificate."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.privacy import mask
from huoju.core.ui.formpage import show_form
from huoju.core.ui.respond import redirect_to, respond
from huoju.hub.identity.queries import get_persons

from . import jobs, operations, queries
from .models import DataRequest
from .registry import all_holders

_TONES = {
    DataRequest.State.OPEN: "warning",
    DataRequest.State.RUNNING: "info",
    DataRequest.State.DONE: "success",
    DataRequest.State.REFUSED: "danger",
}


class RequestForm(forms.Form):
    """A request that reached staff by letter or call."""

    person = forms.IntegerField(label=gettext_lazy("Number of the person"), min_value=1)
    kind = forms.ChoiceField(label=gettext_lazy("Request"), choices=DataRequest.Kind.choices)
    note = forms.CharField(
        label=gettext_lazy("How it reached us, and how we know that it is theirs"), max_length=500
    )

    def clean_person(self) -> int:
        """Somebody has to be there."""
        pk: int = self.cleaned_data["person"]
        if pk not in get_persons([pk]):
            raise forms.ValidationError(_("Nobody has this number."))
        return pk


@requires(Action.MANAGE_PRIVACY)
@require_safe
def requests_page(request: HttpRequest) -> HttpResponse:
    """Open requests, due first; the closed ones below."""
    rows = list(queries.list_requests()[:500])
    persons = get_persons(list({row.person_id for row in rows}))
    shown: list[dict[str, Any]] = [
        {
            "row": row,
            "person": _named(persons.get(row.person_id), row.person_id),
            "tone": _tone(row),
            "late": _late(row),
        }
        for row in rows
    ]
    context = {
        "title": _("Requests about data"),
        "open": [each for each in shown if each["row"].state in queries.OPEN],
        "closed": [each for each in reversed(shown) if each["row"].state not in queries.OPEN],
    }
    return respond(request, "privacy/requests.html", context)


@requires(Action.MANAGE_PRIVACY)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Take down a request."""
    form = RequestForm(request.POST or None, initial={"person": request.GET.get("person", "")})
    if form.is_valid():
        values = form.cleaned_data
        row = operations.register_request(
            person_id=values["person"],
            kind=values["kind"],
            note=values["note"],
            source="staff",
            user_id=current_user(request).pk,
            now=timezone.now(),
        )
        return redirect_to(request, reverse("privacy:request", args=[row.pk]))
    title, submit = _("Take down a request"), _("Take down")
    return show_form(request, form, title=title, submit=submit, crumbs=_crumbs())


@requires(Action.MANAGE_PRIVACY)
@require_safe
def request_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: whose, what is held where, what was done."""
    row = _get(pk)
    steps = _steps(row)
    undecided = row.state in (DataRequest.State.OPEN, DataRequest.State.UNCONFIRMED)
    found = queries.find_everywhere(queries.everyone(row.person_id)) if undecided else []
    context = {
        "title": f"{row.get_kind_display()} #{row.pk}",
        "crumbs": _crumbs(),
        "row": row,
        "tone": _tone(row),
        "late": _late(row),
        "person": get_persons([row.person_id]).get(row.person_id),
        "found": [each for each in found if each[2]],
        "alike": queries.find_alike(queries.everyone(row.person_id)) if undecided else [],
        "steps": [each for each in steps if each["erased"] or each["kept"]],
        "nothing": _(", ").join(
            str(each["label"]) for each in steps if not each["erased"] and not each["kept"]
        ),
    }
    return respond(request, "privacy/request.html", context)


@requires(Action.MANAGE_PRIVACY)
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Do it."""
    operations.approve(request_id=_get(pk).pk, user_id=current_user(request).pk, now=timezone.now())
    jobs.work_on.using(key=f"privacy-{pk}").defer(request_id=pk)
    messages.success(request, _("The work has begun."))
    return redirect_to(request, reverse("privacy:request", args=[pk]))


@requires(Action.MANAGE_PRIVACY)
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Do not do it, and say why."""
    operations.refuse(
        request_id=_get(pk).pk,
        user_id=current_user(request).pk,
        note=request.POST.get("note", ""),
        now=timezone.now(),
    )
    return redirect_to(request, reverse("privacy:request", args=[pk]))


@requires(Action.MANAGE_PRIVACY)
@require_safe
def copy(request: HttpRequest, pk: int) -> FileResponse:
    """The ZIP with everything that is held of somebody."""
    row = _get(pk)
    if not row.file:
        raise Http404
    return FileResponse(row.file.open("rb"), as_attachment=True, filename=f"data-{row.pk}.zip")


@requires(Action.MANAGE_PRIVACY)
@require_safe
def certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """What was erased, what is kept and on which ground; for the person and for the files."""
    row = _get(pk)
    if row.state != DataRequest.State.DONE or row.kind != DataRequest.Kind.ERASURE:
        raise Http404
    text = json.dumps(
        {
            "request": row.pk,
            "requested_at": row.requested_at.isoformat(),
            "finished_at": row.finished_at.isoformat() if row.finished_at else None,
            "steps": row.steps,
        },
        ensure_ascii=False,
        indent=1,
    )
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="erasure-{row.pk}.json"'
    return response


def _get(pk: int) -> DataRequest:
    row = queries.get_request(pk)
    if row is None:
        raise Http404
    return row


def _named(person: Any, pk: int) -> str:
    """Who it is, without an address in the clear."""
    if person is None:
        return f"#{pk}"
    name: str = person.name or mask(person.email or person.mobile)
    return name or f"#{pk}"


def _crumbs() -> list[tuple[Any, str]]:
    return [(_("Requests about data"), reverse("privacy:requests"))]


def _tone(row: DataRequest) -> str:
    return _TONES.get(DataRequest.State(row.state), "secondary")


def _late(row: DataRequest) -> bool:
    return row.finished_at is None and row.due_at < timezone.now()


def _steps(row: DataRequest) -> list[dict[str, Any]]:
    labels = {holder.code: holder.label for holder in all_holders()}
    labels[operations.SUPPRESSED] = _("Kept from being contacted again")
    return [
        {"label": labels.get(code, code), **done, "ground": done["ground"] and _(done["ground"])}
        for code, done in row.steps.items()
    ]
