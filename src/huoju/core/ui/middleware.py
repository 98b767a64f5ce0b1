"""Errors that a user can do something about, shown where the user is."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from huoju.core.errors import UserError, lost_race

from .respond import toast


class UserErrorMiddleware:
    """A `UserError` that a page lets through, or a race that it lost, becomes a toast: nothing was changed, and the
    page stays as it is.

    The API has its own handler (`site/rest.py`).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing on the way in or out."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Show the message and stay."""
        found = exception if isinstance(exception, UserError) else lost_race(exception)
        if found is None:
            return None
        if request.headers.get("HX-Request") == "true":
            response = HttpResponse(status=409, headers={"HX-Reswap": "none"})
            return toast(response, found.message, "danger")
        messages.error(request, str(found))
        back = request.headers.get("Referer", "")
        safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
        # A page that fails while it is being drawn must not send the user round in circles.
        return HttpResponseRedirect(back if safe and request.method == "POST" else "/", status=303)
