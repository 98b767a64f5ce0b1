"""The JSON API under `/api/`: its root, its errors, its reference page."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as SchemaError

from huoju.core.errors import UserError, schema_message

from .reference import unfold

api = NinjaAPI(
    title="Huoju",
    version="1",
    description="Leads in, figures out.",
    docs_url=None,
    urls_namespace="api",
)

# Rooms' routes: (prefix, dotted path of the room's `router`, tag on the reference page).
ROUTERS: list[tuple[str, str, str]] = [
    ("/v1", "huoju.acquire.forms.rest.router", "Leads"),
    ("/v1/imports", "huoju.acquire.imports.rest.router", "Imports"),
    ("/v1", "huoju.hub.companies.rest.router", "Companies"),
    ("/v1/people", "huoju.hub.profile.rest.router", "People"),
    ("/v1", "huoju.hub.segments.rest.router", "Segments"),
    ("/v1", "huoju.hub.consent.rest.router", "Consent"),
    ("/v1/merges", "huoju.hub.identity.rest.router", "People"),
    ("/v1", "huoju.measure.funnel.rest.router", "Reports"),
]

for prefix, router, tag in ROUTERS:
    api.add_router(prefix, router, tags=[tag])


def urls() -> tuple[list[URLPattern | URLResolver], str, str]:
    """The API's addresses for `include`. Programs have no session: the sign-in page is not for them, keys are."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            login_not_required(pattern.callback)
    return patterns, app_name, namespace


def answer(request: HttpRequest, status: int, code: str, message: str, **more: Any) -> HttpResponse:
    """An error: `{"error": {"code", "message", …}}`; the code is for programs, the message for people."""
    return api.create_response(request, {"error": {"code": code, "message": message, **more}}, status=status)


@api.exception_handler(AuthenticationError)
def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return answer(
        request, 401, "unauthenticated", _("A valid API key is needed: “Authorization: Bearer hj_…”.")
    )


@api.exception_handler(SchemaError)
def _malformed(request: HttpRequest, error: SchemaError) -> HttpResponse:
    fields = [
        {"field": _place(item["loc"]), "message": schema_message(item["type"]), "code": item["type"]}
        for item in error.errors
    ]
    return answer(request, 422, "invalid", _("Some fields are missing or wrong."), fields=fields)


def _place(loc: tuple[Any, ...]) -> str:
    """The path of a field as the caller knows it: without "body" and the name that our code gives the body."""
    return ".".join(str(part) for part in (loc[2:] if loc[0] == "body" else loc[1:]))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    named = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    fields = [
        {"field": name, "message": text, "code": "invalid"} for name, texts in named.items() for text in texts
    ]
    return answer(request, 422, "invalid", _("Some fields are missing or wrong."), fields=fields)


@api.exception_handler(UserError)
def _impossible(request: HttpRequest, error: UserError) -> HttpResponse:
    return answer(request, 409, error.code or "conflict", str(error))


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return answer(request, 403, "forbidden", _("You may not do this."))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return answer(request, 404, "not_found", _("There is nothing here."))


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    codes = {400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 409: "conflict"}
    codes |= {413: "too_large", 429: "too_many_requests", 503: "unavailable"}
    message = str(error)
    if message.startswith("Cannot parse request body"):  # django-ninja's own, in English
        message = _("The body is not JSON.")
    return answer(request, error.status_code, codes.get(error.status_code, "error"), message)


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return answer(request, 413, "too_large", _("The request is too large."))


def missing(request: HttpRequest) -> HttpResponse:
    """404 for an address below `/api/` that no route has, as JSON like every other answer."""
    return answer(request, 404, "not_found", _("There is nothing here."))


@login_not_required
def reference(request: HttpRequest) -> HttpResponse:
    """The reference page: every route with its fields and an example, from the OpenAPI document."""
    schema = api.get_openapi_schema(path_prefix="/api/")
    return render(
        request,
        "site/reference.html",
        {
            "title": _("API reference"),
            "layout": "ui/base.html" if request.user.is_authenticated else "site/public.html",
            "groups": unfold(schema, settings.PUBLIC_URL),
            "schema_url": reverse("api:openapi-json"),
        },
    )
