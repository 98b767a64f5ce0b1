"""People for the tests of access."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from huoju.core.access.models import User
from huoju.core.access.operations import create_user
from huoju.core.access.policy import Role

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)

type MakeUser = Callable[..., User]


@pytest.fixture
def make_user(db: None) -> MakeUser:
    """Make a user of a role; the username is the role unless given."""

    def make(role: Role = Role.SALES, username: str = "", **more: object) -> User:
        username = username or role.value
        user, _password = create_user(
            username=username,
            name=str(more.pop("name", username.title())),
            role=role,
            password="a-long-password",
            actor=None,
            now=NOW,
            **more,  # type: ignore[arg-type]
        )
        return user

    return make


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    """An administrator."""
    return make_user(Role.ADMIN, language="en")


@pytest.fixture
def as_admin(client: Client, admin: User) -> Client:
    """A browser in which the administrator is signed in, in English."""
    client.force_login(admin)
    return client
