"""The explained score."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.core.conditions import Condition, Op
from huoju.qualify.leads.policy import Profile
from huoju.qualify.scoring.policy import (
    DEFAULT_RULES,
    Activity,
    Band,
    BandLine,
    EngagementLine,
    FitLine,
    Line,
    Part,
    Score,
    ScoreRules,
    Silence,
    rules_as_json,
    rules_from_json,
    score,
    validate,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RULES = ScoreRules(
    version=3,
    fit=(
        FitLine("mobile", "Mobile", 10, (Condition("has_mobile", Op.IS, True),)),
        FitLine("leader", "Leader", 30, (Condition("seniority", Op.IN, ("c_level",)),)),
        FitLine("student", "Student", -20, (Condition("seniority", Op.IS, "student"),)),
        FitLine(
            "big_it",
            "Big IT",
            25,
            (Condition("employees", Op.AT_LEAST, 500), Condition("industry", Op.IS, "software")),
        ),
    ),
    engagement=(
        EngagementLine("visit", "Visit", 8, 10, 20),
        EngagementLine("demo", "Demo", 40, 30, 45),
        EngagementLine("refused", "Refused", -10, 30, 15),
    ),
    silence=Silence(after_days=30, points=-5, times=3),
    bands=(BandLine(Band.A, 30, 20), BandLine(Band.B, 30, 0), BandLine(Band.C, 0, 20)),
)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def points(result: Score) -> dict[str, int]:
    return {line.code: line.points for line in result.lines}


def test_nobody_knows_anything() -> None:
    assert score(Profile(), [], RULES, NOW) == Score(0, 0, 0, Band.D, 3, ())


def test_a_score_explains_itself_line_by_line() -> None:
    profile = Profile(has_mobile=True, seniority="c_level")
    done = [Activity("visit", ago(0)), Activity("visit", ago(10)), Activity("demo", ago(30))]
    assert score(profile, done, RULES, NOW) == Score(
        fit=40,
        engagement=32,
        total=72,
        band=Band.A,
        version=3,
        lines=(
            Line(Part.FIT, "mobile", "Mobile", 10),
            Line(Part.FIT, "leader", "Leader", 30),
            Line(Part.ENGAGEMENT, "visit", "Visit", 12, 2, ago(0)),
            Line(Part.ENGAGEMENT, "demo", "Demo", 20, 1, ago(30)),
        ),
    )


@pytest.mark.parametrize(("days", "earned"), [(0, 40), (30, 20), (60, 10), (90, 5)])
def test_points_halve_at_the_half_life(days: int, earned: int) -> None:
    rules = replace(RULES, silence=None)
    assert points(score(Profile(), [Activity("demo", ago(days))], rules, NOW)) == {"demo": earned}


def test_many_small_things_reach_the_cap_of_their_kind() -> None:
    assert points(score(Profile(), [Activity("visit", NOW)] * 50, RULES, NOW)) == {"visit": 20}


def test_negative_points_have_a_cap_too_and_never_go_below_zero() -> None:
    result = score(Profile(), [Activity("refused", NOW)] * 5, RULES, NOW)
    assert points(result) == {"refused": -15, "floor": 15}
    assert result.engagement == 0


def test_fit_is_bounded_and_says_so() -> None:
    profile = Profile(has_mobile=True, seniority="c_level", employees=800, industry="software")
    result = score(profile, [], RULES, NOW)
    assert (result.fit, points(result)["ceiling"]) == (50, -15)


def test_all_conditions_of_a_line_must_hold() -> None:
    assert "big_it" not in points(score(Profile(employees=800), [], RULES, NOW))
    assert points(score(Profile(employees=500, industry="software"), [], RULES, NOW)) == {"big_it": 25}


@pytest.mark.parametrize(
    ("days", "penalty"), [(0, None), (29, None), (30, -5), (59, -5), (60, -10), (95, -15), (400, -15)]
)
def test_silence_costs_points_month_by_month(days: int, penalty: int | None) -> None:
    rules = replace(RULES, engagement=(EngagementLine("demo", "Demo", 45, 10_000, 45),))
    assert points(score(Profile(), [Activity("demo", ago(days))], rules, NOW)).get("silence") == penalty


def test_who_was_never_heard_of_did_not_fall_silent() -> None:
    assert "silence" not in points(score(Profile(), [Activity("refused", ago(100))], RULES, NOW))


def test_what_happens_later_does_not_count_yet() -> None:
    done = [Activity("demo", NOW + timedelta(seconds=1))]
    assert score(Profile(), done, RULES, NOW).total == 0
    assert score(Profile(), done, RULES, NOW + timedelta(seconds=1)).total == 40


def test_unknown_kinds_are_ignored() -> None:
    assert score(Profile(), [Activity("whatever", NOW)], RULES, NOW).lines == ()


@pytest.mark.parametrize(
    ("fit", "engagement", "band"),
    [(True, 40, Band.A), (True, 0, Band.B), (False, 40, Band.C), (False, 0, Band.D)],
)
def test_the_band_is_fit_times_engagement(fit: bool, engagement: int, band: Band) -> None:
    profile = Profile(seniority="c_level") if fit else Profile()
    done = [Activity("demo", NOW)] if engagement else []
    assert score(profile, done, RULES, NOW).band is band


PROFILES = st.builds(
    Profile,
    has_mobile=st.booleans(),
    company_usable=st.booleans(),
    email_class=st.sampled_from(["", "work", "free", "disposable"]),
    seniority=st.sampled_from(["", "c_level", "manager", "student"]),
    function=st.sampled_from(["", "it"]),
    employees=st.sampled_from([0, 20, 100, 500, 5000]),
    is_test=st.booleans(),
)
ACTIVITIES = st.lists(
    st.builds(
        Activity,
        st.sampled_from([line.kind for line in DEFAULT_RULES.engagement]),
        st.floats(-10, 500).map(ago),
        st.booleans(),
    ),
    max_size=12,
)


@given(PROFILES, ACTIVITIES)
def test_the_lines_add_up(profile: Profile, done: list[Activity]) -> None:
    result = score(profile, done, DEFAULT_RULES, NOW)
    for part, value in ((Part.FIT, result.fit), (Part.ENGAGEMENT, result.engagement)):
        assert sum(line.points for line in result.lines if line.part is part) == value
    assert result.total == result.fit + result.engagement
    assert 0 <= result.fit <= DEFAULT_RULES.fit_cap
    assert 0 <= result.engagement <= DEFAULT_RULES.engagement_cap


@given(PROFILES, ACTIVITIES)
def test_the_order_of_activities_does_not_matter(profile: Profile, done: list[Activity]) -> None:
    shuffled = sorted(done, key=lambda activity: hash((activity.kind, activity.at)))
    assert score(profile, done, DEFAULT_RULES, NOW) == score(profile, shuffled, DEFAULT_RULES, NOW)


@given(PROFILES, ACTIVITIES, st.data())
def test_withdrawing_an_activity_restores_the_score(
    profile: Profile, done: list[Activity], data: st.DataObject
) -> None:
    extra = Activity(data.draw(st.sampled_from([line.kind for line in DEFAULT_RULES.engagement])), ago(3))
    before = score(profile, done, DEFAULT_RULES, NOW)
    assert score(profile, [*done, replace(extra, withdrawn=True)], DEFAULT_RULES, NOW) == before


@given(ACTIVITIES)
def test_a_further_good_deed_never_lowers_the_score(done: list[Activity]) -> None:
    before = score(Profile(), done, DEFAULT_RULES, NOW)
    after = score(Profile(), [*done, Activity("demo.requested", NOW)], DEFAULT_RULES, NOW)
    assert after.engagement >= before.engagement


@given(ACTIVITIES)
def test_no_kind_passes_its_cap(done: list[Activity]) -> None:
    caps = {line.kind: line.cap for line in DEFAULT_RULES.engagement}
    for line in score(Profile(), done, DEFAULT_RULES, NOW).lines:
        if line.code in caps:
            assert abs(line.points) <= caps[line.code]


def test_the_rules_that_ship_are_sound_and_survive_their_row() -> None:
    assert validate(DEFAULT_RULES) == []
    again = rules_from_json(1, rules_as_json(DEFAULT_RULES))
    assert rules_as_json(again) == rules_as_json(DEFAULT_RULES)
    assert (again.fit, again.engagement, again.silence, again.bands) == (
        DEFAULT_RULES.fit,
        DEFAULT_RULES.engagement,
        DEFAULT_RULES.silence,
        DEFAULT_RULES.bands,
    )


def test_rules_that_make_no_sense_are_named() -> None:
    bad = ScoreRules(
        version=1,
        fit=(
            FitLine("all", "All", 5, ()),
            FitLine("x", "X", 5, (Condition("nothing", Op.KNOWN),)),
            FitLine("x", "X", 5, (Condition("title", Op.KNOWN),)),
        ),
        engagement=(EngagementLine("a", "A", 10, 0, 5), EngagementLine("a", "A", 1, 1, 5)),
        silence=Silence(0, 5, 0),
        fit_cap=0,
    )
    assert validate(bad) == [
        "all: a line without conditions would hold for everybody",
        "x: unknown field 'nothing'",
        "line 'x' stands twice",
        "a: the half-life must be above zero days",
        "a: the cap is below the points of a single activity",
        "activity 'a' stands twice",
        "silence: days and times must be above zero",
        "silence: the points must not be positive",
        "the upper limits must be above zero",
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"fit": {}}, "fit must be a list of objects"),
        ({"fit": [{"code": 1}]}, "code must be text"),
        ({"fit": [{"code": "a", "label": "A", "points": "5"}]}, "points must be a number"),
        ({"fit": [{"code": "a", "label": "A", "points": 1.5}]}, "points must be a whole number"),
        ({"bands": [{"band": "Z", "min_fit": 0, "min_engagement": 0}]}, "'Z' is not a valid Band"),
    ],
)
def test_a_malformed_row_is_refused(change: dict[str, object], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        rules_from_json(1, {**rules_as_json(DEFAULT_RULES), **change})
