"""Rules leave codes in the log; a timeline shows them as words, in the reader's language."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import translation

from huoju.core.facts.models import Fact
from huoju.core.facts.telling import tell
from huoju.core.ui.parts import Event

AT = datetime(2026, 3, 9, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def read(language: str, kind: str, actor: str, **payload: Any) -> Event:
    """The fact as an entry of a timeline."""
    fact = Fact(kind=kind, payload={"lead_id": 1, **payload}, actor=actor, occurred_at=AT, version=1)
    with translation.override(language):
        (event,) = tell([fact])
        return Event(at=event.at, title=str(event.title), text=str(event.text), actor=str(event.actor))


@pytest.mark.parametrize(
    ("language", "actor", "text"),
    [
        ("en", "MQL criteria v1", "Standard: Company name is usable, Score is high enough"),
        ("zh-hans", "MQL 标准 v1", "标准：公司名可用、评分足够高"),
    ],
)
def test_why_a_lead_is_an_mql(language: str, actor: str, text: str) -> None:
    event = read(
        language, "lead.stage_changed", "rule:mql/1",
        from_stage="lead", to_stage="mql", rule="mql/1", reason="standard: company, min_score",
    )  # fmt: skip
    assert (event.actor, event.text) == (actor, text)


def test_why_somebody_got_a_lead() -> None:
    event = read(
        "en", "lead.assigned", "rule:routing/1",
        owner_id=None, rule="routing/1", trace=["owner:no_owner", "region:turn"],
    )  # fmt: skip
    assert event.actor == "Routing rules v1"
    assert event.text == (
        "Stays with its owner: Nobody owns this contact or account yet\n"
        "By region, in turn: Matched; next in turn"
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Stays with its owner: Matched; its owner takes it"),
        ("zh-hans", "归原负责人：匹配；由原负责人接手"),
    ],
)
def test_an_answer_is_not_read_as_the_rule_of_the_same_code(language: str, text: str) -> None:
    event = read(
        language, "lead.assigned", "rule:routing/1", owner_id=None, rule="routing/1", trace=["owner:owner"]
    )
    assert event.text == text


@pytest.mark.parametrize("rule", ["", "history", "mql/99"])
def test_what_people_write_and_lost_versions_stay_as_they_are(rule: str) -> None:
    event = read(
        "en", "lead.stage_changed", "user:0",
        from_stage="lead", to_stage="disqualified", rule=rule, reason="rude: hangs up, twice",
    )  # fmt: skip
    assert event.text == "rude: hangs up, twice"
