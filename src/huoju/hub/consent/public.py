"""What people see who follow a link in a mail: unsubscribe, preferences, confirm.

No sign-in, no cookie: the signed link says who they are and what it is for. A GET only shows: mail scanners follow
links. A POST changes; the same POST again changes nothing more. What cannot be read gets one clear page that tells
nobody whether there is such a person.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from huoju.core.access import ratelimit
from huoju.core.access.address import client_address
from huoju.core.privacy import mask
from huoju.hub.identity.queries import get_persons

from . import operations, queries, registry
from .policy import Channel, Purpose
from .signing import Link, LinkError, Token, unseal
from .telling import channel_label, purpose_label

PER_ADDRESS = 120  # in ten minutes: an office shares one address
_CHOICES = ((Channel.EMAIL, "email"), (Channel.SMS, "mobile"), (Channel.PHONE, "mobile"))


@csrf_exempt  # the signed link; a mail service's one click has no cookie (RFC 8058)
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """No more mail of this kind: `List-Unsubscribe` points here."""
    return _linked(request, Link.UNSUBSCRIBE, token, _unsubscribe)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """What somebody wants to hear, and by which way."""
    return _linked(request, Link.PREFERENCES, token, _preferences)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The second half of a double opt-in."""
    return _linked(request, Link.CONFIRM, token, _confirm)


def _linked(request: HttpRequest, link: Link, text: str, page: Any) -> HttpResponse:
    now = timezone.now()
    caller = client_address(request)
    verdict = ratelimit.allow(
        name="consent-link", caller=caller, limit=PER_ADDRESS, per=timedelta(minutes=10), now=now
    )
    if not verdict.allowed:
        response = _show(
            request, "consent/unreadable.html", {"title": _("A moment, please"), "busy": True}, 429
        )
        response["Retry-After"] = str(verdict.retry_after)
        return response
    try:
        token = unseal(link, text)
        answer: HttpResponse = page(request, token, now)
    except (LinkError, LookupError) as error:
        expired = isinstance(error, LinkError) and error.expired
        title = _("This link has expired") if expired else _("This link does not work")
        return _show(
            request, "consent/unreadable.html", {"title": title, "expired": expired}, 410 if expired else 404
        )
    return answer


def _show(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"  # the link is a key
    return response


def _in_language_of(request: HttpRequest, person: Any) -> translation.override:
    """The language that they chose on the page, else their own where we know it, else the browser's."""
    chosen_here = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
    known = (person.language if person and not chosen_here else "").lower()
    chosen = (
        "zh-hans"
        if known.startswith("zh")
        else "en"
        if known.startswith("en")
        else translation.get_language()
    )
    return translation.override(chosen)


def _proof(request: HttpRequest, shown: str, link: Link) -> dict[str, str]:
    return {
        "link": link.value,
        "text": shown,
        "ip": client_address(request),
        "user_agent": request.headers.get("User-Agent", "")[:300],
        "page": request.path.split("/")[1],
    }


def _unsubscribe(request: HttpRequest, token: Token, now: Any) -> HttpResponse:
    person = get_persons([token.id]).get(token.id)
    with _in_language_of(request, person):
        what = {"channel": channel_label(token.channel), "purpose": purpose_label(token.purpose)}
        context = {"title": _("Unsubscribe"), "address": mask(token.address), "what": what, "done": False}
        if request.method == "POST":
            operations.unsubscribe(
                person_id=person.pk if person else None,
                channel=token.channel,
                purpose=token.purpose,
                address=token.address,
                proof=_proof(request, _("Unsubscribe"), Link.UNSUBSCRIBE),
                now=now,
            )
            context |= {"done": True, "title": _("You are unsubscribed")}
        return _show(request, "consent/unsubscribe.html", context)


def _preferences(request: HttpRequest, token: Token, now: Any) -> HttpResponse:
    person = get_persons([token.id]).get(token.id)
    if person is None:
        raise LookupError(token.id)
    with _in_language_of(request, person):
        title = _("Your preferences")
        offered = [(channel, getattr(person, name)) for channel, name in _CHOICES if getattr(person, name)]
        said = ""
        asked = request.POST.get("request", "")
        if request.method == "POST" and asked in registry.REQUESTS and person.email:
            registry.take_request(person_id=person.pk, kind=asked, address=person.email, now=now)
            said = _("We have sent a mail to %(address)s. Follow its link to confirm the request.") % {
                "address": mask(person.email)
            }
        elif request.method == "POST":
            wanted = set(request.POST.getlist("channel")) if "stop" not in request.POST else set()
            waiting = operations.set_preferences(
                person_id=person.pk,
                wanted={channel.value: channel.value in wanted for channel, _address in offered},
                proof=_proof(request, _("News and offers"), Link.PREFERENCES),
                language=translation.get_language(),
                now=now,
            )
            said = _("Saved. We have sent you a mail: confirm it once.") if waiting else _("Saved.")
        rows = [
            {
                "code": channel.value,
                "label": channel_label(channel.value),
                "address": mask(address),
                "on": queries.may_contact(person.pk, channel, Purpose.MARKETING, now).allowed,
            }
            for channel, address in offered
        ]
        context = {"title": title, "rows": rows, "said": said, "requests": registry.can_take_requests()}
        return _show(request, "consent/preferences.html", context)


def _confirm(request: HttpRequest, token: Token, now: Any) -> HttpResponse:
    letter = operations.find_letter(token.id)
    with _in_language_of(request, letter.person):
        context = {"title": _("Confirm your subscription"), "address": mask(letter.address), "done": False}
        if request.method == "POST":
            proof = _proof(request, "", Link.CONFIRM)
            operations.confirm(letter_id=letter.pk, ip=proof["ip"], user_agent=proof["user_agent"], now=now)
            context |= {"done": True, "title": _("Thank you, that is confirmed")}
        return _show(request, "consent/confirm.html", context)
