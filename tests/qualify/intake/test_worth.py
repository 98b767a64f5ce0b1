"""A lead that is scored as it is made has the score, and stands at the stage, that the reader would have given it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from huoju.acquire.campaigns.models import Campaign, Channel
from huoju.core.facts import delivery, partitions
from huoju.core.facts.models import Fact
from huoju.qualify.intake.policy import Outcome
from huoju.qualify.leads.models import Lead, StageChange, Touch
from huoju.qualify.recognition import readers
from huoju.qualify.recognition.policy import judge
from huoju.qualify.recognition.queries import RULES
from huoju.qualify.scoring.models import LeadScore
from huoju.qualify.scoring.operations import forget_scores, score_persons
from huoju.qualify.scoring.queries import list_scorable, scored_since
from tests.races import count_queries

from .given import NOW, incoming, li_na, take

ROWS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["", "李娜", "王强", "测试"]),
        "phone": st.sampled_from(["", "13651087243", "13900131234", "010-62345678"]),
        "email": st.sampled_from(["", "li.na@yuntu-data.cn", "wang@qq.com", "info@yuntu-data.cn"]),
        "company": st.sampled_from(
            ["", "北京云图数据科技有限公司", "云图数据", "杭州第一科技有限公司", "无"]
        ),
        "title": st.sampled_from(["", "市场总监", "CTO", "实习生"]),
        "company_size": st.sampled_from(["", "100-499人", "10人以下"]),
        "industry": st.sampled_from(["", "互联网", "制造业"]),
        "region": st.sampled_from(["", "广东省深圳市", "北京"]),
    }
)
DOORS = st.fixed_dictionaries(
    {
        "via": st.sampled_from(["form", "api", "import"]),
        "purpose": st.sampled_from(["", "trial", "contact", "white_paper"]),
        "channel": st.sampled_from(["", "sem", "世界数据展"]),
        "campaign_id": st.sampled_from([None, "fair"]),
        "external_id": st.sampled_from(["", "crm:1", "crm:2"]),
    }
)


class WorthTest(TestCase):
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.lists(st.tuples(ROWS, DOORS), min_size=1, max_size=6), min_size=1, max_size=3))
    def test_equals_what_the_reader_makes_of_it(
        self, batches: list[list[tuple[dict[str, Any], dict[str, Any]]]]
    ) -> None:
        partitions.ensure(NOW)
        channel = Channel.objects.create(code="fair-2026", name="世界数据展")
        campaign = Campaign.objects.create(name="秋季展", code="autumn", channel=channel, created_at=NOW)
        for number, batch in enumerate(batches):
            before = set(LeadScore.objects.values_list("pk", flat=True))
            rows = []
            for at, (typed, door) in enumerate(batch):
                fair = {"campaign_id": campaign.pk if door["campaign_id"] else None}
                rows.append(incoming(f"row:{number}/{at}", **typed, **{**door, **fair}))
            take(*rows)
            # Now, not at the end: what a later batch tells of a company counts from the next fact on.
            _compare(LeadScore.objects.exclude(pk__in=before).values_list("pk", flat=True))


def _compare(made: Iterable[int]) -> None:
    """These leads have the score and stand at the stage that the database and the reader's own way give them."""
    ids = sorted(made)
    at_the_door = _scores()
    leads = {pk: rest for pk, *rest in Lead.objects.values_list("pk", "stage", "score", "band")}
    with transaction.atomic():
        forget_scores()
        persons = Lead.objects.filter(pk__in=ids).values_list("person_id", flat=True)
        score_persons(dict.fromkeys(persons, NOW), now=NOW)
        by_the_reader = _scores()
        judged = (
            {
                lead.lead_id: judge(lead.profile, lead.score, RULES.active()).is_mql
                for lead in list_scorable(lead_ids=ids)
            }
            if ids
            else {}
        )
        transaction.set_rollback(True)
    for lead_id in ids:
        assert at_the_door[lead_id] == by_the_reader[lead_id]
        stage, score, band = leads[lead_id]
        assert (score, band) == (at_the_door[lead_id][0], at_the_door[lead_id][3])
        assert stage == ("mql" if judged[lead_id] else "lead")


def _scores() -> dict[int, tuple[Any, ...]]:
    rows = LeadScore.objects.values_list(
        "pk", "total", "fit", "engagement", "band", "lines", "rules_version", "as_of"
    )
    return {pk: tuple(rest) for pk, *rest in rows}


@pytest.mark.django_db
class TestAtTheDoor:
    def test_a_ripe_lead_begins_as_mql_with_its_history(self) -> None:
        (taken,) = take(li_na("submission:1", via="form", purpose="trial", company_size="100-499人"))
        assert taken.outcome is Outcome.NEW
        lead = Lead.objects.get()
        assert (lead.stage, lead.mql_at, lead.stage_actor) == ("mql", NOW, "rule:mql/1")
        assert (lead.score, lead.band) == tuple(LeadScore.objects.values_list("total", "band").get())
        (step,) = StageChange.objects.all()
        assert (step.from_stage, step.to_stage, step.at, step.actor, step.reason) == (
            *("lead", "mql", NOW, "rule:mql/1"),
            lead.stage_reason,
        )
        told = Fact.objects.get(kind="lead.stage_changed")
        assert (told.actor, told.source, told.payload["rule"]) == ("rule:mql/1", "recognition", "mql/1")

    def test_the_reader_leaves_it_alone(self) -> None:
        (taken,) = take(li_na("submission:1"))
        assert taken.lead_id is not None
        assert scored_since({taken.lead_id: NOW}) == {taken.lead_id}
        captured = delivery.read(["lead.captured"], after=(0, UUID(int=0)), below=2**62, limit=10)
        # The version of the rules, and whose score is fresh.
        assert count_queries(lambda: readers.handle(captured, NOW)) == 2

    def test_a_row_that_joins_in_the_same_batch_is_left_to_the_reader(self) -> None:
        take(li_na("submission:1"), incoming("submission:2", phone="+86-13651087243", name="李 娜"))
        assert Touch.objects.count() == 2
        assert LeadScore.objects.count() == 0
        assert Lead.objects.get().stage == "lead"
