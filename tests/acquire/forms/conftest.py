"""A form with every kind of field, and what a visitor does with it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from huoju.acquire.forms import operations
from huoju.acquire.forms.models import Form
from huoju.acquire.forms.policy.definition import parse
from huoju.acquire.forms.policy.tokens import Token, seal
from huoju.core.access.models import ApiKey, User
from huoju.core.access.operations import create_api_key, create_user
from huoju.core.access.policy import ApiScope, Role

NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)

DEFINITION: dict[str, Any] = {
    "fields": [
        {"kind": "name", "required": True, "label": {"zh": "您的姓名", "en": "Your name"}},
        {"kind": "mobile"},
        {"kind": "email"},
        {"kind": "company"},
        {"kind": "company_size"},
        {"kind": "region"},
        {"kind": "message"},
        {
            "kind": "select",
            "key": "interest",
            "label": {"zh": "感兴趣的产品", "en": "Interested in"},
            "options": [{"value": "lake", "label": {"zh": "数据湖", "en": "Data lake"}}, {"value": "cdp"}],
        },
        {"kind": "checkbox", "key": "call_me", "label": {"zh": "请电话联系", "en": "Call me"}},
    ],
    "consents": [
        {"purpose": "privacy", "text": {"zh": "同意处理个人信息", "en": "I agree"}, "required": True},
        {"purpose": "marketing", "text": {"zh": "接收资讯", "en": "News, please"}},
    ],
}

GOOD = {"f_name": "李娜", "f_mobile": "138 1234 5678", "c_privacy": "yes"}

type Send = Callable[..., Any]


@pytest.fixture
def form(db: None) -> Form:
    """A published form."""
    return operations.create_form(
        settings=operations.FormSettings(
            name="Demo", slug="demo", allowed_origins=["https://www.example.com"]
        ),
        definition=parse(DEFINITION),
        created_by_id=None,
        now=NOW,
    )


def token_for(
    form: Form, *, age: timedelta = timedelta(seconds=30), nonce: str = "n1", version: int = 1
) -> str:
    """A token as if the page had been opened `age` ago."""
    return seal(Token(form.pk, version, datetime.now(UTC) - age, nonce), settings.SECRET_KEY.encode())


def token_in(html: str) -> str:
    """The token of a page."""
    match = re.search(r'name="token" value="([^"]+)"', html)
    assert match
    return match[1]


@pytest.fixture
def send(form: Form) -> Send:
    """Post the form as a visitor; `fields` replace or add to a good answer, None takes one away."""

    def post(
        *, token: str | None = None, path: str = "/f/demo/?lang=en", ip: str = "203.0.113.9", **fields: Any
    ) -> Any:
        values = {**GOOD, "token": token if token is not None else token_for(form), **fields}
        data = {name: value for name, value in values.items() if value is not None}
        return Client(REMOTE_ADDR=ip, enforce_csrf_checks=True).post(path, data)

    return post


@pytest.fixture
def marketer(db: None) -> User:
    """Somebody from marketing."""
    user, _password = create_user(
        username="mia", name="Mia", role=Role.MARKETING, actor=None, now=NOW, language="en"
    )
    return user


@pytest.fixture
def admin(db: None) -> User:
    """An administrator."""
    user, _password = create_user(username="ada", name="Ada", role=Role.ADMIN, actor=None, now=NOW)
    return user


@pytest.fixture
def api_key(admin: User) -> tuple[ApiKey, str]:
    """A key that may submit leads, with its secret."""
    return create_api_key(name="site", scopes=[ApiScope.LEADS_WRITE], actor=admin, now=NOW)
