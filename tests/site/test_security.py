"""What a stranger may try: other hosts, other places to go on to, files without a name, guesses behind a proxy."""

import logging
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone

from huoju.core.access import uploads
from huoju.core.access.models import User
from huoju.core.access.operations import create_api_key
from huoju.core.access.policy import ApiScope, Role
from huoju.core.privacy import MaskPersonalData
from huoju.hub.consent.operations import Link, Token, seal

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("li", email="li@example.cn", password=PASSWORD, role=Role.SALES)


@pytest.fixture
def strict() -> Client:
    """A browser whose requests are checked for forgery, and that sees what a visitor sees of a failure."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


# --- Every answer ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "more"),
    [
        ("/accounts/login/", 200, {}),
        ("/accounts/login/", 400, {"headers": {"host": "evil.example"}}),
        ("/api/v1/forms", 400, {"headers": {"host": "evil.example"}}),
        ("/nowhere/", 404, {}),
        ("/static/nowhere.js", 404, {}),
        ("/static/ui/flame.svg", 200, {}),
        ("/f/nowhere/", 404, {}),
        ("/u/nobody/", 404, {}),
        ("/leads/", 302, {}),
        ("/settings/language/", 405, {}),
        ("/api/", 200, {}),
        ("/api/v1/forms", 401, {}),
        ("/healthz", 200, {}),
    ],
)
def test_every_answer_carries_the_policy(
    path: str, status: int, more: dict[str, Any], strict: Client
) -> None:
    response = strict.get(path, **more)
    assert response.status_code == status
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "evil.example" not in getattr(response, "content", b"").decode()


def test_a_forged_form_and_a_failure_carry_the_policy_too(
    strict: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = strict.post("/accounts/login/", {"login": "li", "password": PASSWORD})
    assert forged.status_code == 403

    def fail(request: HttpRequest) -> HttpResponse:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("huoju.site.pages.home_cards", fail)
    strict.force_login(user)
    failed = strict.get("/")
    assert failed.status_code == 500
    for response in (forged, failed):
        assert "script-src 'self'" in response["Content-Security-Policy"]


# --- Signing in -----------------------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "http:///evil.example",
    "javascript:a",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_sent_elsewhere(target: str, client: Client, user: User) -> None:
    posted = client.post(
        f"/accounts/login/?next={target}", {"login": "li", "password": PASSWORD, "next": target}
    )
    assert (posted.status_code, posted["Location"]) == (302, "/")
    for path, wish in (("language", "en"), ("theme", "dark")):
        response = client.post(f"/settings/{path}/", {path: wish, "next": target})
        assert (response.status_code, response["Location"]) == (303, "/")


def test_a_session_from_before_is_not_signed_in(client: Client, user: User) -> None:
    session = client.session
    session["theirs"] = 1
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = str(planted)
    signed = client.post("/accounts/login/", {"login": "li", "password": PASSWORD})
    cookie = signed.cookies["sessionid"]
    assert cookie.value != planted
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    client.cookies["sessionid"] = str(planted)
    assert client.get("/leads/").status_code == 302


def test_an_unknown_name_reads_like_a_wrong_password(client: Client, user: User) -> None:
    known, unknown = (
        client.post(
            "/accounts/login/", {"login": name, "password": "wrong"}, headers={"Accept-Language": "en"}
        )
        for name in ("li", "nobody")
    )
    assert known.status_code == unknown.status_code
    assert known.context["form"].errors == unknown.context["form"].errors


@pytest.mark.parametrize("proxied", [False, True])
def test_invented_addresses_do_not_help_to_guess(
    proxied: bool, client: Client, user: User, settings: Any
) -> None:
    if proxied:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    told = []
    for n in range(21):
        forwarded = f"10.0.0.{n}, 203.0.113.9" if proxied else f"10.0.0.{n}"
        response = client.post(
            "/accounts/login/",
            {"login": f"nobody{n}", "password": "x"},
            headers={"X-Forwarded-For": forwarded},
        )
        told.append(str(response.context["form"].errors))
    assert told[-1] != told[0]


# --- Files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that a request brought onto the disk or into memory."""
    names: list[str] = []
    for handler in (MemoryFileUploadHandler, TemporaryFileUploadHandler):
        kept = handler.new_file

        def new_file(self: Any, field: str, name: str, *args: Any, _kept: Any = kept, **more: Any) -> Any:
            names.append(name)
            return _kept(self, field, name, *args, **more)

        monkeypatch.setattr(handler, "new_file", new_file)
    return names


def _large(name: str = "a.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"mobile\n" + b"1" * 5_000)


def test_strangers_cannot_fill_the_disk(
    strict: Client, user: User, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "STRANGERS", 4_000)
    strict.get("/accounts/login/")
    for path in ("/accounts/login/", "/imports/new/", "/settings/language/"):
        assert strict.post(path, {"file": _large()}).status_code == 413
    assert strict.post("/api/v1/imports", {"file": _large()}).status_code == 401
    assert written == []
    small = {"file": SimpleUploadedFile("b.csv", b"1")}
    assert strict.post("/accounts/login/", small).status_code == 403


def test_who_is_known_may_send_more(user: User, written: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "STRANGERS", 4_000)
    admin = User.objects.create_user("admin", role=Role.ADMIN)
    secret = create_api_key(name="x", scopes=[ApiScope.LEADS_WRITE], actor=admin, now=timezone.now())[1]
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    assert program.post("/api/v1/imports", {"file": _large()}).status_code == 201
    person = Client()
    person.force_login(user)
    person.post("/settings/language/", {"file": _large("b.csv")})
    assert written == ["a.csv", "b.csv"]


def test_nobody_sends_more_than_an_import_takes(user: User, settings: Any, client: Client) -> None:
    settings.UPLOAD_MAX_SIZE = 4_000
    client.force_login(user)
    assert client.post("/settings/language/", {"file": _large()}).status_code == 413


# --- The log --------------------------------------------------------------------------------------------------------


def test_links_in_the_log_do_not_work(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    token = seal(Link.UNSUBSCRIBE, Token(7, "email", "marketing", "li.na@example.cn"))
    with caplog.at_level(logging.WARNING):
        client.delete(f"/u/{token}/")
    (record,) = caplog.records
    MaskPersonalData().filter(record)
    assert record.getMessage() == "Method Not Allowed (DELETE): /u/***/"
