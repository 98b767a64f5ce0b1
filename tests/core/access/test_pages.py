"""Sign-in, preferences, users, teams and API keys in the browser's eyes (without a browser)."""

import pytest
from django.test import Client
from django.urls import reverse

from huoju.core.access.models import ApiKey, SavedView, Team, User
from huoju.core.access.policy import Role

from .conftest import MakeUser

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.mark.parametrize("name", ["home", "access:users", "access:profile", "access:api_key_new"])
@pytest.mark.django_db
def test_pages_ask_for_a_sign_in(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={reverse(name)}"


@pytest.mark.parametrize("login", ["sales", "sales@example.com"])
def test_sign_in_by_username_or_mail(client: Client, make_user: MakeUser, login: str) -> None:
    make_user(Role.SALES, email="sales@example.com")
    response = client.post("/accounts/login/", {"login": login, "password": "a-long-password"})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session.get_expire_at_browser_close()


def test_staying_signed_in(client: Client, make_user: MakeUser) -> None:
    make_user()
    client.post("/accounts/login/", {"login": "sales", "password": "a-long-password", "remember": "on"})
    assert not client.session.get_expire_at_browser_close()


def test_a_wrong_password_is_said_in_both_languages(client: Client, make_user: MakeUser) -> None:
    make_user()
    for language, text in (("zh-hans", "密码"), ("en", "password you specified")):
        client.cookies["huoju_language"] = language
        response = client.post("/accounts/login/", {"login": "sales", "password": "wrong"})
        assert response.status_code == 200
        assert text in response.text


def sign_in(client: Client, password: str, login: str = "sales", address: str = "192.0.2.1") -> bool:
    """Whether it worked."""
    data = {"login": login, "password": password}
    return client.post("/accounts/login/", data, REMOTE_ADDR=address).status_code == 302


def test_guessing_a_password_is_slow(client: Client, make_user: MakeUser) -> None:
    make_user()
    make_user(Role.SALES, "other")
    for n in range(5):
        assert not sign_in(client, f"guess-{n}", address=f"192.0.2.{n}")
    # Even the right one, from wherever; the others are not disturbed.
    assert not sign_in(client, "a-long-password", address="192.0.2.99")
    assert sign_in(Client(), "a-long-password", "other")


def test_guessing_many_accounts_from_one_address_is_slow(client: Client, make_user: MakeUser) -> None:
    make_user()
    for n in range(20):
        sign_in(client, "guess", login=f"user{n}")
    assert not sign_in(client, "a-long-password")
    assert sign_in(client, "a-long-password", address="192.0.2.2")


def test_signing_in_often_is_fine(client: Client, make_user: MakeUser) -> None:
    make_user()
    for _ in range(12):
        assert sign_in(Client(), "a-long-password")


def test_deactivated_people_stay_out(client: Client, make_user: MakeUser) -> None:
    user = make_user()
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/").status_code == 302
    client.post("/accounts/login/", {"login": "sales", "password": "a-long-password"})
    assert client.get("/").status_code == 302


@pytest.mark.django_db
def test_sign_up_is_closed(client: Client) -> None:
    client.cookies["huoju_language"] = "en"
    assert "Sign-up is closed" in client.get("/accounts/signup/").text
    client.post("/accounts/signup/", {"username": "eve", "password1": "a-long-password"})
    assert not User.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
@pytest.mark.parametrize("name", ["access:users", "access:teams", "access:api_keys", "access:user_new"])
def test_settings_are_for_administrators(client: Client, make_user: MakeUser, role: Role, name: str) -> None:
    client.force_login(make_user(role, language="en"))
    response = client.get(reverse(name))
    assert response.status_code == 403
    assert "You may not open this page" in response.text


def test_password_change_keeps_this_session(client: Client, make_user: MakeUser) -> None:
    client.force_login(make_user())
    response = client.post(
        "/accounts/password/change/",
        {
            "oldpassword": "a-long-password",
            "password1": "flame-and-torch-9",
            "password2": "flame-and-torch-9",
        },
    )
    assert response["Location"] == reverse("access:profile")
    assert client.get("/").status_code == 200


# --- language, theme, time zone ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_visitor_switches_language_by_cookie(client: Client) -> None:
    response = client.post(reverse("access:set_language"), {"language": "en", "next": "/accounts/login/"})
    assert (response.status_code, response["Location"]) == (303, "/accounts/login/")
    assert '<html lang="en"' in client.get("/accounts/login/").text


def test_a_user_switches_language_for_good(client: Client, make_user: MakeUser) -> None:
    user = make_user()
    client.force_login(user)
    client.post(reverse("access:set_language"), {"language": "en", "next": "/"})
    fresh = Client(headers={"Accept-Language": "zh-CN"})
    fresh.force_login(user)
    response = fresh.get("/")
    assert '<html lang="en"' in response.text
    assert response["Content-Language"] == "en"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
@pytest.mark.django_db
def test_switching_does_not_lead_elsewhere(client: Client, target: str) -> None:
    response = client.post(reverse("access:set_language"), {"language": "en", "next": target})
    assert response["Location"] == "/"


def test_an_unknown_language_changes_nothing(client: Client, make_user: MakeUser) -> None:
    user = make_user()
    client.force_login(user)
    client.post(reverse("access:set_language"), {"language": "xx"})
    client.post(reverse("access:set_theme"), {"theme": "plaid"})
    user.refresh_from_db()
    assert (user.language, user.theme) == ("", "auto")


def test_the_theme_is_in_the_html(client: Client, make_user: MakeUser) -> None:
    client.force_login(make_user())
    assert 'data-theme-choice="auto">' in client.get("/").text
    client.post(reverse("access:set_theme"), {"theme": "dark"})
    assert 'data-theme-choice="dark" data-bs-theme="dark"' in client.get("/").text


def test_profile_saves_and_shows_errors_in_place(client: Client, make_user: MakeUser) -> None:
    user = make_user()
    client.force_login(user)
    url = reverse("access:profile")
    wrong = client.post(url, {"name": "", "theme": "dark"}, headers=HTMX)
    assert wrong.status_code == 422
    assert wrong.text.lstrip().startswith("<form")
    right = client.post(
        url, {"name": "李雷", "theme": "dark", "language": "en", "time_zone": "Europe/Berlin"}, headers=HTMX
    )
    assert (right.status_code, right["HX-Redirect"]) == (204, url)
    user.refresh_from_db()
    assert (user.name, user.theme, user.language, user.time_zone) == ("李雷", "dark", "en", "Europe/Berlin")


# --- users, teams, keys ----------------------------------------------------------------------------------------------


def test_adding_a_user_shows_a_password_that_works(as_admin: Client) -> None:
    team = Team.objects.create(name="华东")
    response = as_admin.post(
        reverse("access:user_new"),
        {"name": "韩梅梅", "username": "han", "email": "han@example.com", "role": "sales", "team": team.pk},
    )
    user = User.objects.get(username="han")
    assert user.check_password(response.context["secret"])
    assert response.context["secret"] in response.text
    assert (user.role, user.team) == (Role.SALES, team)


def test_a_taken_username_is_said_at_its_field(as_admin: Client) -> None:
    response = as_admin.post(
        reverse("access:user_new"), {"name": "X", "username": "admin", "role": "sales"}, headers=HTMX
    )
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["username"]


def test_changing_ones_own_role_is_refused_at_the_field(as_admin: Client, admin: User) -> None:
    response = as_admin.post(
        reverse("access:user", args=[admin.pk]), {"name": "A", "role": "sales"}, headers=HTMX
    )
    assert response.status_code == 422
    assert response.context["form"].errors["role"] == ["You cannot change your own role."]


def test_a_new_password_ends_open_sessions(as_admin: Client, make_user: MakeUser) -> None:
    user = make_user()
    theirs = Client()
    theirs.force_login(user)
    response = as_admin.post(reverse("access:user_password", args=[user.pk]))
    assert theirs.get("/").status_code == 302
    user.refresh_from_db()
    assert user.check_password(response.context["secret"])


def test_deactivate_and_let_in_again(as_admin: Client, make_user: MakeUser) -> None:
    user = make_user()
    for active in ("0", "1"):
        as_admin.post(reverse("access:user_activate", args=[user.pk]), {"active": active})
        user.refresh_from_db()
        assert user.is_active is (active == "1")


def test_teams_are_made_renamed_dissolved(as_admin: Client) -> None:
    as_admin.post(reverse("access:team_new"), {"name": "华东"})
    team = Team.objects.get(name="华东")
    as_admin.post(reverse("access:team", args=[team.pk]), {"name": "华南"})
    assert list(Team.objects.values_list("name", flat=True)) == ["华南"]
    as_admin.post(reverse("access:team_delete", args=[team.pk]))
    assert not Team.objects.exists()


def test_a_key_is_shown_once_and_revoked_with_a_toast(as_admin: Client) -> None:
    response = as_admin.post(reverse("access:api_key_new"), {"name": "官网", "scopes": ["leads:write"]})
    key = ApiKey.objects.get()
    secret = response.context["secret"]
    assert secret in response.text
    assert secret not in as_admin.get(reverse("access:api_keys")).text
    revoked = as_admin.post(reverse("access:revoke_api_key", args=[key.pk]), headers=HTMX)
    assert revoked.status_code == 204
    assert '"list-changed"' in revoked["HX-Trigger"]
    assert revoked["HX-Trigger"].isascii()
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_views_of_others_stay_theirs(as_admin: Client, admin: User, make_user: MakeUser) -> None:
    SavedView.objects.create(user=make_user(), list_code="access.users", name="Theirs")
    assert "Theirs" not in as_admin.get(reverse("access:users")).text
