"""The pages of companies in a real browser: nothing overflows, axe agrees, a pair is decided by one key."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction

from huoju.core.access.models import User
from huoju.hub.companies import operations, queries
from huoju.hub.companies.models import Company, Suggestion
from tests.browsing import Visit, overflow, violations
from tests.qualify.factory import make_lead, make_user
from tests.races import committed_log

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHOTS = os.environ.get("HUOJU_SCREENSHOTS")


@pytest.fixture
def admin(transactional_db: None) -> User:
    return make_user("王", role="admin")


@pytest.fixture
def known(admin: User) -> Suggestion:
    """A group, a lead and two companies that may be one."""
    rows = [
        ("深圳火炬科技有限公司", "91440300708461136T"),
        ("火炬科技", None),
        ("火炬集团有限公司", None),
        ("东方红医疗器械股份有限公司", None),
    ]
    made = [
        Company.objects.create(name=name, key=name, uscc=uscc, source="form", size="100-499", created_at=NOW)
        for name, uscc in rows
    ]
    make_lead(company=made[0], fact=False, title="技术总监")
    with transaction.atomic():
        operations.update_company(
            company_id=made[0].pk, changes={"parent": made[2].pk}, actor="user:1", now=NOW
        )
        operations.add_domain(company_id=made[0].pk, domain="huoju.cn", actor="user:1", now=NOW)
    operations.study_all(now=NOW)
    return Suggestion.objects.filter(left_id=made[0].pk, right_id=made[1].pk).get()


@pytest.mark.parametrize(
    ("path", "language", "theme", "width"),
    [
        ("/companies/{left}/", "zh-hans", "light", 1440),
        ("/companies/{left}/", "en", "dark", 390),
        ("/companies/{left}/merge/?with={right}", "zh-hans", "dark", 390),
        ("/companies/duplicates/", "en", "light", 1440),
    ],
)
def test_the_pages_are_sound(
    visit: Visit, admin: User, known: Suggestion, path: str, language: str, theme: str, width: int
) -> None:
    path = path.format(left=known.left_id, right=known.right_id)
    page = visit(path, user=admin, language=language, theme=theme, width=width)
    page.wait_for_load_state("networkidle")
    if SHOTS:
        name = path.partition("?")[0].strip("/").replace("/", "-")
        page.screenshot(path=Path(SHOTS) / f"{name}-{language}-{theme}-{width}.png", full_page=True)
    assert overflow(page) <= 0
    assert violations(page) == []


def test_a_pair_is_decided_by_a_key(visit: Visit, admin: User, known: Suggestion) -> None:
    with committed_log(NOW):
        page = visit("/companies/duplicates/", user=admin)
        page.wait_for_load_state("networkidle")
        with page.expect_response(lambda answer: "/decide/" in answer.url) as answer:
            page.keyboard.press("1")
        assert answer.value.status == 204
        assert queries.mains_of([known.right_id]) == {known.right_id: known.left_id}
