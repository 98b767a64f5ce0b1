"""Shared and flooded identifiers: bounded, and explained."""

import pytest

from huoju.core.facts.models import Fact
from huoju.hub.identity.models import Identifier as Row
from huoju.hub.identity.models import MergeProposal
from huoju.hub.identity.operations import PersonHint, resolve_batch
from huoju.hub.identity.policy import KIND_RULES, IdentifierKind
from tests.hub.identity.people import NOW, email, mobile, visitor

pytestmark = pytest.mark.django_db


def test_one_mobile_on_ten_thousand_leads_is_bounded_and_explained() -> None:
    """The mobile's person takes five addresses; everybody else is somebody of their own, and says why."""
    rows = [PersonHint(identifiers=(mobile(1), email(f"m{number}"))) for number in range(10_000)]
    found = [each.person_id for each in resolve_batch(rows, actor="test", source="test", now=NOW)]
    owner = found[0]
    limit = KIND_RULES[IdentifierKind.EMAIL].max_per_person
    assert found.count(owner) == limit
    assert len(set(found)) == 10_000 - limit + 1
    assert Row.objects.filter(person_id=owner).count() == limit + 1
    assert not MergeProposal.objects.exists()
    told = Fact.objects.filter(kind="person.kept_apart")
    assert told.count() == 10_000 - limit
    assert told.order_by("id")[0].payload == {"kind": "mobile", "reason": "limit", "other_person_id": owner}


def test_a_flood_of_browsers_joins_nobody() -> None:
    rows = [PersonHint(identifiers=(mobile(number), visitor("shared-kiosk"))) for number in range(50)]
    found = {each.person_id for each in resolve_batch(rows, actor="test", source="test", now=NOW)}
    assert len(found) == 50
    assert Row.objects.filter(kind="visitor").count() == 1


def test_whoever_has_too_many_browsers_keeps_the_first() -> None:
    limit = KIND_RULES[IdentifierKind.VISITOR].max_per_person
    for number in range(0, limit + 20, 10):
        browsers = [visitor(f"browser-{each:04}") for each in range(number, number + 10)]
        resolve_batch([PersonHint(identifiers=(mobile(1), *browsers))], actor="test", source="test", now=NOW)
    assert Row.objects.filter(kind="visitor").count() == limit
