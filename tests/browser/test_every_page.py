"""Every page of the sidebar, for every role, in both languages and themes, on a desk and on a phone."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from huoju.core.access.models import User
from huoju.core.access.policy import Role
from huoju.core.ui.navigation import menu
from tests.browser.conftest import DESK, PHONE, Opener

LOOKS: dict[str, dict[str, Any]] = {
    "desk": {"language": "zh-hans", "theme": "light", "size": DESK},
    "phone": {"language": "en", "theme": "dark", "size": PHONE},
}


def _addresses(user: User) -> list[str]:
    return [link.url for group in menu(user, "/") for link in group.links]


def _faults(page: Page) -> list[str]:
    """What a person with a disability, or a phone, would trip over."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    faults = [f"{page.url} is {width} px too wide"] if width > 0 else []
    for violation in Axe().run(page).response["violations"]:
        if violation["impact"] in {"serious", "critical"}:
            targets = [" ".join(map(str, node["target"])) for node in violation["nodes"][:3]]
            faults.append(f"{page.url} {violation['id']}: {', '.join(targets)}")
    return faults


# An administrator sees nearly every page, in both looks; the others each in the look that they work in.
ROLES = [
    *((Role.ADMIN, look) for look in LOOKS),
    (Role.MARKETING, "desk"),
    (Role.TELEMARKETING, "desk"),
    (Role.SALES, "phone"),
    (Role.SALES_MANAGER, "phone"),
    (Role.EXECUTIVE, "phone"),
]


def test_no_role_is_forgotten() -> None:
    assert {role for role, _look in ROLES} == set(Role)


@pytest.mark.parametrize(("role", "look"), ROLES)
def test_every_page_of_a_role(open_page: Opener, people: dict[Role, User], role: Role, look: str) -> None:
    page = open_page(role=role, **LOOKS[look])
    faults = []
    for address in _addresses(people[role]):
        response = page.goto(address, wait_until="load")
        assert response is not None
        assert response.status == 200, address
        assert page.title()
        faults += _faults(page)
    assert faults == []


@pytest.mark.parametrize("look", LOOKS)
def test_the_way_in(open_page: Opener, look: str) -> None:
    page = open_page(**LOOKS[look])
    page.goto("/", wait_until="networkidle")
    assert "/accounts/login/" in page.url
    assert _faults(page) == []
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "x")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/", wait_until="networkidle")
    assert _faults(page) == []
