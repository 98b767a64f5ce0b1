"""The sample company has something to decide in each queue, and merges that can be undone."""

import pytest

from huoju.hub.companies import queries as companies
from huoju.hub.companies.models import CompanyMerge
from huoju.hub.companies.operations import study_all
from huoju.hub.identity import queries as identity
from huoju.hub.identity.policy import Method
from huoju.hub.matching import running
from huoju.hub.matching.models import MatchingRun
from huoju.site.sample.load import load_if_empty
from tests.hub.identity.people import NOW


@pytest.mark.django_db(transaction=True)
def test_every_queue_has_something_to_decide() -> None:
    assert load_if_empty(leads=120)
    study_all(now=NOW)
    running.carry_out(MatchingRun.objects.get().pk)
    by_method = dict.fromkeys((Method.RULE, Method.SPLINK), 0)
    for waiting in identity.list_queue(100):
        by_method[Method(waiting.method)] += 1
        assert waiting.evidence
    assert by_method[Method.RULE] >= 2
    assert by_method[Method.SPLINK] >= 3
    assert len(companies.list_suggestions(limit=50)) >= 3
    assert CompanyMerge.objects.filter(unmerged_at=None).count() == 2
    assert identity.list_merges().count() >= 4
