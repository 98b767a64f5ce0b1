"""The inbox in a real browser: a double click counts once, and the content security policy has nothing to refuse."""

import pytest
from playwright.sync_api import Page, expect

from huoju.qualify.leads.policy import Stage
from tests.browsing import Visit
from tests.convert.selling import lead_at, person_of_role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def posts(page: Page) -> list[int]:
    """What the page's posts are answered with, from now on."""
    answers: list[int] = []
    page.on("response", lambda said: answers.append(said.status) if said.request.method == "POST" else None)
    return answers


def test_accepting_twice_in_the_inbox_takes_one_lead(visit: Visit) -> None:
    """By double click, then by a key pressed twice: one lead each, the third waits. What a script has styled (as
    dropdowns and charts are) is swapped without a complaint: the fixture fails on any."""
    seller = person_of_role("sales")
    for _ in range(3):
        lead_at(Stage.MQL, seller)
    page = visit("/sales/inbox/", user=seller)
    answers = posts(page)
    page.evaluate("document.getElementById('reject').style.color = 'red'")
    page.get_by_role("button", name="Accept").dblclick()
    expect(page.locator("[data-case]")).to_have_count(2)
    expect(page.locator("[data-case].htmx-request")).to_have_count(0)
    page.evaluate("document.getElementById('reject').style.color = 'red'")
    page.evaluate("['a', 'a'].forEach(key => document.body.dispatchEvent("
                  "new KeyboardEvent('keydown', {key, bubbles: true})))")  # fmt: skip
    expect(page.locator("[data-case]")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    assert answers == [204, 204]


def test_accepting_twice_on_the_page_of_the_lead(visit: Visit) -> None:
    seller = person_of_role("sales")
    lead = lead_at(Stage.MQL, seller)
    page = visit(f"/leads/{lead.pk}/", user=seller)
    answers = posts(page)
    page.get_by_role("button", name="Accept").dblclick()
    expect(page.get_by_role("link", name="Log a call")).to_be_visible()
    assert answers == [204]
