"""What a page of figures shows while they are being gathered: for seconds after a start, at a million leads."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from huoju.core.ui.parts import Progress
from huoju.core.ui.respond import is_fragment, redirect_to, respond
from huoju.measure.warehouse.operations import LoadingError

type Page = Callable[[HttpRequest], HttpResponseBase]

_ASKS = "progress"
"""The id of `ui/_progress.html`, under which it asks whether the work is done."""


def or_progress(page: Page) -> Page:
    """`page`, or a bar that asks for it each second until its figures are there."""

    @wraps(page)
    def shown(request: HttpRequest) -> HttpResponseBase:
        try:
            answer = page(request)
        except LoadingError as loading:
            return _progress(request, loading)
        if is_fragment(request) and request.headers.get("HX-Target", "").endswith(_ASKS):
            return redirect_to(request, request.get_full_path())
        return answer

    return shown


def _progress(request: HttpRequest, loading: LoadingError) -> HttpResponseBase:
    progress = Progress(
        url=request.get_full_path(),
        done=min(loading.done, loading.total or loading.done),
        total=loading.total,
        label=_("Gathering the figures"),
        note=_("After a start all leads are read once; then every question is answered at once."),
    )
    context = {"title": _("Funnel"), "progress": progress}
    return respond(request, "funnel/loading.html", context, fragment="ui/_progress.html")
