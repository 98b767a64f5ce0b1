"""How good the suggestions are, told from people's decisions."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

EDGES = (0.05, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Lower edges of the bands of probability. Below the first nothing is counted."""

ENOUGH = 30
"""Decisions that a recommendation needs at least."""

WANTED_PRECISION = 0.8
"""Of the suggestions that a reviewer reads so many should be right."""


class Judged(NamedTuple):
    """A pair that somebody has decided. `found`: the matcher had suggested it, at `score`; else somebody else had."""

    same: bool
    score: float
    found: bool = True


class Band(NamedTuple):
    """Pairs with a probability from `low` to below `high`: how many there were, and what people said of them."""

    low: float
    high: float
    pairs: int
    right: int
    wrong: int

    @property
    def precision(self) -> float | None:
        """The share of the decided ones that were right; None when none is decided."""
        decided = self.right + self.wrong
        return self.right / decided if decided else None


class Trial(NamedTuple):
    """What a threshold would have done. `recall` is the share of the pairs known to be one that it would suggest."""

    threshold: float
    pairs: int
    right: int
    wrong: int
    missed: int

    @property
    def percent(self) -> str:
        """The threshold in percent, for a form."""
        return f"{self.threshold * 100:g}"

    @property
    def precision(self) -> float | None:
        """The share of the decided suggestions that were right; None when none is decided."""
        decided = self.right + self.wrong
        return self.right / decided if decided else None

    @property
    def recall(self) -> float | None:
        """The share of the pairs known to be one that are suggested; None when none is known."""
        known = self.right + self.missed
        return self.right / known if known else None


def band_of(score: float) -> int:
    """The band that a probability lies in; -1 below all."""
    return sum(1 for edge in EDGES if score >= edge) - 1


def count_bands(scores: Iterable[float]) -> dict[str, int]:
    """How many probabilities lie in each band, by its lower edge (as a key of JSON)."""
    counts = dict.fromkeys([str(edge) for edge in EDGES], 0)
    for score in scores:
        if (band := band_of(score)) >= 0:
            counts[str(EDGES[band])] += 1
    return counts


def bands(judged: Sequence[Judged], counts: Mapping[str, int]) -> list[Band]:
    """The bands with the pairs of the last run (`count_bands`) and the decisions, the least likely first."""
    right, wrong = [0] * len(EDGES), [0] * len(EDGES)
    for each in judged:
        if each.found and (band := band_of(each.score)) >= 0:
            (right if each.same else wrong)[band] += 1
    highs = (*EDGES[1:], 1.0)
    return [
        Band(low, high, int(counts.get(str(low), 0)), right[at], wrong[at])
        for at, (low, high) in enumerate(zip(EDGES, highs, strict=True))
    ]


def trial(threshold: float, judged: Sequence[Judged], counts: Mapping[str, int]) -> Trial:
    """What `threshold` would have done with the decided pairs and those of the last run.

    A pair counts as missed if people know it to be one and it lies below, or if the matcher had not found it at all.
    Pairs of the last run are counted by whole bands.
    """
    right = sum(1 for each in judged if each.same and each.found and each.score >= threshold)
    wrong = sum(1 for each in judged if not each.same and each.found and each.score >= threshold)
    known = sum(1 for each in judged if each.same)
    pairs = sum(int(counts.get(str(edge), 0)) for edge in EDGES if edge >= threshold)
    return Trial(threshold, pairs, right, wrong, known - right)


def recommend(judged: Sequence[Judged]) -> float | None:
    """The lowest edge from which on suggestions are right often enough, at 90 % confidence; None with too few.

    The confidence is the lower end of Wilson's interval, so a few lucky decisions do not lower the threshold; nor is
    one recommended in a band of which nobody has seen a pair.
    """
    found = [each for each in judged if each.found]
    if len(found) < ENOUGH:
        return None
    seen = {band_of(each.score) for each in found}
    for at, edge in enumerate(EDGES):
        above = [each.same for each in found if each.score >= edge]
        if at in seen and _surely(sum(above), len(above)) >= WANTED_PRECISION:
            return edge
    return EDGES[-1]


def _surely(right: int, total: int) -> float:
    """The lower end of the one-sided 90 % interval for a share, by Wilson."""
    z = 1.2816
    share = right / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (middle - spread) / (1 + z * z / total)
