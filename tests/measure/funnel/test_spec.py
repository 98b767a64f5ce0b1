"""Questions and their addresses."""

from datetime import date, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.measure.funnel.policy.spec import (
    ENTITIES,
    FILTERS,
    SPLITS,
    Dimension,
    FunnelSpec,
    Range,
    SpecError,
    View,
    escape,
    last_day,
    parse,
    periods,
    to_params,
    unescape,
    window,
)
from huoju.qualify.leads.policy import FUNNEL, Stage

TODAY = date(2026, 11, 21)
DAYS = st.dates(date(2015, 1, 1), date(2030, 12, 31))


def values_of(dimension: Dimension) -> st.SearchStrategy[str]:
    if dimension in ENTITIES:
        return st.just("") | st.integers(1, 10**9).map(str)
    if dimension is Dimension.STAGE:
        return st.sampled_from([stage.value for stage in Stage])
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def specs(draw: st.DrawFn) -> FunnelSpec:
    chosen = draw(st.sets(st.sampled_from(FUNNEL), min_size=2))
    range_ = draw(st.none() | st.sampled_from(Range))
    if range_ is None:
        # A window without any bound is the range "all": the same question, said in one way.
        since, until = draw(st.tuples(DAYS | st.none(), DAYS | st.none()).filter(any))
        if since and until and since > until:
            since, until = until, since
    else:
        since, until = window(range_, TODAY)
    filters = {
        dimension: tuple(draw(st.lists(values_of(dimension), min_size=1, max_size=3, unique=True)))
        for dimension in draw(st.sets(st.sampled_from(FILTERS), max_size=4))
    }
    return FunnelSpec(
        stages=tuple(stage for stage in FUNNEL if stage in chosen),
        view=draw(st.sampled_from(View)),
        since=since,
        until=until,
        range=range_,
        filters=filters,
        split=draw(st.none() | st.sampled_from(SPLITS)),
        skipped=draw(st.booleans()),
    )


@given(specs())
def test_an_address_says_the_whole_question(spec: FunnelSpec) -> None:
    address = urlencode(to_params(spec))
    assert parse(parse_qs(address, keep_blank_values=True), TODAY) == spec


def test_the_usual_question_has_the_shortest_address() -> None:
    spec = parse({}, TODAY)
    assert spec.stages == FUNNEL
    assert (spec.view, spec.range, spec.since, spec.until) == (
        View.COHORT, Range.YEAR, date(2025, 11, 22), TODAY,
    )  # fmt: skip
    assert to_params(spec) == []


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"stages": ["lead"]}, "stages"),
        ({"stages": ["lead,nonsense"]}, "stages"),
        ({"stages": ["nurturing,won"]}, "stages"),
        ({"view": ["sideways"]}, "view"),
        ({"range": ["fortnight"]}, "range"),
        ({"from": ["2026-02-30"]}, "from"),
        ({"from": ["2026-03-02"], "to": ["2026-03-01"]}, "from"),
        ({"to": ["tomorrow"]}, "to"),
        ({"split": ["stage"]}, "split"),
        ({"split": ["colour"]}, "split"),
        ({"channel": ["paid"]}, "channel"),
        ({"owner": ["-1"]}, "owner"),
        ({"channel": ["9" * 30]}, "channel"),
        ({"stage": ["gone"]}, "stage"),
    ],
)
def test_what_makes_no_sense_is_named(params: dict[str, list[str]], field: str) -> None:
    with pytest.raises(SpecError) as error:
        parse(params, TODAY)
    assert error.value.field == field


def test_forms_repeat_stages_and_send_empty_values() -> None:
    spec = parse(
        {"stages": ["won", "lead"], "from": [""], "to": [""], "split": [""], "channel": ["", "3"]}, TODAY
    )
    assert spec.stages == (Stage.LEAD, Stage.WON)
    assert spec.filters == {Dimension.CHANNEL: ("3",)}
    assert spec.split is None


def test_custom_days_and_ranges() -> None:
    days = {"from": ["2026-01-01"], "to": ["2026-01-31"]}
    assert parse(days | {"range": ["custom"]}, TODAY).since == date(2026, 1, 1)
    assert parse(days | {"range": ["custom"]}, TODAY).range is None
    assert parse({"range": ["custom"]}, TODAY).range is Range.ALL
    assert parse(days | {"range": ["30d"]}, TODAY).since == date(2026, 10, 23)


@given(st.text(max_size=10))
def test_values_travel_unharmed(value: str) -> None:
    assert unescape(escape(value)) == value
    assert escape(value)


def test_the_window_before_is_as_long() -> None:
    spec = FunnelSpec(since=date(2026, 3, 1), until=date(2026, 3, 31))
    before = spec.previous
    assert before is not None
    assert (before.since, before.until) == (date(2026, 1, 29), date(2026, 2, 28))
    assert FunnelSpec(since=date(2026, 3, 1)).previous is None
    assert FunnelSpec(since=date(1, 1, 2), until=date(2026, 1, 1)).previous is None


def test_narrowed_to_a_value_or_a_month_of_the_window() -> None:
    spec = FunnelSpec(since=date(2026, 3, 10), until=date(2026, 4, 5), split=Dimension.MONTH)
    march = spec.narrowed(Dimension.MONTH, "2026-03-01")
    assert (march.since, march.until, march.split) == (date(2026, 3, 10), date(2026, 3, 31), None)
    week = spec.narrowed(Dimension.WEEK, "2026-03-30")
    assert (week.since, week.until) == (date(2026, 3, 30), date(2026, 4, 5))
    assert spec.narrowed(Dimension.CHANNEL, "").filters == {Dimension.CHANNEL: ("",)}


@given(DAYS, st.integers(0, 900), st.sampled_from([Dimension.MONTH, Dimension.WEEK]))
def test_periods_cover_every_day_once(first: date, length: int, dimension: Dimension) -> None:
    last = first + timedelta(days=length)
    found = periods(dimension, first, last)
    assert found[0] <= first
    assert last <= last_day(dimension, found[-1])
    for here, following in pairwise(found):
        assert last_day(dimension, here) + timedelta(days=1) == following
