"""The editor in a real browser: by keyboard, with a live count, in both languages and on a phone."""

import re
from typing import Any

import pytest
from django.utils import timezone

from huoju.core.access.models import User
from huoju.core.access.policy import Role
from huoju.hub.identity.models import Person
from huoju.hub.segments.models import Segment
from huoju.hub.segments.operations import create_segment
from tests.browsing import Visit, overflow, violations


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_segment_is_built_by_keyboard(visit: Visit, transactional_db: Any) -> None:
    """A row is added, changed and counted; the saved definition is what was drawn."""
    user = User.objects.create_user(
        username="m", email="m@x.cn", password="x", role=Role.MARKETING, language="en"
    )
    Person.objects.create(name="Grace Hopper", title="Admiral", country="US", created_at="2026-01-01T00:00Z")
    page = visit("/segments/new/", user=user)
    page.get_by_label("Name", exact=True).fill("Admirals")
    page.locator(".sg-row select").first.select_option("person.title")
    page.locator(".sg-row select").nth(1).select_option("contains")
    page.locator(".sg-row input").fill("admiral")
    page.locator(".sg-count strong", has_text="1").wait_for()
    page.get_by_text("Grace Hopper").wait_for()
    page.locator("[data-add=fact]").focus()
    page.keyboard.press("Enter")
    page.locator(".sg-row").nth(1).wait_for()
    page.locator(".sg-row select").nth(3).select_option("never")
    page.locator("[data-add=trait]").click()
    third = page.locator(".sg-row").nth(2)
    third.locator("select").first.select_option("person.country")
    third.locator("select").nth(1).select_option("one_of")
    third.locator(".sg-several select").select_option("US")
    third.locator(".sg-chip").nth(1).wait_for()
    third.get_by_role("button", name=re.compile("^Remove (?!United)")).first.press("Enter")
    assert violations(page) == []
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/segments/\d+/$"))
    definition = Segment.objects.get(name="Admirals").versions.get().definition
    first, second, third_one = definition["where"]["of"]
    assert (third_one["op"], third_one["value"]) == ("one_of", ["US"])
    assert first == {"type": "trait", "trait": "person.title", "op": "contains", "value": "admiral"}
    assert (second["at_least"], second["at_most"]) == (0, 0)
    phone = visit("/segments/new/", user=user, language="zh-hans", width=390, theme="dark")
    phone.locator(".sg-count").wait_for()
    assert overflow(phone) == 0


NESTED: dict[str, Any] = {
    "type": "all",
    "of": [
        {"type": "any", "of": [
            {"type": "not", "of": {"type": "trait", "trait": "person.country", "op": "one_of", "value": ["US"]}},
            {"type": "fact", "fact": "form.submitted", "at_least": 2, "at_most": 5, "days": 30},
        ]},
        {"type": "fact", "fact": "payment.recorded", "at_least": 0, "at_most": 0},
        {"type": "sequence", "steps": [
            {"fact": "form.submitted"}, {"fact": "opportunity.opened", "within_days": 14}, {"fact": "payment.recorded"},
        ]},
    ],
}  # fmt: skip


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_shape_is_edited_by_keyboard_on_a_phone(
    visit: Visit, transactional_db: Any, language: str
) -> None:
    """Nested groups, none of, absence, a range of times and a sequence: shown, changed by keys alone, and saved."""
    user = User.objects.create_user(
        username="m", email="m@x.cn", password="x", role=Role.MARKETING, language=language
    )
    made = create_segment(name="Nested", definition={"where": NESTED}, user_id=user.pk, now=timezone.now())
    page = visit(f"/segments/{made.pk}/edit/", user=user, language=language, width=390)
    page.locator(".sg-count").wait_for()
    assert (overflow(page), violations(page)) == (0, [])
    rows = page.locator(".sg-row")
    assert (page.locator(".sg-group").count(), rows.count()) == (3, 4)

    def press(locator: Any, *keys: str) -> None:
        locator.focus()
        for key in keys:
            page.keyboard.press(key)

    # The range of times: a step up in both fields. What has the focus keeps it when the row is drawn anew.
    often = rows.nth(1)
    press(often.locator("input[type=number]").nth(0), "ArrowUp")
    press(often.locator("input[type=number]").nth(1), "ArrowUp")
    press(often.locator("select").nth(2), "Home")
    assert page.evaluate("document.activeElement.value") == "ever"
    # Three groups deep: a value, another condition, and the group turned into its opposite.
    press(page.locator(".sg-group .sg-group").first.locator("[data-add=group]").first, "Enter")
    inner = page.locator(".sg-group .sg-group .sg-group .sg-group")
    press(inner.locator("input"), *"CTO")
    press(inner.locator("[data-add=fact]"), "Enter")
    press(inner.locator("select").first, "End")
    edges = "[...document.querySelectorAll('.sg select')].map(each => each.getBoundingClientRect().right)"
    assert max(page.evaluate(edges)) <= 390 - 16
    # The sequence: its last step moves up, by its own button.
    sequence = rows.last
    press(sequence.locator(".sg-head .ti-arrow-up").last.locator(".."), "Enter")
    # A row moves up twice, with one key pressed twice.
    press(sequence.locator(".sg-tools button").first, "Enter", "Enter")
    assert overflow(page) == 0
    page.locator("button[form=editor]").press("Enter")
    page.wait_for_url(re.compile(r"/segments/\d+/$"))
    where = made.versions.latest("number").definition["where"]
    moved, alternatives, absent = where["of"]
    assert [step["fact"] for step in moved["steps"]] == [
        "form.submitted",
        "payment.recorded",
        "opportunity.opened",
    ]
    assert (absent["at_least"], absent["at_most"]) == (0, 0)
    negated, often_now = alternatives["of"]
    title, asked = negated["of"]["of"][1]["of"]["of"]
    assert negated["of"]["of"][0] == NESTED["of"][0]["of"][0]["of"]
    assert (title["value"], asked["type"]) == ("CTO", "fact")
    assert often_now == {"type": "fact", "fact": "form.submitted", "at_least": 3, "at_most": 6}
