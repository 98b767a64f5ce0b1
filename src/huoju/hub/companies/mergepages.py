"""Merging companies: both sides, the result, the way back; and the queue of pairs that may be one."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.models import User
from huoju.core.access.policy import Action
from huoju.core.errors import UserError
from huoju.core.places import country_name, region_name
from huoju.core.ui.formats import told_apart
from huoju.core.ui.inbox import inbox_of
from huoju.core.ui.listing import Empty
from huoju.core.ui.parts import Case
from huoju.core.ui.respond import redirect_to, respond, toast, trigger

from . import operations, queries, registry
from .display import industry_name
from .forms import MergeForm
from .labels import FIELD_LABELS
from .models import Company, CompanyMerge, Suggestion
from .pages import get_company
from .policy.alike import EVIDENCE_LABELS, Evidence
from .tables import company_url

QUEUE = 100
_COMPARED = ("name", "brand", "uscc", "industry", "region", "size", "country", "parent")


@requires(Action.EDIT_LEADS)
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the other company (`?with=`, however it is named); see both sides; merge."""
    user = current_user(request)
    here = get_company(request, pk)
    other: Company | None = None
    wanted = request.GET.get("with", "")
    form = MergeForm(request.POST or ({"other": wanted} if wanted else None), user=user)
    status = 200
    if form.is_valid():
        other = form.cleaned_data["other"]
        if request.method == "POST" and other is not None:
            gone, main = (here, other) if request.POST.get("keep") == "other" else (other, here)
            try:
                return _merged(request, gone, main, form.cleaned_data["reason"])
            except UserError as error:
                form.add_error(None, str(error))
                status = 422
    context = {
        "title": _("Merge companies"),
        "crumbs": [
            (_("Companies"), reverse("companies:companies")),
            (here.name, company_url(here)),
            (_("Merge"), ""),
        ],
        "form": form,
        "here": here,
        "wanted": wanted,
        "other": other if other is not None and other.pk != here.pk else None,
        "missing": bool(wanted) and other is None,
        "suggestions": [
            each.right if each.left_id == here.pk else each.left
            for each in queries.list_suggestions([here.pk], limit=10)
        ],
    }
    if context["other"] is not None and other is not None:
        context |= compared(user, here, other)
    return respond(request, "companies/merge.html", context, fragment="companies/_merge.html", status=status)


def compared(user: User, left: Company, right: Company) -> dict[str, Any]:
    """Both sides for the templates: fields, domains, people."""
    members = queries.members_of([left.pk, right.pk])
    sides: list[Mapping[str, str]] = []
    for each in (left, right):
        domains = [domain.domain for domain in queries.list_domains(members[each.pk])]
        people = registry.people_of(user, members[each.pk], 5)
        values = {
            "name": each.name,
            "brand": each.brand,
            "uscc": each.uscc or "",
            "industry": industry_name(each.industry),
            "region": region_name(each.region),
            "size": each.size,
            "country": country_name(each.country),
            "parent": str(each.parent or ""),
            "domains": " ".join(domains),
            "people": "、".join(face.name for face in people if face.name),
        }
        sides.append(values)
    labels = {name: FIELD_LABELS[name] for name in _COMPARED} | {
        "domains": _("Domains"),
        "people": _("People there"),
    }
    rows = [
        (label, sides[0][name], sides[1][name], bool(sides[0][name]) and sides[0][name] == sides[1][name])
        for name, label in labels.items()
        if sides[0][name] or sides[1][name]
    ]
    apart = ("uscc", "region", "domains", "industry", "parent", "size")
    called = told_apart(
        (left.name, right.name), [(sides[0][name], sides[1][name]) for name in apart], (left.pk, right.pk)
    )
    return {"rows": rows, "left": left, "right": right, "left_name": called[0], "right_name": called[1]}


def _merged(request: HttpRequest, gone: Company, main: Company, reason: str) -> HttpResponse:
    user = current_user(request)
    with transaction.atomic():
        operations.merge(
            company_id=gone.pk, into_id=main.pk, reason=reason, actor=f"user:{user.pk}", now=timezone.now()
        )
    text = _("%(gone)s is now read as %(main)s. It can be undone on this page.")
    messages.success(request, text % {"gone": gone.name, "main": main.name})
    return redirect_to(request, company_url(main))


@requires(Action.EDIT_LEADS)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back: both are as if it had never been."""
    user = current_user(request)
    try:
        main = queries.main_of_merge(pk)
    except CompanyMerge.DoesNotExist:
        raise Http404 from None
    get_company(request, main)
    with transaction.atomic():
        restored = operations.unmerge(merge_id=pk, actor=f"user:{user.pk}", now=timezone.now())
    messages.success(request, _("The merge is undone: both companies are as before."))
    return redirect_to(request, reverse("companies:company", args=[restored]))


@requires(Action.EDIT_LEADS)
def duplicates(request: HttpRequest) -> HttpResponse:
    """The queue of pairs that may be one company."""
    user = current_user(request)
    waiting = _visible(user, queries.list_suggestions(limit=QUEUE))
    cases = [
        Case(
            pk=each.pk,
            title=each.left.name,
            text=each.right.name,
            url=reverse("companies:duplicate", args=[each.pk]),
            at=each.suggested_at,
            badge=" · ".join(_evidence(each)),
        )
        for each in waiting
    ]
    context: dict[str, Any] = {
        "title": _("Duplicates"),
        "crumbs": [(_("Companies"), reverse("companies:companies")), (_("Duplicates"), "")],
        **inbox_of(
            cases,
            panel="companies/_duplicate.html",
            opened=lambda: _case(user, waiting[0]),
            empty=Empty(
                title=_("No duplicates"),
                text=_("Companies that look like one another wait here until somebody decides."),
                icon="copy-check",
            ),
        ),
    }
    return respond(request, "companies/duplicates.html", context, fragment="ui/_inbox.html")


def _visible(user: User, found: list[Suggestion]) -> list[Suggestion]:
    """Pairs of which the user may see both."""
    ids = {each.left_id for each in found} | {each.right_id for each in found}
    mains = queries.mains_of(ids)
    seen = set(queries.visible_to(user).filter(pk__in=set(mains.values())).values_list("pk", flat=True))
    return [each for each in found if {mains[each.left_id], mains[each.right_id]} <= seen]


def _evidence(each: Suggestion) -> list[str]:
    return [_(EVIDENCE_LABELS[Evidence(code)]) for code in each.evidence]


def _case(user: User, found: Suggestion) -> dict[str, Any]:
    return {"suggestion": found, "evidence": _evidence(found), **compared(user, found.left, found.right)}


def _get(request: HttpRequest, pk: int) -> Suggestion:
    try:
        found = queries.get_suggestion(pk)
    except Suggestion.DoesNotExist:
        raise Http404 from None
    if not _visible(current_user(request), [found]):
        raise Http404
    return found


@requires(Action.EDIT_LEADS)
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """One pair, side by side."""
    return respond(request, "companies/_duplicate.html", _case(current_user(request), _get(request, pk)))


@requires(Action.EDIT_LEADS)
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """They are one (`left` or `right` is the one that stays), or two."""
    found = _get(request, pk)
    actor, now = f"user:{current_user(request).pk}", timezone.now()
    answer = request.POST.get("answer")
    if answer not in ("left", "right", "different"):
        raise UserError(_("Say which company stays, or that they are two."))
    if found.decided_at is not None:
        raise UserError(_("Somebody else has decided on this meanwhile."))
    if answer == "different":
        with transaction.atomic():
            operations.decide(suggestion_id=pk, decision=Suggestion.Decision.DIFFERENT, actor=actor, now=now)
        return trigger(toast(HttpResponse(status=204), _("Noted: two companies.")), case_done={})
    gone, main = (found.right, found.left) if answer == "left" else (found.left, found.right)
    with transaction.atomic():
        merge_id = operations.merge(company_id=gone.pk, into_id=main.pk, actor=actor, now=now)
    text = _("%(gone)s is now read as %(main)s.") % {"gone": gone.name, "main": main.name}
    undo_url = reverse("companies:undo_merge", args=[merge_id])
    return trigger(toast(HttpResponse(status=204), text, undo_url=undo_url), case_done={})
