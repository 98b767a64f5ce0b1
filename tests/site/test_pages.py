"""The start page, health, errors, the API's root and reference."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib import messages
from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone, translation
from ninja import NinjaAPI, Schema
from ninja.testing import TestClient

from huoju.core.access.models import Team, User
from huoju.core.access.policy import Role
from huoju.core.errors import UserError, lost_race
from huoju.site import pages, rest
from huoju.site.reference import unfold
from huoju.site.urls import urlpatterns as site_urls

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def impossible(request: HttpRequest) -> HttpResponse:
    """A page that cannot do it."""
    raise UserError("Not while the moon is full.")


def broken(request: HttpRequest) -> HttpResponse:
    """A page with a bug."""
    raise ZeroDivisionError


def quiet(request: HttpRequest) -> HttpResponse:
    """A page that leaves a message."""
    messages.success(request, "Done & dusted")
    return pages.home(request)


urlpatterns = [
    *site_urls,
    path("impossible/", impossible),
    path("broken/", broken),
    path("quiet/", quiet),
]
handler400 = "huoju.site.pages.bad_request"
handler403 = "huoju.site.pages.forbidden"
handler404 = "huoju.site.pages.not_found"
handler500 = "huoju.site.pages.server_error"


@pytest.fixture
def user(db: None) -> User:
    """An executive who reads English."""
    return User.objects.create(username="ceo", name="陈总", role="executive", language="en")


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    """Signed in."""
    client.force_login(user)
    return client


def test_home_greets_and_is_not_empty(signed_in: Client) -> None:
    response = signed_in.get("/")
    assert response.status_code == 200
    assert "陈总" in response.text


@pytest.mark.parametrize(
    ("hour", "words"),
    [(4, "Good evening"), (5, "Good morning"), (12, "Good afternoon"), (18, "Good evening")],
)
def test_greeting_by_the_hour(monkeypatch: pytest.MonkeyPatch, hour: int, words: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    monkeypatch.setattr(timezone, "localtime", lambda: datetime(2026, 3, 9, hour, tzinfo=zone))
    with translation.override("en"):
        assert pages.greeting("Li") == f"{words}, Li"


@pytest.mark.django_db
def test_probes_need_no_sign_in(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


def test_ready_says_when_the_database_is_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def cursor(self) -> None:
            raise DatabaseError

    monkeypatch.setattr(pages, "connection", Gone())
    assert client.get("/readyz").status_code == 503


def test_a_missing_page_in_the_look_of_the_house(signed_in: Client) -> None:
    response = signed_in.get("/nowhere/")
    assert response.status_code == 404
    assert "There is nothing here" in response.text
    assert 'class="hj-sidebar' in response.text


@pytest.mark.django_db
def test_a_missing_page_for_visitors_has_no_shell(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert 'class="hj-sidebar' not in response.text


@pytest.mark.django_db
def test_a_missing_address_of_the_api_is_json(client: Client) -> None:
    response = client.get("/api/v1/nothing", headers={"Accept-Language": "en"})
    assert response.status_code == 404
    assert response.json() == {
        "error": {"code": "not_found", "message": "There is nothing here.", "fields": []}
    }


def test_a_body_larger_than_allowed(signed_in: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = signed_in.post("/settings/profile/", {"name": "x" * 2000})
    assert response.status_code == 413
    assert "This is too large" in response.text


@pytest.mark.urls("tests.site.test_pages")
class TestErrors:
    """Errors on pages."""

    def test_a_user_error_is_a_toast_for_htmx(self, signed_in: Client) -> None:
        response = signed_in.post("/impossible/", headers=HTMX)
        assert (response.status_code, response["HX-Reswap"]) == (409, "none")
        assert json.loads(response["HX-Trigger"])["toast"] == {
            "text": "Not while the moon is full.",
            "level": "danger",
            "undo": None,
        }

    def test_a_user_error_leads_a_form_back(self, signed_in: Client) -> None:
        response = signed_in.post("/impossible/", headers={"Referer": "http://testserver/settings/profile/"})
        assert (response.status_code, response["Location"]) == (303, "http://testserver/settings/profile/")
        assert [str(message) for message in get_messages(response.wsgi_request)] == [
            "Not while the moon is full."
        ]

    @pytest.mark.parametrize("referer", ["https://evil.example/", ""])
    def test_a_user_error_leads_nowhere_else(self, signed_in: Client, referer: str) -> None:
        assert signed_in.post("/impossible/", headers={"Referer": referer})["Location"] == "/"

    def test_a_bug_says_sorry(self, signed_in: Client) -> None:
        signed_in.raise_request_exception = False
        response = signed_in.get("/broken/")
        assert response.status_code == 500
        assert "Something went wrong on our side" in response.text
        assert "ZeroDivisionError" not in response.text

    def test_messages_are_toasts(self, signed_in: Client) -> None:
        assert "Done &amp; dusted" in signed_in.get("/quiet/").text


def test_every_page_has_a_strict_policy(signed_in: Client) -> None:
    policy = signed_in.get("/")["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/api/", "/settings/profile/", "/accounts/login/"])
def test_nothing_is_inline(signed_in: Client, path: str) -> None:
    html = signed_in.get(path).text
    for forbidden in (" style=", " onclick=", " onchange=", "<style", "javascript:", "http://", "https://"):
        assert forbidden not in html.replace("http://localhost:8000", "").replace("http://www.w3.org", ""), (
            forbidden
        )


@pytest.mark.django_db(transaction=True)
def test_who_loses_a_race_is_told_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    admin = User.objects.create_user("admin", role=Role.ADMIN, language="en")
    Team.objects.create(name="North")
    # The other one saved between our look and our write.
    monkeypatch.setattr(
        "huoju.core.access.operations.create_team", lambda **_given: Team.objects.create(name="North")
    )
    client = Client()
    client.force_login(admin)
    response = client.post("/settings/teams/new/", {"name": "South"}, headers={"HX-Request": "true"})
    assert response.status_code == 409
    assert "at the same moment" in response["HX-Trigger"]
    assert Team.objects.count() == 1


def test_other_errors_of_the_database_are_failures() -> None:
    assert lost_race(IntegrityError("not null")) is None
    assert lost_race(ValueError()) is None


# --- the API -------------------------------------------------------------------------------------------------------


class Lead(Schema):
    """What comes in."""

    name: str
    size: int = 0


def _client() -> TestClient:
    api = NinjaAPI(urls_namespace="errors")
    api._exception_handlers = rest.api._exception_handlers

    def fail(error: Exception) -> Any:
        def view(request: HttpRequest) -> None:
            raise error

        return view

    for name, error in {
        "user": UserError("No.", "moon"),
        "denied": PermissionDenied(),
        "missing": Http404(),
        "invalid": ValidationError({"name": ["Too long."]}),
        "plain": ValidationError("Nope."),
    }.items():
        api.get(f"/{name}", operation_id=name)(fail(error))

    @api.post("/leads")
    def leads(request: HttpRequest, lead: Lead) -> Lead:
        return lead

    return TestClient(api)


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/user", 409, {"code": "moon", "message": "No.", "fields": []}),
        ("/denied", 403, {"code": "forbidden", "message": "You may not do this.", "fields": []}),
        ("/missing", 404, {"code": "not_found", "message": "There is nothing here.", "fields": []}),
        (
            "/invalid",
            422,
            {
                "code": "invalid",
                "message": "Some fields are missing or wrong.",
                "fields": [{"field": "name", "message": "Too long.", "code": "invalid"}],
            },
        ),
        (
            "/plain",
            422,
            {
                "code": "invalid",
                "message": "Some fields are missing or wrong.",
                "fields": [{"field": "", "message": "Nope.", "code": "invalid"}],
            },
        ),
    ],
)
def test_errors_of_the_api(path: str, status: int, error: dict[str, Any]) -> None:
    with translation.override("en"):
        response = _client().get(path)
    assert (response.status_code, response.json()) == (status, {"error": error})


def test_a_wrong_body_names_its_fields() -> None:
    with translation.override("en"):
        response = _client().post("/leads", json={"size": "many"})
    assert response.status_code == 422
    fields = response.json()["error"]["fields"]
    assert [(item["field"], item["code"]) for item in fields] == [
        ("name", "missing"),
        ("size", "int_parsing"),
    ]


@pytest.mark.django_db
def test_the_reference_is_public_and_lists_every_route(client: Client) -> None:
    client.cookies["huoju_language"] = "en"
    html = client.get("/api/").text
    schema = client.get("/api/openapi.json").json()
    assert "API reference" in html
    for address in schema["paths"]:
        assert f">{address}<" in html


def test_unfolding_a_schema() -> None:
    schema = {
        "paths": {
            "/api/leads": {
                "post": {
                    "operationId": "make",
                    "summary": "Make a lead",
                    "tags": ["Leads"],
                    "security": [{"key": []}],
                    "parameters": [
                        {"name": "dry", "in": "query", "required": False, "schema": {"type": "boolean"}}
                    ],
                    "requestBody": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/In"}}}
                    },
                    "responses": {
                        "201": {
                            "description": "Made",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        }
                    },
                }
            }
        },
        "components": {
            "schemas": {
                "In": {
                    "required": ["mail", "kind"],
                    "properties": {
                        "mail": {"type": "string", "format": "email", "description": "Work mail"},
                        "kind": {"enum": ["a", "b"]},
                        "tags": {"type": "array", "items": {"type": "string"}},
                        "parent": {"anyOf": [{"$ref": "#/components/schemas/In"}, {"type": "null"}]},
                    },
                }
            }
        },
    }
    (group,) = unfold(schema, "https://huoju.example")
    (operation,) = group.operations
    assert (group.name, operation.method, operation.path, operation.secured) == (
        "Leads",
        "POST",
        "/api/leads",
        True,
    )
    assert [(field.name, field.kind, field.place) for field in operation.parameters] == [
        ("dry", "boolean", "query")
    ]
    assert [(f.name, f.kind, f.required) for f in operation.body if f.depth == 0] == [
        ("mail", "email", True),
        ("kind", "a | b", True),
        ("tags", "string[]", False),
        ("parent", "any", False),
    ]
    assert max(field.depth for field in operation.body) == 2
    assert operation.curl == (
        "curl -X POST https://huoju.example/api/leads \\\n  -H 'Authorization: Bearer hj_…' \\\n"
        '  -H \'Content-Type: application/json\' \\\n  -d \'{"mail": "li@example.com", "kind": "…"}\''
    )


# --- the start page's own card ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "titles"),
    [
        ("admin", ["Add your colleagues", "Bring in the leads that you have", "Put a form on your website"]),
        ("marketing", ["Bring in the leads that you have", "Put a form on your website"]),
        ("executive", []),
    ],
)
def test_an_empty_house_says_what_to_do(client: Client, user: User, role: str, titles: list[str]) -> None:
    user.role = role
    user.save()
    client.force_login(user)
    html = client.get("/").text
    offered = ["Add your colleagues", "Bring in the leads that you have", "Put a form on your website"]
    assert [title for title in offered if title in html] == titles


def test_first_steps_are_ticked_and_leave_with_the_first_lead(
    rf: Any, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    user.role = "admin"
    user.save()
    User.objects.create(username="li", name="李雷", role="sales")
    request = rf.get("/")
    request.user = user
    card = pages.first_steps_card(request)
    assert card is not None
    assert [step.done for step in card.context["steps"]] == [True, False, False]
    monkeypatch.setattr("huoju.qualify.leads.queries.visible_to", lambda _user: User.objects.all())
    assert pages.first_steps_card(request) is None
