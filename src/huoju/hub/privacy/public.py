"""The page behind the mail that asks whether a request about data is one's own."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from huoju.hub.consent.operations import Link, LinkError, unseal

from . import operations, queries


@csrf_exempt  # the signed link is the key; a mail program has no cookie
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A GET shows, a POST confirms; again changes nothing more."""
    try:
        asked = queries.get_request(unseal(Link.REQUEST, token).id)
        if asked is None:
            raise LookupError(token)
        context = {"title": _("Your request"), "asked": asked, "done": False}
        if request.method == "POST":
            operations.confirm_request(request_id=asked.pk, now=timezone.now())
            context["done"] = True
        status, template = 200, "privacy/confirm.html"
    except (LinkError, LookupError) as error:
        expired = isinstance(error, LinkError) and error.expired
        title = _("This link has expired") if expired else _("This link does not work")
        status, template = 410 if expired else 404, "consent/unreadable.html"
        context = {"title": title, "expired": expired}
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
