"""The rule editors in a real browser: rows come and go without a script of our own, nothing overflows, axe agrees."""

import os
from pathlib import Path

import pytest

from huoju.core.access.models import User
from tests.browsing import Visit, overflow, violations
from tests.qualify.factory import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("HUOJU_SCREENSHOTS")


@pytest.fixture
def admin(transactional_db: None) -> User:
    return make_user("王", role="admin")


@pytest.mark.parametrize(
    ("path", "language", "theme", "width"),
    [
        ("/rules/scoring/edit/", "en", "light", 1440),
        ("/rules/mql/edit/", "zh-hans", "dark", 390),
        ("/rules/cleaning/edit/", "zh-hans", "light", 390),
        ("/routing/rules/1/", "en", "dark", 390),
        ("/routing/seats/new/", "zh-hans", "light", 1440),
    ],
)
def test_the_pages_are_sound(
    visit: Visit, admin: User, path: str, language: str, theme: str, width: int
) -> None:
    page = visit(path, user=admin, language=language, theme=theme, width=width)
    page.wait_for_load_state("networkidle")
    if SHOTS:
        name = path.strip("/").replace("/", "-")
        page.screenshot(path=Path(SHOTS) / f"{name}-{language}-{theme}-{width}.png", full_page=True)
    assert overflow(page) <= 0
    assert violations(page) == []


def test_a_row_is_added_and_its_condition_follows_the_chosen_field(visit: Visit, admin: User) -> None:
    page = visit("/rules/scoring/edit/", user=admin)
    rows = page.locator('input[name="fit"]')
    count = rows.count()
    page.get_by_role("button", name="Add a line").click()
    page.wait_for_function(
        "n => document.querySelectorAll('input[name=\"fit\"]').length === n", arg=count + 1
    )
    page.locator(f'button[value="add:fit.{count}.when"]').click()
    field = page.locator(f'select[name="fit.{count}.when.0.field"]')
    field.wait_for()
    page.fill(f'input[name="fit.{count}.label"]', "North")
    field.select_option("employees")
    number = page.locator(f'input[name="fit.{count}.when.0.value"][inputmode="decimal"]')
    number.wait_for()
    assert page.input_value(f'input[name="fit.{count}.label"]') == "North"
    number.fill("50")
    page.get_by_role("button", name="Preview on history").click()
    page.locator("#rule-preview").wait_for()
