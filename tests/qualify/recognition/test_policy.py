"""MQL criteria."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from huoju.core.conditions import Condition, Op
from huoju.qualify.leads.policy import Profile, Stage
from huoju.qualify.recognition.policy import (
    DEFAULT_RULES,
    Criterion,
    CriterionResult,
    Judgement,
    MqlRule,
    MqlRules,
    judge,
    may_be_judged,
    rules_as_json,
    rules_from_json,
    validate,
)

GOOD = Profile(
    company_usable=True,
    email_class="work",
    title="CTO",
    seniority="c_level",
    company_size="100-499",
    employees=100,
    source="sem",
)


def test_a_lead_that_meets_every_criterion_is_an_mql() -> None:
    verdict = judge(GOOD, 40, DEFAULT_RULES)
    assert verdict.is_mql
    assert (verdict.judgement, verdict.rule, verdict.version) == (Judgement.MQL, "standard", 1)
    assert verdict.missing == ()


@pytest.mark.parametrize(
    ("profile", "score", "missing"),
    [
        (replace(GOOD, company_usable=False), 40, ("company",)),
        (replace(GOOD, email_class="free"), 40, ("reachable",)),
        (replace(GOOD, email_class="free", has_mobile=True), 40, ()),
        (replace(GOOD, email_class="disposable"), 40, ("reachable",)),
        (replace(GOOD, title="", seniority=""), 40, ("title",)),
        (replace(GOOD, company_size=""), 40, ("size",)),
        (replace(GOOD, seniority="student"), 40, ("not_student",)),
        (replace(GOOD, is_test=True), 40, ("not_test",)),
        (replace(GOOD, is_blocked=True), 40, ("not_blocked",)),
        (GOOD, 29, ("min_score",)),
        (GOOD, 30, ()),
        (Profile(), 0, ("company", "reachable", "title", "size", "min_score")),
    ],
)
def test_what_is_missing_is_named(profile: Profile, score: int, missing: tuple[str, ...]) -> None:
    verdict = judge(profile, score, DEFAULT_RULES)
    assert verdict.missing == missing
    assert verdict.is_mql is (missing == ())


def test_a_referral_needs_less() -> None:
    profile = replace(GOOD, source="referral", title="", seniority="", company_size="")
    verdict = judge(profile, 0, DEFAULT_RULES)
    assert (verdict.rule, verdict.is_mql) == ("vouched", True)


def test_the_first_rule_that_covers_the_lead_judges_it() -> None:
    known = Criterion("title", "Title", (Condition("title", Op.KNOWN),))
    rules = MqlRules(
        5,
        (
            MqlRule("lake_sem", "Lake by SEM", (known,), products=("lake",), sources=("sem",)),
            MqlRule("lake", "Lake", (), min_score=50, products=("lake",)),
        ),
    )
    by_sem = replace(GOOD, product="lake")
    assert judge(by_sem, 0, rules).rule == "lake_sem"
    assert judge(replace(by_sem, source="seo"), 60, rules).rule == "lake"
    verdict = judge(replace(by_sem, product="other"), 99, rules)
    assert (verdict.judgement, verdict.rule, verdict.version, verdict.trace) == (Judgement.NOT_YET, "", 5, ())


def test_the_trace_lists_every_criterion_in_order() -> None:
    rule = MqlRule(
        "r",
        "R",
        (
            Criterion("a", "A", (Condition("title", Op.KNOWN), Condition("industry", Op.KNOWN))),
            Criterion("b", "B", (Condition("has_mobile", Op.IS, True),)),
        ),
        min_score=10,
    )
    verdict = judge(Profile(industry="retail"), 10, MqlRules(1, (rule,)))
    assert verdict.trace == (
        CriterionResult("a", "A", True),
        CriterionResult("b", "B", False),
        CriterionResult("min_score", "Score is high enough", True),
    )


def test_the_rules_that_ship_are_sound_and_survive_their_row() -> None:
    assert validate(DEFAULT_RULES) == []
    assert rules_from_json(1, rules_as_json(DEFAULT_RULES)).rules == DEFAULT_RULES.rules


def test_rules_that_make_no_sense_are_named() -> None:
    bad = MqlRules(
        1,
        (
            MqlRule("all", "All", ()),
            MqlRule(
                "all", "All", (Criterion("x", "X", ()), Criterion("y", "Y", (Condition("no", Op.KNOWN),)))
            ),
        ),
    )
    assert validate(bad) == [
        "all: without criteria every lead would be an MQL",
        "rule 'all' stands twice",
        "all: never reached, an earlier rule covers every lead",
        "all, x: a criterion without conditions is never met",
        "all, y: unknown field 'no'",
    ]


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"code": "a", "label": "A", "min_score": "5"},
        {"code": "a", "label": "A", "criteria": {}},
        {"code": "a", "label": "A", "products": "lake"},
        {"code": "a", "label": "A", "criteria": [{"code": "b"}]},
    ],
)
def test_a_malformed_row_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        rules_from_json(1, [row])


@pytest.mark.parametrize(
    ("came", "judged"),
    [(None, False), (datetime(2026, 1, 1, tzinfo=UTC), False), (datetime(2026, 3, 1, tzinfo=UTC), True)],
)
def test_what_another_system_brought_in_is_judged_after_fresh_interest(
    came: datetime | None, judged: bool
) -> None:
    brought_in = datetime(2026, 2, 1, tzinfo=UTC)
    answer = may_be_judged(Stage.LEAD, was_mql=False, stage_at=brought_in, came_at=came, given=True)
    assert answer is judged
