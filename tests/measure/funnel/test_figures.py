"""Arithmetic of the figures."""

import statistics
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.measure.funnel.policy.figures import Days, Part, change, remainder, share, young_since


@given(st.lists(st.integers(-30, 400), min_size=1, max_size=60))
def test_a_histogram_gives_the_exact_statistics(days: list[int]) -> None:
    found = Days.of(sorted(Counter(days).items()))
    assert found is not None
    assert (found.n, found.minimum, found.maximum) == (len(days), min(days), max(days))
    assert found.median == pytest.approx(statistics.median(days))
    assert found.mean == pytest.approx(statistics.fmean(days))
    assert found.within_30 == pytest.approx(sum(day <= 30 for day in days) / len(days))
    if len(days) > 1:
        quarters = statistics.quantiles(days, n=4, method="inclusive")
        tenths = statistics.quantiles(days, n=10, method="inclusive")
        assert (found.p25, found.p75, found.p90) == pytest.approx((quarters[0], quarters[2], tenths[8]))


def test_nothing_has_no_statistics() -> None:
    assert Days.of([]) is None
    assert young_since(None, date(2026, 1, 1)) is None
    assert share(1, 0) is None
    assert change(5, 0) is None
    assert change(None, 3) is None
    assert change(11, 10) == pytest.approx(0.1)


def test_cohorts_are_young_for_as_long_as_nine_deals_in_ten_take() -> None:
    ever = Days.of([(10, 9), (20, 1)])
    assert ever is not None
    assert ever.p90 == 11
    assert young_since(ever, date(2026, 6, 30)) == date(2026, 6, 20)


def test_parts_and_their_rates() -> None:
    part = Part("3", (200, 50, 0))
    assert part.rates == (0.25, 0.0)
    assert part.overall == 0.0
    assert remainder((300, 70, 3), [part]) == (100, 20, 3)
