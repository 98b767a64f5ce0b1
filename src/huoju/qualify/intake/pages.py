"""Quarantine 隔离区: what cleaning held back, looked at one by one."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.errors import UserError
from huoju.core.ui.home import CardContent
from huoju.core.ui.inbox import inbox_of
from huoju.core.ui.listing import Empty
from huoju.core.ui.parts import Case
from huoju.core.ui.respond import respond, toast, trigger
from huoju.qualify.cleaning.policy import CODE_LABELS, STEP_LABELS, Code, Step, Verdict

from . import operations, queries
from .models import Quarantined

QUEUE = 100
_FIELDS = ("name", "phone", "email", "company", "title", "company_size", "industry", "region", "message")


@requires(Action.REVIEW_QUARANTINE)
def quarantine(request: HttpRequest) -> HttpResponse:
    """The queue: what may be good first, `?verdict=drop` what was thrown out."""
    verdict = Verdict.DROP if request.GET.get("verdict") == Verdict.DROP else Verdict.QUARANTINE
    waiting = list(queries.list_undecided().filter(verdict=verdict.value)[:QUEUE])
    cases = [
        Case(
            pk=row.pk,
            title=_title(row),
            text=str(row.candidate.get("submission", {}).get("company", "")),
            url=reverse("intake:case", args=[row.pk]),
            at=row.received_at,
            badge=_(CODE_LABELS[Code(row.reasons[0]["code"])]) if row.reasons else "",
            tone="danger" if verdict is Verdict.DROP else "warning",
        )
        for row in waiting
    ]
    context: dict[str, Any] = {
        "title": _("Quarantine"),
        "verdict": verdict.value,
        **inbox_of(
            cases,
            panel="intake/_case.html",
            opened=lambda: _case(waiting[0]),
            empty=Empty(
                title=_("Nothing is held back"),
                text=_(
                    "What looks wrong waits here with the reason until somebody lets it through or confirms "
                    "that it is bad."
                ),
                icon="shield-check",
            ),
        ),
    }
    return respond(request, "intake/quarantine.html", context, fragment="ui/_inbox.html")


def _title(row: Quarantined) -> str:
    typed = row.candidate.get("submission", {})
    return str(typed.get("name") or typed.get("email") or typed.get("phone") or row.origin)


def _case(row: Quarantined) -> dict[str, Any]:
    typed = row.candidate.get("submission", {})
    reasons = [
        {
            "step": _(STEP_LABELS[Step(reason["step"])]),
            "text": _(CODE_LABELS[Code(reason["code"])]),
            "field": reason.get("field", ""),
            "detail": reason.get("detail", ""),
        }
        for reason in row.reasons
    ]
    labels = {
        "name": _("Full name"),
        "phone": _("Telephone"),
        "email": _("E-mail"),
        "company": _("Company"),
        "title": _("Job title"),
        "company_size": _("Company size"),
        "industry": _("Industry"),
        "region": _("Region"),
        "message": _("Message"),
    }
    bad = {reason["field"] for reason in reasons}
    typed_rows = [(labels[field], typed[field], field in bad) for field in _FIELDS if typed.get(field)]
    source = [
        str(row.candidate[key])
        for key in ("channel", "campaign", "page", "keyword")
        if row.candidate.get(key)
    ]
    return {"row": row, "case_title": _title(row), "reasons": reasons, "typed": typed_rows, "source": source}


@requires(Action.REVIEW_QUARANTINE)
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One row."""
    return respond(request, "intake/_case.html", _case(_get(pk)))


def _get(pk: int) -> Quarantined:
    try:
        return queries.get_quarantined(pk)
    except Quarantined.DoesNotExist:
        raise Http404 from None


@requires(Action.REVIEW_QUARANTINE)
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it through: it becomes a lead, or joins one."""
    _get(pk)
    try:
        lead_id = operations.release(quarantined_id=pk, user=current_user(request), now=timezone.now())
    except operations.AlreadyDecidedError:
        raise UserError(_("Somebody else has decided on this meanwhile.")) from None
    return trigger(
        toast(HttpResponse(status=204), _("Let through as lead #%(id)s.") % {"id": lead_id}), case_done={}
    )


@requires(Action.REVIEW_QUARANTINE)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm that it is bad."""
    _get(pk)
    try:
        operations.confirm(quarantined_id=pk, user=current_user(request), now=timezone.now())
    except operations.AlreadyDecidedError:
        raise UserError(_("Somebody else has decided on this meanwhile.")) from None
    return trigger(toast(HttpResponse(status=204), _("Confirmed as bad.")), case_done={})


def home_card(request: HttpRequest) -> CardContent | None:
    """The start page's card for those who review."""
    count = queries.count_undecided()
    return CardContent("intake/_home.html", {"count": count}) if count else None
