"""In a real browser: a form is edited, found by a visitor, embedded in another site, and answered."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from huoju.acquire.forms import operations, queries
from huoju.acquire.forms.models import Form, Submission
from huoju.acquire.forms.policy.definition import parse
from huoju.core.access.models import User
from tests.browsing import Visit, overflow, violations

from .conftest import DEFINITION, NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that is driven types faster than a person."""
    monkeypatch.setattr("huoju.acquire.forms.policy.tokens.MIN_FILL", NOW - NOW)


@pytest.fixture
def other_site(form: Form, live_server: Any) -> Iterator[str]:
    """Somebody else's website with the snippet in it; its origin may embed the form."""
    snippet = f'<script async src="{live_server.url}/embed/demo.js"></script>'

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<!doctype html><html lang='en'><title>Site</title><h1>Contact</h1>{snippet}".encode()
            self.send_response(200 if self.path.startswith("/contact") else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://localhost:{server.server_port}"  # another site than 127.0.0.1
    Form.objects.filter(pk=form.pk).update(allowed_origins=[origin])
    yield origin
    server.shutdown()


def test_from_the_editor_to_a_stored_submission(visit: Visit, marketer: User) -> None:
    page = visit("/forms/new/", user=marketer)
    page.fill("#id_name", "Demo day")
    page.check("input[name=purpose][value=trial]")
    page.click("button:has-text('Create and edit')")
    page.wait_for_url("**/edit/")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Company size")

    # A field of one's own, moved to the top with the keyboard, and one taken away.
    page.click("[data-add=select]")
    row = page.locator("[data-row][data-kind=select]")
    row.locator("[data-text=zh]").first.fill("预算")
    row.locator("[data-text=en]").first.fill("Budget")
    row.locator("[data-options]").fill("十万以内 | Up to 100k | small\n更多 | More | large")
    for _ in range(8):
        row.locator("[data-handle]").press("ArrowUp")
    expect(row.locator("[data-handle]")).to_be_focused()
    page.locator("[data-row][data-kind=industry]").get_by_role("button", name="Remove").click()
    expect(preview.locator(".wf-label").first).to_contain_text("Budget")
    expect(preview).not_to_contain_text("Industry")

    # And one dragged. The browser's own drag and drop drops a move now and then when the machine is busy.
    message, company = (page.locator(f"[data-row][data-kind={kind}]") for kind in ("message", "company"))
    for _ in range(5):
        message.locator("[data-handle]").drag_to(company, target_position={"x": 12, "y": 4}, steps=8)
        if _order(page).index("message") < _order(page).index("mobile"):
            break
    assert violations(page) == []
    page.click("button:has-text('Save and publish')")
    expect(page.locator("#toasts")).to_contain_text("version 2")

    form = Form.objects.get()
    keys = [field.key for field in queries.definition_of(queries.latest_version(form)).fields]
    assert keys[0] == "select_1"
    assert "industry" not in keys
    assert keys.index("message") < keys.index("mobile")

    visitor = visit(f"/f/{form.slug}/?utm_source=wechat&lang=en", width=390, height=844)
    assert overflow(visitor) == 0
    assert violations(visitor) == []
    visitor.select_option("[name=f_select_1]", "large")
    visitor.fill("[name=f_name]", "Li Na 🎉")
    visitor.click("button[type=submit]")
    expect(visitor.locator("[role=alert]")).to_contain_text("marked fields")
    expect(visitor.locator("[name=f_name]")).to_have_value("Li Na 🎉")
    assert violations(visitor) == []
    for name, value in (
        ("company", "Acme"),
        ("mobile", "138 2719 6054"),
        ("email", "li@acme.cn"),
        ("title", "CEO"),
    ):
        visitor.fill(f"[name=f_{name}]", value)
    visitor.select_option("[name=f_company_size]", "100-499")
    visitor.check("[name=c_privacy]")
    visitor.click("button[type=submit]")
    expect(visitor.locator("h1")).to_have_text("Thank you")
    visitor.reload()

    submission = Submission.objects.get()
    assert submission.data["select_1"] == "large"
    assert submission.data["name"] == "Li Na 🎉"
    assert submission.source["utm_source"] == "wechat"
    assert submission.consent == {"privacy": True, "marketing": False}


def _order(page: Page) -> list[str]:
    """The kinds of the editor's rows, from the top."""
    return [row.get_attribute("data-kind") or "" for row in page.locator("[data-row]").all()]


def test_in_a_frame_on_another_site(visit: Visit, form: Form, other_site: str) -> None:
    page = visit("/f/demo/")
    page.goto(f"{other_site}/contact?utm_campaign=spring&utm_source=zhihu")
    frame = page.frame_locator("iframe")
    frame.locator("[name=f_name]").fill("李娜")
    frame.locator("[name=f_mobile]").fill("13827196054")
    frame.locator("[name=c_privacy]").check()
    height = page.locator("iframe").bounding_box()
    assert height
    inner = page.frames[1].evaluate("document.documentElement.scrollHeight")
    assert abs(height["height"] - inner) < 20
    frame.locator("button[type=submit]").click()
    expect(frame.locator("h1")).to_have_text("Thank you")
    source = Submission.objects.get().source
    assert (source["utm_campaign"], source["utm_source"]) == ("spring", "zhihu")
    assert source["page"] == f"{other_site}/contact?utm_campaign=spring&utm_source=zhihu"


def test_without_script_the_form_works_too(browser: Any, live_server: Any, form: Form) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{live_server.url}/f/demo/")
    page.fill("[name=f_name]", "李娜")
    page.fill("[name=f_email]", "li@example.cn")
    page.check("[name=c_privacy]")
    page.click("button[type=submit]")
    page.wait_for_url("**/thanks/**")
    context.close()
    assert Submission.objects.get().source["language"] == "zh-hans"


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_the_pages_are_sound(visit: Visit, live_server: Any, marketer: User, width: int, theme: str) -> None:
    form = operations.create_form(
        settings=operations.FormSettings(name="官网试用", slug="demo"),
        definition=parse(DEFINITION),
        created_by_id=marketer.pk,
        now=NOW,
    )
    operations.submit(
        operations.NewSubmission(
            via="form", key="k", data={"name": "李娜", "mobile": "13827196054"}, form=form
        ),
        actor="visitor",
        source="forms",
        now=NOW,
    )
    submission = Submission.objects.get()
    # Those in the sidebar are looked at in tests/browser.
    paths = [f"/forms/{form.pk}/", f"/forms/{form.pk}/edit/", f"/forms/{form.pk}/versions/1/", "/forms/new/"]
    paths += [f"/forms/submissions/{submission.pk}/", "/campaigns/new/", "/f/demo/thanks/"]
    page = visit(paths[0], user=marketer, width=width, theme=theme)
    for path in paths:
        page.goto(live_server.url + path)
        assert (path, overflow(page), violations(page)) == (path, 0, [])
