"""The operations page: how the readers stand, what could not be handled, what waits to be done."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from huoju.core import jobs
from huoju.core.access.gate import requires
from huoju.core.access.policy import Action
from huoju.core.ui.respond import respond, toast

from . import delivery, queries
from .models import DeadLetter
from .panels import built_panels


@requires(Action.OPERATE)
def operations(request: HttpRequest) -> HttpResponse:
    """Readers with lag, dead letters, queues and failed jobs. The body refreshes itself by htmx."""
    readers = queries.list_reader_states()
    waits = [state.waiting_since for state in readers if state.waiting_since is not None]
    context = {
        "title": _("Operations"),
        "readers": readers,
        "behind": sum(state.behind for state in readers),
        "waiting_since": min(waits, default=None),
        "letters": queries.list_open_letters()[:50],
        "letter_count": queries.list_open_letters().count(),
        "panels": built_panels(),
        "queues": jobs.list_queues(),
        "failed": jobs.list_failed(),
        "facts_today": queries.count_facts_since(
            timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        ),
    }
    return respond(request, "facts/operations.html", context, fragment="facts/_operations.html")


@requires(Action.OPERATE)
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """One dead letter with its fact and traceback."""
    found = get_object_or_404(DeadLetter, pk=pk)
    fact = delivery.get_fact(found.fact_id)
    context = {"title": found.kind, "letter": found, "fact": fact}
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
