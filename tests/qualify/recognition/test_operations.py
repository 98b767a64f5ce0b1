"""MQLs: by the criteria in one pass with the score, by hand, and what people put back."""

from datetime import timedelta
from typing import Any

import pytest

from huoju.core import jobs
from huoju.core.access.policy import Role
from huoju.core.facts import delivery
from huoju.core.facts.models import Fact
from huoju.core.facts.replay import replay
from huoju.core.rules import InvalidRulesError
from huoju.qualify.leads import operations as leads
from huoju.qualify.leads.facts import LeadTouched, LeadUpdated
from huoju.qualify.leads.models import Lead, StageChange
from huoju.qualify.leads.operations import Moved, Refused
from huoju.qualify.leads.policy import By, Refusal, Stage
from huoju.qualify.recognition import operations, queries
from huoju.qualify.recognition.readers import recognition_reader
from huoju.qualify.scoring import operations as scoring
from huoju.qualify.scoring.models import LeadScore
from huoju.qualify.scoring.queries import RULES
from tests.qualify.factory import NOW, Known, days_ago, make_lead, tell

READER = recognition_reader()
pytestmark = pytest.mark.django_db

GOOD: dict[str, Any] = {"title": "数据部经理", "size": "500-999", "mobile": "+8613800000001"}
ALL_MET = "standard: company, reachable, title, size, not_student, not_test, not_blocked, min_score"


def drain() -> int:
    return delivery.drain([READER], horizon="own")


def stage(known: Known) -> str:
    return Lead.objects.values_list("stage", flat=True).get(pk=known.lead.pk)


def put_back(known: Known, to: Stage) -> None:
    move = leads.Move(lead_id=known.lead.pk, to=to, reason="not yet")
    leads.advance_batch([move], mover=Role.MARKETING, actor="user:1", now=NOW)


def test_a_lead_that_meets_the_criteria_becomes_an_mql_and_says_why() -> None:
    good, poor = make_lead(company="好公司", **GOOD), make_lead(company=None, title="", email="x@qq.com")
    drain()
    assert (stage(good), stage(poor)) == ("mql", "lead")
    fact = Fact.objects.get(kind="lead.stage_changed")
    assert fact.payload | {"lead_id": 0} == {
        "lead_id": 0, "from_stage": "lead", "to_stage": "mql", "reason": ALL_MET, "rule": "mql/1",
    }  # fmt: skip
    assert fact.actor == "rule:mql/1"
    change = StageChange.objects.filter(lead_id=good.lead.pk).latest("id")
    assert (change.to_stage, change.actor, change.reason) == ("mql", "rule:mql/1", ALL_MET)
    explained = queries.explain(poor.lead.pk)
    assert explained is not None
    assert explained.verdict.missing == ("company", "reachable", "title", "size", "min_score")
    assert queries.explain(0) is None


def test_a_lead_becomes_an_mql_when_what_was_missing_becomes_known() -> None:
    known = make_lead(company="好公司", title="数据部经理", mobile="+8613800000001")
    drain()
    assert stage(known) == "lead"
    leads.update_batch(
        [leads.LeadChange(lead_id=known.lead.pk, changes={"size": "500-999"})], actor="user:1", now=NOW
    )
    drain()
    assert stage(known) == "mql"


def test_what_people_put_back_is_judged_again_only_after_fresh_interest() -> None:
    known = make_lead(company="好公司", captured_at=days_ago(3), **GOOD)
    drain()
    put_back(known, Stage.NURTURING)
    tell(LeadUpdated(lead_id=known.lead.pk, changes={}), person=known.person)
    tell(LeadTouched(lead_id=known.lead.pk, via="form"), person=known.person, at=days_ago(1))
    drain()
    assert stage(known) == "nurturing"
    tell(LeadTouched(lead_id=known.lead.pk, via="form"), person=known.person, at=NOW + timedelta(hours=1))
    drain()
    assert stage(known) == "mql"


def test_by_hand_the_criteria_do_not_matter_but_the_role_does() -> None:
    poor = make_lead(company=None, title="")
    drain()
    by_sales, by_marketing = (
        operations.mark(
            lead_ids=[poor.lead.pk], role=role, actor="user:1", now=NOW, reason="met at the fair"
        )[0]
        for role in (Role.SALES, Role.TELEMARKETING)
    )
    assert isinstance(by_sales, Refused)
    assert by_sales.reason is Refusal.NOT_ALLOWED
    assert isinstance(by_marketing, Moved)
    assert stage(poor) == "mql"


def test_new_criteria_judge_the_leads_that_are_there() -> None:
    known = make_lead(company="好公司", title="数据部经理", mobile="+8613800000001")  # size unknown
    drain()
    rules = [rule | {"criteria": [each for each in rule["criteria"] if each["code"] != "size"]}
             for rule in queries.RULES.default()]  # fmt: skip
    row = operations.save_version(rules=rules, note="size may follow", user_id=None, now=NOW)
    assert stage(known) == "lead"
    assert operations.activate(version=row.version, actor="user:1", now=NOW)
    drain()
    assert jobs.run_waiting() == 1
    assert stage(known) == "mql"
    assert Fact.objects.get(kind="lead.stage_changed").payload["rule"] == "mql/2"


def test_new_scoring_rules_score_and_judge_the_leads_that_are_there() -> None:
    known = make_lead(company="好公司", title="职员", size="20-99", mobile="+8613800000001", via="import")
    drain()
    assert stage(known) == "lead"
    assert LeadScore.objects.get(lead_id=known.lead.pk).total == 25  # of the 30 that are needed
    rules = RULES.default()
    rules["fit"].append(
        {
            "code": "any",
            "label": "Named",
            "points": 5,
            "when": [{"field": "has_name", "op": "is", "value": True}],
        }
    )
    scoring.save_version(rules=rules, note="", user_id=None, now=NOW)
    scoring.activate(version=2, actor="user:1", now=NOW)
    drain()
    jobs.run_waiting()
    assert stage(known) == "mql"
    assert LeadScore.objects.get(lead_id=known.lead.pk).total == 30


def test_a_replay_derives_scores_and_moves_nobody() -> None:
    known = make_lead(company="好公司", **GOOD)
    drain()
    before = LeadScore.objects.values().get(lead_id=known.lead.pk)
    leads.advance_batch(
        [leads.Move(lead_id=known.lead.pk, to=Stage.LEAD)], mover=By.HISTORY, actor="test", now=NOW
    )
    Lead.objects.filter(pk=known.lead.pk).update(mql_at=None)
    facts = Fact.objects.count()
    replay(READER, horizon="own")
    assert stage(known) == "lead"
    assert LeadScore.objects.values().get(lead_id=known.lead.pk) == before
    assert Fact.objects.count() == facts


def test_criteria_without_sense_are_refused() -> None:
    with pytest.raises(InvalidRulesError):
        operations.save_version(
            rules=[{"code": "x", "label": "X", "criteria": []}], note="", user_id=None, now=NOW
        )
