"""Who gets in: pages by role, programs by key."""

from typing import cast

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.views import View
from ninja import NinjaAPI
from ninja.testing import TestClient

from huoju.core.access.gate import ApiKeyAuth, requires
from huoju.core.access.models import ApiKey, User
from huoju.core.access.operations import create_api_key, revoke_api_key, set_active
from huoju.core.access.policy import Action, ApiScope, Role
from huoju.core.api import Refused

from .conftest import NOW, MakeUser

api = NinjaAPI(urls_namespace="gate-tests")


@api.get("/leads", auth=ApiKeyAuth(ApiScope.LEADS_READ))
def leads(request: HttpRequest) -> dict[str, str]:
    """Who asks."""
    return {"key": str(request.auth)}  # type: ignore[attr-defined]


program = TestClient(api)


@requires(Action.IMPORT, Action.EXPORT)
def page(request: HttpRequest) -> HttpResponse:
    """A page for those who may both."""
    return HttpResponse("in")


@requires(Action.IMPORT)
class ClassPage(View):
    """The same as a class."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """In."""
        return HttpResponse("in")


@pytest.mark.parametrize(("role", "inside"), [(Role.MARKETING, True), (Role.SALES_MANAGER, False)])
def test_all_actions_are_needed(rf: RequestFactory, make_user: MakeUser, role: Role, inside: bool) -> None:
    request = rf.get("/")
    request.user = make_user(role)
    for view in (page, ClassPage.as_view()):
        if inside:
            assert cast(HttpResponse, view(request)).content == b"in"
        else:
            with pytest.raises(PermissionDenied):
                view(request)


def make_key(admin: User, *scopes: ApiScope) -> tuple[ApiKey, dict[str, str]]:
    """A key and the header that carries it."""
    key, secret = create_api_key(name="CRM", scopes=scopes, actor=admin, now=NOW)
    return key, {"Authorization": f"Bearer {secret}"}


def test_a_key_with_the_scope_gets_in_and_is_noted(admin: User) -> None:
    key, headers = make_key(admin, ApiScope.LEADS_READ)
    response = program.get("/leads", headers=headers)
    assert (response.status_code, response.json()) == (200, {"key": str(key)})
    key.refresh_from_db()
    assert key.last_used_at is not None


@pytest.mark.parametrize("header", [None, "Bearer hj_wrong", "Basic x", "Bearer "])
@pytest.mark.django_db
def test_without_a_key_nobody_gets_in(header: str | None) -> None:
    response = program.get("/leads", headers={"Authorization": header} if header else {})
    assert response.status_code == 401


def test_another_scope_is_not_enough(admin: User) -> None:
    _key, headers = make_key(admin, ApiScope.LEADS_WRITE)
    with pytest.raises(Refused, match="leads:read") as refused:
        program.get("/leads", headers=headers)
    assert refused.value.status == 403


def test_a_revoked_key_is_refused(admin: User) -> None:
    key, headers = make_key(admin, ApiScope.LEADS_READ)
    revoke_api_key(key=key, actor=admin, now=NOW)
    assert program.get("/leads", headers=headers).status_code == 401


def test_keys_rest_while_their_maker_is_deactivated(admin: User, make_user: MakeUser) -> None:
    maker = make_user(Role.ADMIN, "second")
    _key, headers = make_key(maker, ApiScope.LEADS_READ)
    set_active(users=[maker], active=False, actor=admin)
    assert program.get("/leads", headers=headers).status_code == 401
    set_active(users=[maker], active=True, actor=admin)
    assert program.get("/leads", headers=headers).status_code == 200
