"""What a lead's facts make of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.convert.deals.facts import OpportunityWon
from huoju.measure.funnel.policy.fold import TIMED, FoldedLead, MissingLeadError, fold
from huoju.qualify.leads.facts import (
    LeadAssigned,
    LeadCaptured,
    LeadRestored,
    LeadStageChanged,
    LeadUpdated,
    LeadWarned,
    LeadWithdrawn,
)
from huoju.qualify.leads.policy import Stage, first_times

T0 = datetime(2026, 3, 1, 9, tzinfo=UTC)


def at(day: int) -> datetime:
    return T0 + timedelta(days=day)


def captured(**more: Any) -> LeadCaptured:
    return LeadCaptured(lead_id=1, via="form", **more)


def moved(to: str, source: str = "lead") -> LeadStageChanged:
    return LeadStageChanged(lead_id=1, from_stage=source, to_stage=to)


def folded(*facts: tuple[Any, int]) -> FoldedLead:
    lead = None
    for fact, day in facts:
        lead = fold(lead, fact, at(day))
    assert lead is not None
    return lead


def test_a_life() -> None:
    lead = folded(
        (captured(channel_id=3, region="44", keyword="数据"), 0),
        (moved("mql"), 2),
        (LeadAssigned(lead_id=1, owner_id=7, sdr_id=9), 2),
        (moved("sql", "mql"), 3),
        (LeadAssigned(lead_id=1, owner_id=8), 4),
        (
            LeadUpdated(
                lead_id=1, changes={"channel_id": None, "industry": "software", "company_id": 5, "grade": "x"}
            ),
            5,
        ),
        (moved("opportunity", "sql"), 9),
        (OpportunityWon(lead_id=1, opportunity_id=2, amount=Decimal("1200.50"), currency="CNY"), 30),
        (moved("won", "opportunity"), 30),
    )
    assert lead.stage is Stage.WON
    assert lead.times == {
        Stage.LEAD: at(0), Stage.MQL: at(2), Stage.SQL: at(3), Stage.OPPORTUNITY: at(9), Stage.WON: at(30),
    }  # fmt: skip
    assert (lead.owner_id, lead.sdr_id) == (8, 9)
    assert lead.dimensions == {
        "channel_id": None, "campaign_id": None, "keyword": "数据", "landing_page": "", "product": "", "region": "44",
        "industry": "software", "size": "", "segment": "",
    }  # fmt: skip
    assert (lead.won_amount, lead.won_currency) == (Decimal("1200.50"), "CNY")


def test_warnings_gather_and_a_withdrawal_stays() -> None:
    lead = folded(
        (captured(), 0), (LeadWarned(lead_id=1, codes=["b", "a"]), 0), (LeadWarned(lead_id=1, codes=["a"]), 1)
    )
    assert lead.warnings == {"a", "b"}
    assert not lead.withdrawn
    assert fold(lead, LeadWithdrawn(lead_id=1, reason="import"), at(2)).withdrawn


def test_a_repeated_capture_changes_nothing() -> None:
    lead = folded((captured(region="44"), 0), (moved("mql"), 1), (captured(region="11"), 2))
    assert (lead.stage, lead.dimensions["region"], lead.times[Stage.LEAD]) == (Stage.MQL, "44", at(0))


@pytest.mark.parametrize("named", [{"lead": at(0), "mql": at(1)}, {"captured_at": at(0), "mql_at": at(1)}])
def test_restored_to_what_it_was(named: dict[str, datetime | None]) -> None:
    restored = LeadRestored(
        lead_id=1,
        import_id=4,
        stage="mql",
        times={**named, "won": None},
        owner_id=None,
        dimensions={"region": "31"},
    )
    lead = folded(
        (captured(region="44"), 0),
        (moved("mql"), 1),
        (OpportunityWon(lead_id=1, opportunity_id=2, amount=Decimal(5)), 3),
        (moved("won"), 3),
        (restored, 9),
    )
    assert lead.stage is Stage.MQL
    assert lead.times == {Stage.LEAD: at(0), Stage.MQL: at(1)}
    assert (lead.won_amount, lead.owner_id, lead.dimensions["region"]) == (None, None, "31")


@pytest.mark.parametrize(
    "fact", [moved("mql"), LeadWithdrawn(lead_id=1, reason=""), LeadWarned(lead_id=1, codes=[])]
)
def test_a_lead_that_nobody_captured_is_an_error(fact: Any) -> None:
    with pytest.raises(MissingLeadError):
        fold(None, fact, T0)


@given(st.lists(st.tuples(st.sampled_from(list(Stage)), st.integers(-50, 50)), max_size=12))
def test_first_times_are_those_of_the_lifecycle(steps: list[tuple[Stage, int]]) -> None:
    lead = folded((captured(), 0), *((moved(stage.value), day) for stage, day in steps))
    expected: dict[Stage, datetime] = {Stage.LEAD: at(0)}
    for stage, day in steps:
        if stage in TIMED and stage is not Stage.LEAD:
            expected = first_times(expected, stage, at(day))
    assert lead.times == expected
    assert lead.stage is (steps[-1][0] if steps else Stage.LEAD)
