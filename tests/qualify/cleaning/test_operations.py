from datetime import UTC, datetime

import pytest

from huoju.core.facts.models import Fact
from huoju.core.rules import InvalidRulesError
from huoju.qualify.cleaning.operations import activate, save_version
from huoju.qualify.cleaning.policy import DEFAULT_RULES, Code, Step, Submission, clean_one
from huoju.qualify.cleaning.queries import RULES, active_rules

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RIVAL = {
    "step": "competitors",
    "code": None,
    "enabled": True,
    "verdict": None,
    "params": {"domains": ["rival.cn"]},
}
SUBMISSION = Submission(name="王强", email="wang@rival.cn")


@pytest.mark.django_db
class TestVersions:
    def test_the_rules_that_ship_decide_until_others_are_activated(self) -> None:
        assert active_rules().version == 1
        assert active_rules().rules == DEFAULT_RULES.rules
        assert active_rules() is active_rules()  # policies cache by identity
        saved = save_version(rules=[RIVAL], note="rival", user_id=None, now=NOW)
        assert (saved.version, active_rules().version) == (2, 1)
        assert clean_one(SUBMISSION, active_rules()).passed
        assert activate(version=2, actor="user:1", now=NOW)
        assert not activate(version=2, actor="user:1", now=NOW)
        cleaned = clean_one(SUBMISSION, active_rules())
        assert cleaned.decided_by is not None
        assert (cleaned.decided_by.step, cleaned.decided_by.code) == (Step.COMPETITORS, Code.COMPETITOR)
        fact = Fact.objects.get()
        assert (fact.kind, fact.payload) == ("cleaning_rules.activated", {"version": 2})
        assert [row.version for row in RULES.versions()] == [2, 1]

    @pytest.mark.parametrize(
        "rule",
        [{"step": "nonsense"}, {"step": "test", "params": {"words": "x"}}, {**RIVAL, "verdict": "maybe"}],
    )
    def test_rules_that_make_no_sense_are_not_saved(self, rule: dict[str, object]) -> None:
        with pytest.raises(InvalidRulesError):
            save_version(rules=[rule], note="", user_id=None, now=NOW)
