"""Figures from decisions, by hand."""

import pytest

from huoju.hub.matching.policy import (
    EDGES,
    PERSONS,
    Judged,
    Share,
    Weights,
    bands,
    count_bands,
    problems,
    recommend,
)
from huoju.hub.matching.policy import trial as tried
from huoju.hub.matching.policy.figures import band_of

DECIDED = [
    Judged(True, 0.97), Judged(True, 0.97), Judged(False, 0.97), Judged(True, 0.55), Judged(False, 0.51),
    Judged(True, 1.0, found=False),
]  # fmt: skip


def test_a_threshold_is_tried_on_what_people_said() -> None:
    counts = count_bands([0.97, 0.96, 0.55, 0.3, 0.01])
    high, low = tried(0.9, DECIDED, counts), tried(0.5, DECIDED, counts)
    assert (high.pairs, high.right, high.wrong, high.missed) == (2, 2, 1, 2)
    assert high.precision == pytest.approx(2 / 3)
    assert high.recall == 0.5
    assert (low.pairs, low.right, low.wrong, low.missed) == (3, 3, 2, 1)
    assert (low.precision, low.recall, low.percent) == (0.6, 0.75, "50")


def test_nothing_decided_is_no_share() -> None:
    nothing = tried(0.5, [], {})
    assert (nothing.precision, nothing.recall, nothing.pairs) == (None, None, 0)


def test_bands() -> None:
    assert [band_of(score) for score in (0.0, 0.05, 0.2, 0.5, 0.99, 1.0)] == [-1, 0, 1, 3, 9, 9]
    found = {band.low: band for band in bands(DECIDED, count_bands([0.97, 0.55]))}
    assert list(found) == list(EDGES)
    assert (found[0.95].pairs, found[0.95].right, found[0.95].wrong) == (1, 2, 1)
    assert (found[0.5].pairs, found[0.5].right, found[0.5].wrong) == (1, 1, 1)
    assert found[0.95].precision == pytest.approx(2 / 3)
    assert found[0.2].precision is None
    assert found[0.99].right == 0  # found without the matcher: counts for recall only


def test_a_recommendation_needs_decisions_and_is_careful() -> None:
    assert recommend([Judged(True, 0.97)] * 29) is None
    assert recommend([Judged(True, 0.97)] * 30) == 0.95  # nobody has seen a lower one
    mixed = [Judged(True, 0.97)] * 40 + [Judged(True, 0.65)] * 4 + [Judged(False, 0.4)] * 20
    assert recommend(mixed) == 0.6
    assert recommend([Judged(False, 0.97)] * 40) == EDGES[-1]


def test_weights_that_make_no_sense_are_refused() -> None:
    good = {each.code: {code: Share(0.5, 0.5) for code in each.codes} for each in PERSONS.comparisons}
    for each in PERSONS.comparisons:
        good[each.code][each.codes[0]] = Share(0.9, 0.001)
    assert problems(Weights(0.1, good), PERSONS) == []
    turned = good | {"name": good["name"] | {"written": Share(0.001, 0.9)}}
    assert len(problems(Weights(0.1, turned), PERSONS)) == 1
    assert len(problems(Weights(0.1, good | {"email": {}}), PERSONS)) == 1
    assert (
        len(problems(Weights(0.1, good | {"email": {c: Share(2, 0) for c in good["email"]}}), PERSONS)) == 1
    )
    assert len(problems(Weights(0.0, good), PERSONS)) == 1


def test_the_probability_of_a_random_pair_falls_as_the_rows_grow() -> None:
    weights = Weights(0.1, {})
    assert weights.prior(1001) == pytest.approx(0.0002)
    assert weights.prior(2001) == pytest.approx(0.0001)
    assert weights.prior(0) == weights.prior(1) == 0.2
