"""The JSON API under `/api/`: its root, its errors, its reference page."""

import json
import re
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as SchemaError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from huoju.core.access.gate import Page
from huoju.core.api import ErrorBody, ErrorOut, FieldProblem, Refused
from huoju.core.errors import UserError, lost_race, schema_message

from .reference import unfold, with_errors

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class StorableParser(Parser):
    """Reads what the database can keep: NUL and lone surrogates, which no text holds on purpose, are left out."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body as JSON."""
        content = json.loads(request.body)
        # Both come as escapes only: anything else is not UTF-8, or not JSON.
        return _storable(content) if b"\\u" in request.body else content

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """Parameters of the address, and fields of a form."""
        parsed: dict[str, Any] = _storable(super().parse_querydict(data, list_fields, request))
        return parsed


def _storable(content: Any) -> Any:
    if isinstance(content, str):
        return _UNSTORABLE.sub("", content)
    if isinstance(content, list):
        return [_storable(each) for each in content]
    if isinstance(content, dict):
        return {_storable(name): _storable(each) for name, each in content.items()}
    return content


class Api(NinjaAPI):
    """The API, whose document tells of every route's errors as well."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The OpenAPI document. What can go wrong is alike everywhere, so routes need not say it."""
        document = super().get_openapi_schema(**options)
        with_errors(document, ErrorOut)
        return document


api = Api(
    title="Huoju",
    version="1",
    description="Leads in, figures out.",
    docs_url=None,
    parser=StorableParser(),
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
            pattern.callback = login_not_required(_told_of_methods(pattern.callback))
    return patterns, app_name, namespace


def _told_of_methods(view: Page) -> Page:
    """The view, with our error where django-ninja answers in plain text that it does not know the method."""

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseNotAllowed):
            allowed = ", ".join(sorted(response["Allow"].split(", ")))
            message = _("This address answers %(methods)s only.") % {"methods": allowed}
            response = answer(request, 405, "method_not_allowed", message)
            response["Allow"] = allowed
        return response

    return told


def answer(
    request: HttpRequest, status: int, code: str, message: str, fields: list[FieldProblem] | None = None
) -> HttpResponse:
    """An error (`ErrorOut`); the code is for programs, the message for people."""
    body = ErrorBody(code=code, message=message, fields=fields or [])
    return api.create_response(request, ErrorOut(error=body), status=status)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    response = api.create_response(request, ErrorOut(error=error.body), status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response


@api.exception_handler(AuthenticationError)
def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return answer(
        request, 401, "unauthenticated", _("A valid API key is needed: “Authorization: Bearer hj_…”.")
    )


@api.exception_handler(SchemaError)
def _malformed(request: HttpRequest, error: SchemaError) -> HttpResponse:
    fields = [
        FieldProblem(field=_place(item["loc"]), message=schema_message(item["type"]), code=item["type"])
        for item in error.errors
    ]
    return answer(request, 422, "invalid", _("Some fields are missing or wrong."), fields)


def _place(loc: tuple[Any, ...]) -> str:
    """The path of a field as the caller knows it: without "body" and the name that our code gives the body."""
    return ".".join(str(part) for part in (loc[2:] if loc[0] == "body" else loc[1:]))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    named = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    fields = [
        FieldProblem(field=name, message=text, code="invalid")
        for name, texts in named.items()
        for text in texts
    ]
    return answer(request, 422, "invalid", _("Some fields are missing or wrong."), fields)


@api.exception_handler(UserError)
def _impossible(request: HttpRequest, error: UserError) -> HttpResponse:
    return answer(request, 409, error.code or "conflict", str(error))


@api.exception_handler(DatabaseError)
def _failed(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    if (lost := lost_race(error)) is None:
        raise error
    return _impossible(request, lost)


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return answer(request, 403, "forbidden", _("You may not do this."))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return answer(request, 404, "not_found", _("There is nothing here."))


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Only django-ninja's own: a body that it cannot parse."""
    return answer(request, error.status_code, "bad_request", _("The body is not JSON."))


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return answer(request, 413, "too_large", _("The request is too large."))


def outside(request: HttpRequest, status: int) -> HttpResponse | None:
    """The error of a request below `/api/` that reached no route or failed in it; None for pages."""
    if not request.path.startswith("/api/"):
        return None
    code, message = {
        400: ("bad_request", _("This request cannot be read.")),
        403: ("forbidden", _("You may not do this.")),
        404: ("not_found", _("There is nothing here.")),
        413: ("too_large", _("The request is too large.")),
        500: ("internal", _("Something went wrong on our side. It is in the log; try again later.")),
    }[status]
    return answer(request, status, code, message)


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
