"""What visitors see: the hosted page, the embedded frame, the script that makes the frame.

No cookie, no session: a signed token in the page stands for "made by us, at this time, for this form" (see
docs/decisions). An answer that is refused comes back with everything that was typed.
"""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csp import csp_override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from huoju.acquire.campaigns.policy import utm_of_page
from huoju.core.access import ratelimit
from huoju.core.access.address import client_address

from . import operations, queries
from .drawing import consent_name, consent_text, draw, field_name
from .models import Form, FormVersion, Submission
from .policy.answers import AnswerProblem, check, source_of
from .policy.definition import Definition
from .policy.texts import line
from .policy.tokens import Token, TokenState, judge, seal, unseal

MAX_BODY = 64 * 1024
PER_ADDRESS = 60  # in ten minutes: a conference hall shares one address
PER_FORM = 600  # in a minute
TRAP = "reply_url"  # people never see this field; programs fill in everything
_CARRIED = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "page",
    "referrer",
    "visitor_id",
)


@csrf_exempt  # the signed token: third-party frames have no cookies
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def hosted(request: HttpRequest, slug: str) -> HttpResponse:
    """The form on a page of its own: `/f/<slug>/`."""
    return _page(request, slug, embedded=False)


@csrf_exempt
@login_not_required
@xframe_options_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def embedded(request: HttpRequest, slug: str) -> HttpResponse:
    """The form inside another site's page; only the origins that the form names may frame it."""
    return _page(request, slug, embedded=True)


@login_not_required
@require_safe
def thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """What the visitor sees afterwards, however often the page is reloaded."""
    return _thanks(request, slug, embedded=False)


@login_not_required
@xframe_options_exempt
@require_safe
def embedded_thanks(request: HttpRequest, slug: str) -> HttpResponse:
    """`thanks` inside a frame."""
    return _thanks(request, slug, embedded=True)


@login_not_required
@require_safe
def embed_script(request: HttpRequest, slug: str) -> HttpResponse:
    """The script of the embed snippet. The same for every form: it finds the slug in its own address."""
    path = finders.find("webforms/embed.js")
    if not isinstance(path, str):
        raise Http404
    with open(path, encoding="utf-8") as file:
        response = HttpResponse(file.read(), content_type="text/javascript; charset=utf-8")
    patch_cache_control(response, public=True, max_age=3600)
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


# --- Showing ------------------------------------------------------------------------------------------------


def _page(request: HttpRequest, slug: str, *, embedded: bool) -> HttpResponse:
    form = get_object_or_404(Form, slug=slug)
    with translation.override(_language(request)):
        if not form.published:
            response = _render(request, form, "webforms/closed.html", {}, embedded=embedded, status=410)
        elif request.method == "POST":
            response = _submit(request, form, timezone.now(), embedded=embedded)
        else:
            version = queries.latest_version(form)
            response = _show(
                request,
                form,
                queries.definition_of(version),
                _new_token(form, version, timezone.now()),
                embedded=embedded,
                hidden=_arrived_with(request, embedded=embedded),
            )
    return response


def _thanks(request: HttpRequest, slug: str, *, embedded: bool) -> HttpResponse:
    form = get_object_or_404(Form, slug=slug)
    with translation.override(_language(request)):
        drawn = draw(form, queries.definition_of(queries.latest_version(form)))
        return _render(request, form, "webforms/thanks.html", {"drawn": drawn}, embedded=embedded)


def _show(
    request: HttpRequest,
    form: Form,
    definition: Definition,
    token: Token,
    *,
    embedded: bool,
    hidden: Mapping[str, str],
    posted: Mapping[str, str] | None = None,
    problems: Mapping[str, AnswerProblem] | None = None,
    message: str = "",
    trapped: bool = False,
    status: int = 200,
) -> HttpResponse:
    drawn = draw(form, definition, posted=posted, problems=problems, hidden=hidden)
    context = {
        "drawn": drawn,
        "token": seal(token, settings.SECRET_KEY.encode()),
        "trap": TRAP,
        "trapped": trapped,
        "message": message,
        "action": f"{request.path}?lang={_language(request)}",
    }
    return _render(request, form, "webforms/public.html", context, embedded=embedded, status=status)


def _render(
    request: HttpRequest,
    form: Form,
    template: str,
    context: Mapping[str, object],
    *,
    embedded: bool,
    status: int = 200,
) -> HttpResponse:
    language = _language(request)
    other = "en" if language == "zh-hans" else "zh-hans"
    response = render(
        request,
        template,
        {
            **context,
            "form": form,
            "embedded": embedded,
            "language": language,
            "other_language": other,
            "other_url": f"?{urlencode({**request.GET.dict(), 'lang': other})}",
        },
        status=status,
    )
    response["Cache-Control"] = "no-store"  # the token is this visitor's
    if not embedded:
        return response
    usual = cast("Mapping[str, Collection[str]]", settings.SECURE_CSP)
    policy = {**usual, "frame-ancestors": [CSP.SELF, *form.allowed_origins]}
    return csp_override(policy)(lambda _request: response)(request)


def _language(request: HttpRequest) -> str:
    """The language asked for by `?lang=` (`zh`, `zh-hans`, `en`), else the browser's."""
    asked = request.GET.get("lang", "").lower() or translation.get_language_from_request(request)
    return "en" if asked.startswith("en") else "zh-hans"


def _new_token(form: Form, version: FormVersion, now: datetime) -> Token:
    return Token(form.pk, version.number, now, secrets.token_urlsafe(12))


def _arrived_with(request: HttpRequest, *, embedded: bool) -> dict[str, str]:
    """Where the visitor came from: told by the embedding page, or seen in our own address and the referrer."""
    told = request.GET.dict()
    if embedded:
        told = {**utm_of_page(told.get("page", "")), **told}
    else:
        told |= {"page": request.build_absolute_uri(), "referrer": request.headers.get("Referer", "")}
        told |= utm_of_page(told["page"])
    return source_of({key: told.get(key, "") for key in _CARRIED})


# --- Taking -------------------------------------------------------------------------------------------------


def _submit(request: HttpRequest, form: Form, now: datetime, *, embedded: bool) -> HttpResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return _render(request, form, "webforms/too_large.html", {}, embedded=embedded, status=413)
    posted = request.POST.dict()
    hidden = source_of({key: posted.get(key, "") for key in _CARRIED})
    token = unseal(posted.get("token", ""), settings.SECRET_KEY.encode())
    state = judge(token, form_id=form.pk, now=now)
    version = queries.shown_version(form, token.version) if token and state != TokenState.FORGED else None
    if token is None or version is None or state in {TokenState.FORGED, TokenState.EXPIRED}:
        latest = queries.latest_version(form)
        return _show(
            request,
            form,
            queries.definition_of(latest),
            _new_token(form, latest, now),
            embedded=embedded,
            hidden=hidden,
            posted=posted,
            message=_("This page was open for a long time. Please look through it and send it again."),
            status=422,
        )
    definition = queries.definition_of(version)

    def again(message: str, status: int = 422, **more: object) -> HttpResponse:
        return _show(
            request, form, definition, token, embedded=embedded, hidden=hidden, posted=posted, message=message,
            status=status, **more,  # type: ignore[arg-type]
        )  # fmt: skip

    ip = client_address(request)
    if wait := _must_wait(form, ip, now):
        response = again(
            _("Many messages came from your network just now. Please send again in a moment."), 429
        )
        response["Retry-After"] = str(wait)
        return response
    if posted.get(TRAP):
        return again(_("Please leave the marked field empty; it only stops programs."), trapped=True)
    if state == TokenState.TOO_FAST:
        return again(_("That was very quick. Please press the button once more."))
    answers = check(
        definition,
        {each.key: posted.get(field_name(each.key), "") for each in definition.fields},
        [box.purpose for box in definition.consents if posted.get(consent_name(box.purpose))],
    )
    if answers.problems:
        return again(_("Please look at the marked fields."), problems=answers.problems)
    language = _language(request)
    operations.submit(
        operations.NewSubmission(
            via=Submission.Via.FORM,
            key=token.idempotency_key,
            data=answers.data,
            source={**hidden, "language": language},
            consent=answers.consent,
            consent_text=consent_text(definition, language),
            form=form,
            version=version,
            purpose=form.purpose,
            product=form.product,
            campaign_id=form.campaign_id,
            ip=ip,
            user_agent=line(request.headers.get("User-Agent", "")[:1000])[:300],
        ),
        actor="visitor",
        source="forms",
        now=now,
    )
    name = "public_forms:embedded_thanks" if embedded else "public_forms:thanks"
    return HttpResponse(
        status=303, headers={"Location": f"{reverse(name, args=[form.slug])}?lang={language}"}
    )


def _must_wait(form: Form, ip: str, now: datetime) -> int:
    """For how many seconds this address, or everybody, has to wait before sending this form again."""
    limits = (
        ("form-address", f"{form.pk}:{ip}", PER_ADDRESS, timedelta(minutes=10)),
        ("form", str(form.pk), PER_FORM, timedelta(minutes=1)),
    )
    for name, caller, limit, per in limits:
        verdict = ratelimit.allow(name=name, caller=caller, limit=limit, per=per, now=now)
        if not verdict.allowed:
            return verdict.retry_after
    return 0
