"""A real Chromium against a live server. A page that logs an error or lacks a file fails its test."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from huoju.core.access.models import User
from huoju.core.access.operations import create_user
from huoju.core.access.policy import Role

NOW = datetime(2026, 5, 6, 2, tzinfo=UTC)
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}

type Opener = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def people(transactional_db: None) -> dict[Role, User]:
    """One user a role, named after it."""
    return {
        role: create_user(username=role.value, name=role.value, role=role, password="x", actor=None, now=NOW)[
            0
        ]
        for role in Role
    }


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer, people: dict[Role, User]) -> Iterator[Opener]:
    """`open_page(role=…, language="zh-hans", theme="light", size=DESK)`: a page, signed in if there is a role.

    Paths are relative: `page.goto("/leads/")`.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_one(
        *,
        role: Role | None = None,
        language: str = "zh-hans",
        theme: str = "light",
        size: dict[str, int] = DESK,
        touch: bool = False,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": size["width"], "height": size["height"]},
            locale="zh-CN" if language == "zh-hans" else "en-GB",
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if theme == "dark" else "light",
            has_touch=touch,
        )
        contexts.append(context)
        if role is not None:
            user = people[role]
            user.language, user.theme = language, theme
            user.save()
            client = Client()
            client.force_login(user)
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: errors.append(f"{page.url}: {message.text}") if message.type == "error" else None,
        )
        page.on(
            "response",
            lambda response: (
                errors.append(f"{response.url}: {response.status}")
                if response.status >= 500 or (response.status == 404 and "/static/" in response.url)
                else None
            ),
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []
