"""The operations page: how the readers stand, what could not be handled, what waits to be done."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from huoju.core import jobs
from huoju.core.access.gate import requires
from huoju.core.access.policy import Action
from huoju.core.ui.respond import respond, toast

from . import delivery, queries
from .models import DeadLetter
from .panels import built_panels
from .readers import all_readers

SHOWN = 50
AT_ONCE = 200
"""How many letters are retried with one click: what fails again moves behind the others."""
_MINUTES_FROM = 120  # seconds
_HOURS_FROM = 120  # minutes


@requires(Action.OPERATE)
def operations(request: HttpRequest) -> HttpResponse:
    """Readers with lag, dead letters, queues and failed jobs. The body refreshes itself by htmx."""
    readers = queries.list_reader_states()
    labels = {state.name: state.label for state in readers}
    now = timezone.now()
    chosen = request.GET.get("reader", "")
    letters = queries.list_open_letters(chosen)
    waits = [state.waiting_since for state in readers if state.waiting_since is not None]
    context = {
        "title": _("Operations"),
        "readers": [(state, _lag(state, now)) for state in readers],
        "chosen": chosen,
        "chosen_label": labels.get(chosen, chosen),
        "behind": sum(state.behind for state in readers),
        "waiting_since": min(waits, default=None),
        "letters": [(each, labels.get(each.reader, each.reader)) for each in letters[:SHOWN]],
        "letter_count": letters.count(),
        "open_letters": sum(state.open_letters for state in readers),
        "panels": built_panels(),
        "jobs": jobs.list_states(),
        "failed": jobs.list_failed(),
        "facts_today": queries.count_facts_since(
            timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        ),
    }
    return respond(request, "facts/operations.html", context, fragment="facts/_operations.html")


def _lag(state: queries.ReaderState, now: datetime) -> tuple[str, bool]:
    """How long the oldest fact has waited for a reader, in words; and whether the reader may let it wait so long."""
    if state.waiting_since is None:
        return "", True
    seconds = max(0, int((now - state.waiting_since).total_seconds()))
    if seconds < _MINUTES_FROM:
        text = ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    elif (minutes := seconds // 60) < _HOURS_FROM:
        text = ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    else:
        text = ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return text, seconds <= state.patience


@requires(Action.OPERATE)
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """One dead letter with its fact and traceback."""
    found = get_object_or_404(DeadLetter, pk=pk)
    fact = delivery.get_fact(found.fact_id)
    reader = {each.name: each.label for each in all_readers()}.get(found.reader) or found.reader
    context = {"title": found.kind, "letter": found, "fact": fact, "reader": reader}
    return respond(request, "facts/letter.html", context, fragment="facts/letter.html")


@requires(Action.OPERATE)
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Handle the fact again."""
    get_object_or_404(DeadLetter, pk=pk, resolved_at=None)
    if delivery.retry_dead_letter(letter_id=pk, now=timezone.now()):
        return toast(operations(request), _("Handled. The letter is closed."))
    return toast(operations(request), _("It failed again; the letter shows the new error."), level="danger")


@requires(Action.OPERATE)
@require_POST
def retry_all(request: HttpRequest) -> HttpResponse:
    """Handle the facts of all letters again, or of one reader's; the oldest first, so many at a time."""
    ids = list(
        queries.list_open_letters(request.GET.get("reader", "")).values_list("pk", flat=True)[:AT_ONCE]
    )
    done = sum(delivery.retry_dead_letter(letter_id=pk, now=timezone.now()) for pk in ids)
    text = _("%(done)s handled, %(left)s failed again.") % {"done": done, "left": len(ids) - done}
    return toast(operations(request), text, level="success" if done == len(ids) else "danger")


@requires(Action.OPERATE)
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the letter without handling its fact."""
    delivery.dismiss_dead_letter(letter_id=pk, now=timezone.now())
    return toast(operations(request), _("Dismissed."))


@requires(Action.OPERATE)
@require_POST
def retry_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a failed job run once more."""
    jobs.retry_failed(pk, now=timezone.now())
    return toast(operations(request), _("The job will run again."))
