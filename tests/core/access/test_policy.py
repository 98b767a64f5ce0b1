"""The table of roles."""

import pytest

from huoju.core.access.policy import ALLOWED, SCOPE, Action, Role, Scope, may, scope_of


def test_every_role_has_its_row() -> None:
    assert set(ALLOWED) == set(Role) == set(SCOPE)


def test_an_administrator_may_everything() -> None:
    assert ALLOWED[Role.ADMIN] == frozenset(Action)


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        (Role.SALES, Action.SELL, True),
        (Role.SALES, Action.EXPORT, False),
        (Role.SALES, Action.SEE_REPORTS, False),
        (Role.SALES_MANAGER, Action.ASSIGN, True),
        (Role.TELEMARKETING, Action.REVIEW_QUARANTINE, True),
        (Role.TELEMARKETING, Action.IMPORT, False),
        (Role.MARKETING, Action.SET_RULES, True),
        (Role.MARKETING, Action.SELL, False),
        (Role.EXECUTIVE, Action.SEE_CONTACTS, False),
        (Role.EXECUTIVE, Action.SEE_REPORTS, True),
    ],
)
def test_what_roles_may(role: Role, action: Action, allowed: bool) -> None:
    assert may(role, action) is allowed


@pytest.mark.parametrize("action", [Action.MANAGE_USERS, Action.OPERATE])
def test_only_administrators_manage(action: Action) -> None:
    assert [role for role in Role if may(role, action)] == [Role.ADMIN]


def test_scopes() -> None:
    assert scope_of(Role.SALES) is Scope.OWN
    assert scope_of(Role.SALES_MANAGER) is Scope.TEAM
    assert scope_of("marketing") is Scope.ALL


def test_an_unknown_role_is_an_error() -> None:
    with pytest.raises(ValueError, match="janitor"):
        may("janitor", Action.SELL)
