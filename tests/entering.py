"""Signed-in clients."""

from collections.abc import Callable

import pytest
from django.test import Client

from huoju.core.access.models import User
from tests.qualify.factory import make_user

type Enter = Callable[[str | User], Client]


@pytest.fixture
def enter(client: Client) -> Enter:
    """`enter("sales")`: signed in as somebody of that role; `enter(user)` as that user."""

    def sign_in(who: str | User) -> Client:
        client.force_login(who if isinstance(who, User) else make_user("x", role=who, language="en"))
        return client

    return sign_in


@pytest.fixture
def marketing(enter: Enter) -> Client:
    """Signed in as somebody of marketing, in English."""
    return enter("marketing")
