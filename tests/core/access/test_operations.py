"""Users, teams, keys, saved views."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from huoju.core.access import operations, queries
from huoju.core.access.models import ApiKey, SavedView, User
from huoju.core.access.policy import ApiScope, Role
from tests.races import race

from .conftest import NOW, MakeUser


def test_a_drawn_password_signs_in(admin: User) -> None:
    user, password = operations.create_user(
        username="li", name="李雷", role=Role.SALES, email="li@example.com", actor=admin, now=NOW
    )
    assert User.objects.get(pk=user.pk).check_password(password)
    assert len(password) == 19
    assert user.date_joined == NOW


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_others_make_no_users(make_user: MakeUser, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        operations.create_user(username="x", name="X", role=Role.ADMIN, actor=make_user(role), now=NOW)


def test_usernames_are_unique(admin: User) -> None:
    with pytest.raises(ValidationError) as error:
        operations.create_user(username="admin", name="X", role=Role.SALES, actor=admin, now=NOW)
    assert list(error.value.message_dict) == ["username"]


def test_nobody_changes_the_own_role(admin: User) -> None:
    with pytest.raises(ValidationError) as error:
        operations.update_user(user=admin, name="A", email="", role=Role.SALES, team=None, actor=admin)
    assert list(error.value.message_dict) == ["role"]
    assert User.objects.get(pk=admin.pk).role == Role.ADMIN


def test_nobody_deactivates_themselves(admin: User) -> None:
    assert operations.set_active(users=[admin], active=False, actor=admin) == []
    admin.refresh_from_db()
    assert admin.is_active


def test_activation_reports_what_is_new(admin: User, make_user: MakeUser) -> None:
    inside, outside = make_user(Role.SALES, "a"), make_user(Role.SALES, "b", active=False)
    everybody = [outside, inside, admin]
    assert operations.set_active(users=everybody, active=False, actor=admin) == [inside.pk]
    assert operations.set_active(users=everybody, active=True, actor=admin) == sorted([inside.pk, outside.pk])


def test_a_deactivated_administrator_may_nothing(admin: User, make_user: MakeUser) -> None:
    second = make_user(Role.ADMIN, "second")
    operations.set_active(users=[second], active=False, actor=admin)
    second.refresh_from_db()
    with pytest.raises(PermissionDenied):
        operations.create_team(name="North", actor=second)


def test_dissolving_a_team_keeps_its_members(admin: User, make_user: MakeUser) -> None:
    team = operations.create_team(name="华东", actor=admin)
    member = make_user(team=team)
    operations.delete_team(team=team, actor=admin)
    member.refresh_from_db()
    assert member.team_id is None


def test_teams_with_people(admin: User, make_user: MakeUser) -> None:
    team = operations.create_team(name="华东", actor=admin)
    operations.create_team(name="空", actor=admin)
    make_user(Role.SALES, "a", team=team)
    make_user(Role.SALES, "b", team=team, active=False)
    make_user(Role.SALES_MANAGER, "m", team=team, name="王经理")
    rows: set[Any] = {(team.name, team.members, team.managers) for team in queries.list_teams_with_people()}  # type: ignore[attr-defined]
    assert rows == {("华东", 2, "王经理"), ("空", 0, None)}


def test_role_history_is_kept_without_password(admin: User, make_user: MakeUser) -> None:
    user = make_user(Role.SALES, "li")
    operations.update_user(user=user, name="李雷", email="", role=Role.SALES_MANAGER, team=None, actor=admin)
    events = User.pgh_event_model.objects.filter(pgh_obj_id=user.pk).order_by("pgh_id")  # type: ignore[attr-defined]
    assert list(events.values_list("role", flat=True)) == ["sales", "sales_manager"]
    assert "password" not in {field.name for field in events.model._meta.get_fields()}


def test_an_api_key_is_kept_as_a_hash(admin: User) -> None:
    key, secret = operations.create_api_key(
        name="Website", scopes=[ApiScope.LEADS_WRITE, ApiScope.LEADS_READ], actor=admin, now=NOW
    )
    row = ApiKey.objects.values().get(pk=key.pk)
    assert secret.startswith("hj_")
    assert row["prefix"] == secret[:11]
    assert row["scopes"] == ["leads:read", "leads:write"]
    assert not any(value == secret for value in row.values())
    assert queries.find_api_key(secret) == key
    assert queries.find_api_key(secret[:-1]) is None


def test_a_revoked_key_is_dead_and_stays_so(admin: User) -> None:
    key, secret = operations.create_api_key(name="W", scopes=[ApiScope.LEADS_READ], actor=admin, now=NOW)
    assert operations.revoke_api_key(key=key, actor=admin, now=NOW)
    assert not operations.revoke_api_key(key=key, actor=admin, now=NOW + timedelta(days=1))
    key.refresh_from_db()
    assert key.revoked_at == NOW
    assert queries.find_api_key(secret) is None


def test_a_key_needs_a_scope(admin: User) -> None:
    with pytest.raises(ValidationError):
        operations.create_api_key(name="W", scopes=[], actor=admin, now=NOW)


def test_last_use_is_written_once_a_minute(admin: User) -> None:
    key, _secret = operations.create_api_key(name="W", scopes=[ApiScope.LEADS_READ], actor=admin, now=NOW)
    for seconds in (0, 30, 60, 61):
        operations.note_key_used(key=key, now=NOW + timedelta(seconds=seconds))
    key.refresh_from_db()
    assert key.last_used_at == NOW + timedelta(seconds=61)


def test_saved_views_replace_their_namesake(admin: User) -> None:
    for query in ("stage=mql", "stage=sql"):
        operations.save_view(user_id=admin.pk, list_code="leads", name="Mine", query=query, columns=["name"])
    operations.save_view(user_id=admin.pk, list_code="leads", name="", query="", columns=["name", "stage"])
    views = queries.list_views(admin.pk, "leads")
    assert [(view.name, view.query, view.columns) for view in views] == [
        ("", "", ["name", "stage"]),
        ("Mine", "stage=sql", ["name"]),
    ]
    operations.delete_view(user_id=admin.pk, list_code="leads", name="Mine")
    assert [view.name for view in queries.list_views(admin.pk, "leads")] == [""]


def test_a_list_holds_fifty_views(admin: User) -> None:
    SavedView.objects.bulk_create(SavedView(user=admin, list_code="leads", name=f"v{n}") for n in range(50))
    with pytest.raises(ValidationError):
        operations.save_view(user_id=admin.pk, list_code="leads", name="one more", query="", columns=[])
    operations.save_view(user_id=admin.pk, list_code="leads", name="v7", query="q=x", columns=[])


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_shut_each_other_out_one_remains() -> None:
    one, two = (User.objects.create_user(name, role=Role.ADMIN) for name in ("one", "two"))

    def shut_out(actor: User, other: User) -> bool:
        try:
            return bool(operations.set_active(users=[other], active=False, actor=actor))
        except PermissionDenied:
            return False

    assert sorted(race(lambda: shut_out(one, two), lambda: shut_out(two, one))) == [False, True]
    assert User.objects.filter(is_active=True).count() == 1
