"""The editor in a real browser: by keyboard, with a live count, in both languages and on a phone."""

import re
from typing import Any

import pytest

from huoju.core.access.models import User
from huoju.core.access.policy import Role
from huoju.hub.identity.models import Person
from huoju.hub.segments.models import Segment
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
