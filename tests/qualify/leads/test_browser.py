"""Leads are given away from the list, in a real browser."""

import pytest

from huoju.qualify.leads.models import Lead
from tests.browsing import Visit, violations
from tests.qualify.factory import make_lead, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_ticked_chosen_given_and_undone(visit: Visit) -> None:
    admin, seller = make_user("王", role="admin"), make_user("陈")
    lead = make_lead(fact=False).lead
    page = visit("/leads/", user=admin)
    page.check(f'input[name="ids"][value="{lead.pk}"]')
    bar = page.locator(".hj-bulk")
    bar.get_by_role("combobox", name="Assign").select_option(str(seller.pk))
    assert violations(page) == []
    bar.get_by_role("button", name="Assign").click()
    page.get_by_text("1 leads given to 陈.").wait_for()
    assert Lead.objects.get(pk=lead.pk).owner_id == seller.pk
    with page.expect_response("**/leads/assign/undo/") as undone:
        page.get_by_role("button", name="Undo").click()
    assert undone.value.status == 204
    assert Lead.objects.get(pk=lead.pk).owner_id is None
