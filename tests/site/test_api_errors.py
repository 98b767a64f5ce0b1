"""Every error of every route of the JSON API: one shape, in the caller's language, as the document says."""

import json
import re
from typing import Any, NamedTuple

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone

from huoju.core.access import gate
from huoju.core.access.models import User
from huoju.core.access.operations import create_api_key
from huoju.core.access.policy import ApiScope, Role
from huoju.hub.identity.models import Person
from huoju.site.rest import api

pytestmark = pytest.mark.django_db

DOCUMENT = api.get_openapi_schema(path_prefix="/api/")
CHINESE = re.compile("[一-鿿]")
BEYOND = 10**30
"""More than any column holds."""


class Route(NamedTuple):
    """One method of one address."""

    method: str
    path: str
    described: dict[str, Any]

    def at(self, number: int = 987_654_321) -> str:
        """The address with `number` for every id."""
        return re.sub(r"\{\w+\}", str(number), self.path)


ROUTES = [
    Route(method, path, described)
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
]
SECURED = [route for route in ROUTES if route.described.get("security")]
WITH_BODY = [route for route in ROUTES if "requestBody" in route.described]
WITH_ID = [route for route in ROUTES if "{" in route.path]
# What fits the schema of a route that is asked about something unknown.
BODIES: dict[str, Any] = {
    "/api/v1/companies/{company_id}/merge": {"into_id": 1},
    "/api/v1/merges/proposals/{proposal_id}": {"answer": "same"},
}


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def key_with(*scopes: ApiScope) -> str:
    admin = User.objects.create_user("admin", role=Role.ADMIN)
    return create_api_key(name="test", scopes=list(scopes), actor=admin, now=timezone.now())[1]


@pytest.fixture
def key() -> str:
    return key_with(*ApiScope)


def problem(
    route: Route, method: str, path: str, *, key: str = "", body: str = "", media: str = "application/json"
) -> tuple[int, str, list[str]]:
    """Status, code and fields of the error, which must be an error as documented, in both languages."""
    found = set()
    for language in ("en", "zh-CN"):
        headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {key}"} if key else {})
        client = Client(raise_request_exception=False)
        answer = client.generic(method.upper(), path, body, content_type=media, headers=headers)
        assert answer["Content-Type"] == "application/json; charset=utf-8"
        assert str(answer.status_code) in route.described["responses"]
        assert "Content-Security-Policy" in answer
        (name, error), *more = answer.json().items()
        assert (name, more) == ("error", [])
        assert error.keys() == {"code", "message", "fields"}
        for each in (error, *error["fields"]):
            assert each["message"]
            assert bool(CHINESE.search(each["message"])) == (language == "zh-CN"), each
            assert re.fullmatch(r"[a-z_.]+", each["code"])
        assert all(field.keys() == {"field", "message", "code"} for field in error["fields"])
        found.add((answer.status_code, error["code"], tuple(field["field"] for field in error["fields"])))
    assert len(found) == 1, found
    status, code, fields = found.pop()
    return status, code, list(fields)


def test_there_is_something_to_look_at() -> None:
    assert len(ROUTES) >= 40
    assert [_name(route) for route in ROUTES if route not in SECURED] == ["get /api/v1/segments/schema"]


@pytest.mark.parametrize("route", ROUTES, ids=_name)
def test_another_method(route: Route, key: str) -> None:
    known = {other.method for other in ROUTES if other.path == route.path}
    for method in sorted({"get", "post", "put", "patch", "delete", "options"} - known):
        assert problem(route, method, route.at(), key=key)[:2] == (405, "method_not_allowed")


@pytest.mark.parametrize("route", SECURED, ids=_name)
def test_no_key(route: Route) -> None:
    assert problem(route, route.method, route.at())[:2] == (401, "unauthenticated")
    assert problem(route, route.method, route.at(), key="hj_wrong")[:2] == (401, "unauthenticated")


def test_a_key_without_the_right() -> None:
    admin = User.objects.create_user("admin", role=Role.ADMIN)
    reading, writing = (
        create_api_key(name=scope, scopes=[scope], actor=admin, now=timezone.now())[1]
        for scope in (ApiScope.REPORTS_READ, ApiScope.SEGMENTS)
    )
    for route in SECURED:
        key = writing if "funnel" in route.path else reading
        assert problem(route, route.method, route.at(), key=key)[:2] == (403, "forbidden")


def test_a_key_that_asks_too_often(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(gate, "PER_KEY", 1)
    Client().get("/api/v1/forms", headers={"Authorization": f"Bearer {key}"})
    for route in SECURED:
        assert problem(route, route.method, route.at(), key=key)[:2] == (429, "too_many_requests")


@pytest.mark.parametrize("route", WITH_BODY, ids=_name)
def test_a_wrong_body(route: Route, key: str) -> None:
    if "application/json" in route.described["requestBody"]["content"]:
        assert problem(route, route.method, route.at(), key=key, body="[1")[:2] == (400, "bad_request")
    for body in (
        "",
        '"text"',
        "[1]",
        '{"leads": 3, "into_id": "x", "person": [], "answer": {}, "people": 7}',
    ):
        status, code, _fields = problem(route, route.method, route.at(), key=key, body=body)
        # Where nothing is needed, an unknown address is the first thing wrong.
        assert (status, code) in {(422, "invalid"), (400, "bad_request"), (404, "not_found")}


def hostile(schema: dict[str, Any]) -> Any:
    """A value of the right type that no column holds: a text with a NUL, a number beyond all numbers."""
    if "$ref" in schema:
        return hostile(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return hostile(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {name: hostile(each) for name, each in schema["properties"].items()}
        case "object":
            of = schema.get("additionalProperties")
            return {"a\0": hostile(of if isinstance(of, dict) else {"type": "string"})}
        case "array":
            return [hostile(schema["items"])]
        case "integer":
            return BEYOND
        case "boolean":
            return True
    return "2026-01-01T00:00:00Z" if schema.get("format") == "date-time" else "a\0b"


@pytest.mark.parametrize("route", WITH_BODY, ids=_name)
def test_a_body_that_no_column_holds(route: Route, key: str) -> None:
    Person.objects.create(created_at=timezone.now())
    content = route.described["requestBody"]["content"].get("application/json")
    if content is None:
        return
    body = json.dumps(hostile(content["schema"]))
    number = Person.objects.get().pk if "person" in route.path else 987_654_321
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {key}"})
    answer = client.generic(route.method.upper(), route.at(number), body, content_type="application/json")
    assert answer.status_code < 500, (body, answer.content)


@pytest.mark.parametrize("route", WITH_ID, ids=_name)
@pytest.mark.parametrize("number", [987_654_321, BEYOND])
def test_an_unknown_id(route: Route, number: int, key: str) -> None:
    body = json.dumps(BODIES.get(route.path, {})) if route in WITH_BODY else ""
    status, code, _fields = problem(route, route.method, route.at(number), key=key, body=body)
    assert (status, code) in {(404, "not_found")} | ({(422, "invalid")} if number == BEYOND else set())


def test_parameters_that_make_no_sense(key: str) -> None:
    for route in ROUTES:
        named = [each["name"] for each in route.described.get("parameters", []) if each["in"] == "query"]
        for name in named:
            kind = next(each for each in route.described["parameters"] if each["name"] == name)["schema"]
            if kind.get("type") == "integer":
                status, code, fields = problem(route, route.method, f"{route.at()}?{name}=x", key=key)
                assert (status, code, fields) == (422, "invalid", [name])


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("view=sideways", "view"),
        ("stages=lead", "stages"),
        ("split=colour", "split"),
        ("from=2026-02-30", "from"),
        ("from=2026-03-02&to=2026-03-01", "from"),
        ("channel=web", "channel"),
    ],
)
def test_a_funnel_that_makes_no_sense(asked: str, field: str, key: str) -> None:
    route = next(each for each in ROUTES if "funnel" in each.path)
    assert problem(route, "get", f"{route.path}?{asked}", key=key) == (422, "invalid", [field])


def test_our_own_fault(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    def fail(request: HttpRequest, **_given: Any) -> HttpResponse:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("huoju.hub.identity.queries.list_queue", fail)
    route = next(each for each in ROUTES if each.path.endswith("/proposals"))
    assert problem(route, "get", route.path, key=key)[:2] == (500, "internal")
