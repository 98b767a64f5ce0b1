"""Merge review in a real browser: worked through by keyboard."""

import pytest
from django.db import transaction
from playwright.sync_api import expect

from huoju.hub.identity.models import Alias, MergeProposal
from huoju.hub.identity.operations import propose_batch
from huoju.hub.identity.policy import Agreement, Evidence, Method, Suggestion
from tests.browsing import Visit, violations
from tests.hub.identity.people import NOW, email, mobile, person
from tests.qualify.factory import make_user
from tests.races import committed_log

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_queue_is_worked_by_keyboard(visit: Visit) -> None:
    with committed_log(NOW):
        with transaction.atomic():
            one = person(mobile(1), name="李娜", title="市场总监", region="44")
            two = person(email("li"), mobile(2), name="Li Na", region="44")
            three = person(email("wang"), name="王强")
            evidence = (
                Evidence("name", "李娜", "Li Na", Agreement.CLOSE, 4.2),
                Evidence("region", "44", "44", Agreement.EXACT, 1.1),
            )
            pairs = [Suggestion(one, two, 0.97, evidence), Suggestion(one, three, 0.42, evidence[:1])]
            propose_batch(pairs, method=Method.SPLINK, actor="test", source="test", now=NOW)
        page = visit("/people/merges/", user=make_user("孙", role="marketing", language="en"))
        assert violations(page) == []
        panel = page.locator("#case")
        expect(panel).to_contain_text("李娜 = Li Na")
        page.keyboard.press("m")
        expect(panel).to_contain_text("李娜 = 王强")
        assert list(Alias.objects.values_list("person_id", "profile_id")) == [(two, one)]
        page.keyboard.press("x")
        expect(page.locator("main")).to_contain_text("Nothing to decide")
        assert list(MergeProposal.objects.order_by("pk").values_list("decision", flat=True)) == [
            "merged",
            "different",
        ]
