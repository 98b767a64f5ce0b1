"""The patterns in a real browser: both themes, phone and desk, axe, no complaint of the content security policy."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from huoju.core.access.models import Team, User
from tests.browsing import Visit, overflow, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GALLERY = ["report", "board", "inbox", "detail", "wizard"]
PAGES = [
    "/settings/users/new/",
    "/settings/profile/",
]  # what the sidebar leads to is looked at in tests/browser
LOOKS = [(1440, "light"), (390, "dark"), (1440, "dark"), (390, "light")]


@pytest.fixture(autouse=True)
def gallery(settings: Any) -> None:
    """The gallery's addresses beside the product's."""
    settings.ROOT_URLCONF = "tests.core.ui.gallery"
    templates = [dict(settings.TEMPLATES[0])]
    templates[0]["DIRS"] = [*templates[0]["DIRS"], Path(__file__).parent / "templates"]
    settings.TEMPLATES = templates


@pytest.fixture
def admin() -> User:
    """Who looks."""
    return User.objects.create(username="admin", name="林若溪", role="admin", language="en")


@pytest.fixture
def people(admin: User) -> list[User]:
    """Sixty sales people."""
    team = Team.objects.create(name="华东")
    return User.objects.bulk_create(
        User(username=f"u{n:02}", name=f"销售{n:02}", role="sales", team=team, is_active=n % 2 == 0)
        for n in range(60)
    )


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_patterns_pass_axe_and_fit(
    visit: Visit, live_server: Any, admin: User, width: int, theme: str
) -> None:
    page = visit("/gallery/report/", user=admin, theme=theme, width=width)
    for path in [*(f"/gallery/{name}/" for name in GALLERY), *PAGES]:
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        assert (path, violations(page), overflow(page)) == (path, [], 0)


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh-hans", "dark")])
def test_sign_in(visit: Visit, admin: User, theme: str, language: str) -> None:
    admin.set_password("a-long-password")
    admin.save()
    page = visit("/accounts/login/?next=/settings/profile/", theme=theme, language=language)
    assert violations(page) == []
    page.fill("#id_login", "admin")
    page.fill("#id_password", "a-long-password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/profile/")


def test_filter_sort_page_and_back(visit: Visit, people: list[User], admin: User) -> None:
    page = visit("/settings/users/", user=admin)
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Next").click()
    expect(page.locator("tbody tr")).to_have_count(11)
    page.keyboard.press("Escape")
    page.get_by_placeholder("Search users").fill("销售0")
    expect(page.locator("tbody tr")).to_have_count(10)
    assert "q=" in page.url
    assert "after" not in page.url
    page.get_by_role("link", name="Username").click()
    expect(page.locator("tbody tr").first).to_contain_text("u09")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("combobox", name="Status").select_option("no")
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.locator(".hj-chip")).to_contain_text("Deactivated")
    page.get_by_role("button", name="Remove filter Status").click()
    expect(page.locator("tbody tr")).to_have_count(10)
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_columns_and_saved_view(visit: Visit, people: list[User], admin: User) -> None:
    page = visit("/settings/users/?role=sales", user=admin)
    page.get_by_role("button", name="Columns").click()
    page.locator(".hj-filter-panel").get_by_label("E-mail").uncheck()
    page.get_by_role("button", name="Show these columns").click()
    expect(page.get_by_role("columnheader", name="E-mail")).to_have_count(0)
    page.goto(page.url.split("?")[0] + "?role=sales")
    page.get_by_role("button", name="Save view").click()
    page.get_by_role("textbox", name="Name").fill("Sales")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".hj-view.active")).to_have_text("Sales")


def test_ticking_rows_and_undoing(visit: Visit, people: list[User], admin: User) -> None:
    page = visit("/settings/users/?active=yes", user=admin)
    bar = page.locator(".hj-bulk")
    expect(bar).not_to_be_visible()
    page.get_by_label("Select all on this page").check()
    expect(bar).to_contain_text("31 selected")
    page.get_by_label("Select 销售00").uncheck()
    expect(bar).to_contain_text("30 selected")
    bar.get_by_role("button", name="Deactivate").click()
    expect(page.locator(".hj-toast")).to_contain_text("29 users can no longer sign in.")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(bar).not_to_be_visible()
    assert set(User.objects.filter(is_active=True).values_list("username", flat=True)) == {"admin", "u00"}
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("tbody tr")).to_have_count(31)


def test_ticking_all_rows_of_the_filter(visit: Visit, people: list[User], admin: User) -> None:
    page = visit("/settings/users/?role=sales", user=admin)
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Select all 60 rows").click()
    page.locator(".hj-bulk").get_by_role("button", name="Deactivate").click()
    expect(page.locator(".hj-toast")).to_contain_text("30 users can no longer sign in.")
    assert not User.objects.filter(role="sales", is_active=True).exists()


def test_confirming_is_our_own_dialog(visit: Visit, admin: User, people: list[User]) -> None:
    someone = people[0]
    page = visit(f"/settings/users/{someone.pk}/", user=admin)
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(page.locator(".hj-toast")).to_contain_text("can no longer sign in")
    someone.refresh_from_db()
    assert not someone.is_active


def test_a_form_shows_its_errors_in_place(visit: Visit, admin: User) -> None:
    page = visit("/settings/users/new/", user=admin)
    page.get_by_label("Name", exact=False).first.fill("韩梅梅")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".is-invalid")).to_have_count(1)
    expect(page.get_by_label("Name", exact=False).first).to_have_value("韩梅梅")


def test_a_session_that_ends_takes_no_filled_form_with_it(visit: Visit, admin: User) -> None:
    """Signed in again beside it, the same page sends what was entered: with the new session and its new token."""
    page = visit("/settings/users/new/", user=admin)
    page.get_by_label("Name", exact=False).first.fill("半填的名字")
    kept: Any = [cookie for cookie in page.context.cookies() if cookie["name"] == "sessionid"]
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#confirm-text")).to_contain_text("You were signed out")
    page.locator("#confirm-dialog").get_by_role("button", name="Cancel").click()
    page.context.add_cookies(kept)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator(".hj-toast-text")).to_have_text("You are signed in again. Send it now.")
    expect(page.get_by_label("Name", exact=False).first).to_have_value("半填的名字")


def test_a_double_click_sends_once(visit: Visit, admin: User) -> None:
    page = visit("/settings/users/new/", user=admin)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Add").dblclick()
    expect(page.locator(".is-invalid").first).to_be_visible()
    assert len(sent) == 1


def test_revoking_a_key_by_htmx(visit: Visit, admin: User) -> None:
    page = visit("/settings/api-keys/new/", user=admin)
    page.get_by_label("Name").fill("Website")
    page.get_by_label("Read leads").check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("#secret")).to_have_value(re.compile("^hj_"))
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(page.locator(".hj-toast")).to_contain_text("is revoked")
    expect(page.locator(".hj-badge-secondary")).to_have_text("Revoked")


def test_the_inbox_is_worked_by_keyboard(visit: Visit, admin: User) -> None:
    page = visit("/gallery/inbox/", user=admin)
    page.keyboard.press("j")
    expect(page.locator("#case h2")).to_have_text("李志强")
    page.keyboard.press("j")
    expect(page.locator("#case h2")).to_have_text("陈嘉怡")
    page.keyboard.press("k")
    expect(page.locator("#case h2")).to_have_text("李志强")
    expect(page.locator("[data-case][aria-current]")).to_contain_text("李志强")
    page.evaluate("htmx.trigger(document.body, 'case-done', {})")
    expect(page.locator("[data-case]")).to_have_count(8)
    expect(page.locator("#case h2")).to_have_text("陈嘉怡")


def test_tabs_keep_their_address(visit: Visit, admin: User) -> None:
    page = visit("/gallery/detail/", user=admin)
    page.locator("#tabs").get_by_role("link", name="Deals").click()
    expect(page.get_by_text("Nothing has happened yet")).to_be_visible()
    assert page.url.endswith("?tab=deals")


def test_the_board_moves_by_keyboard_too(visit: Visit, admin: User) -> None:
    page = visit("/gallery/board/", user=admin, width=390)
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.locator(".hj-card-move select").first.select_option("won")
    assert sent.value.post_data == "to=won"
    assert sent.value.headers["x-csrftoken"]


def test_the_phone_has_its_navigation_behind_a_button(visit: Visit, admin: User) -> None:
    page = visit("/", user=admin, width=390)
    expect(page.get_by_role("link", name="API keys")).not_to_be_visible()
    page.get_by_role("button", name="Open navigation").click()
    page.get_by_role("link", name="API keys").click()
    page.wait_for_url("**/settings/api-keys/")


def test_language_and_theme_switch(visit: Visit, admin: User) -> None:
    page = visit("/", user=admin)
    page.get_by_role("button", name="切换到简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.locator(".hj-user").click()
    page.locator('.hj-theme-choice[value="dark"]').click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 19, 21)"


def test_auto_theme_follows_the_system_before_the_first_paint(visit: Visit) -> None:
    page = visit("/accounts/login/", theme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
