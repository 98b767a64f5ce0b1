"""What is compared, how, and what each agreement weighs: the terms in which a matching model is stated.

A `Design` says which columns are compared, at which levels of agreement, and which pairs are looked at. `Weights`
are the figures that training finds for it, after Fellegi and Sunter: for each level its share among pairs that are one
person (m) and among pairs that are not (u). Training needs no labels.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from huoju.core.problems import Problem
from huoju.core.text import msgid

OTHER = "other"
"""The last level of each comparison: both sides say something, and nothing agrees."""

_LEAST_SHARE = 1e-7


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of agreement. `sql` is a condition over `column_l` and `column_r` in the SQL of DuckDB, translated for
    other engines. `frequency` names the column whose common values count less; it is the column that `sql` holds equal.
    `degree` is how a reviewer is told of it: exact, close or weak.
    """

    code: str
    sql: str
    frequency: str = ""
    degree: str = "exact"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field that is compared: `levels` from the strongest down, `missing` when there is nothing to compare."""

    code: str
    missing: str
    levels: tuple[Level, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The levels that have weights, the last one included."""
        return (*(level.code for level in self.levels), OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A profile of settings.

    `blocks` are columns: two rows are looked at if they share a value of one of them. A value that more than `crowd`
    rows share makes no pairs. As rows grow, more and more values are shared by nearly as many; so that the pairs grow
    no faster than the rows, fewer are a crowd where all blocks together would make more than `pairs` a row.
    `training` are sets of columns on which pairs must agree to be trained from; fields that use them are trained from
    the other sets. `certain`: those whose agreement is nearly always right, finding the share `certain_recall`
    of all true pairs. `threshold` is the probability from which a pair is suggested: by default
    as soon as it is more likely than not.
    """

    code: str
    columns: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    blocks: tuple[str, ...]
    training: tuple[tuple[str, ...], ...]
    certain: tuple[tuple[str, ...], ...]
    certain_recall: float
    threshold: float = 0.5
    crowd: int = 50
    pairs: float = math.inf

    def degree(self, field: str, level: str) -> str:
        """How far the values agree at a level: exact, close, weak, or different for the last one."""
        levels = next(each.levels for each in self.comparisons if each.code == field)
        return next((each.degree for each in levels if each.code == level), "different")


@dataclass(frozen=True, slots=True)
class Share:
    """How often a level is seen among pairs that are one person (`m`) and among pairs that are not (`u`)."""

    m: float
    u: float

    @property
    def weight(self) -> float:
        """What seeing the level says, in bits: positive for one person, negative against."""
        return math.log2(max(self.m, _LEAST_SHARE) / max(self.u, _LEAST_SHARE))


@dataclass(frozen=True, slots=True)
class Weights:
    """The trained figures of a design. `rate` is the expected number of true pairs a row: unlike the probability that
    any two rows match, it does not change as the number of rows grows."""

    rate: float
    shares: Mapping[str, Mapping[str, Share]]  # comparison → level → share
    trained: tuple[str, ...] = ()
    """Comparisons whose figures come from the rows themselves; the others' were given."""
    rows: int = 0
    """How many rows were trained from."""

    def prior(self, rows: int) -> float:
        """The probability that two random ones of `rows` rows match."""
        return min(max(2 * self.rate / max(rows - 1, 1), 1e-12), 0.5)


def as_content(weights: Weights) -> dict[str, Any]:
    """`weights` as JSON values, rounded to seven digits so that equal training makes equal rows."""
    return {
        "rate": _rounded(weights.rate),
        "trained": list(weights.trained),
        "rows": weights.rows,
        "shares": {
            code: {level: [_rounded(share.m), _rounded(share.u)] for level, share in levels.items()}
            for code, levels in weights.shares.items()
        },
    }


def _rounded(value: float) -> float:
    return float(f"{value:.7g}")


def read_weights(content: Any) -> Weights:
    """The weights in `content`. Raises ValueError, TypeError or KeyError when it is malformed."""
    shares = {
        str(code): {str(level): Share(float(m), float(u)) for level, (m, u) in levels.items()}
        for code, levels in content["shares"].items()
    }
    trained = tuple(str(code) for code in content.get("trained", ()))
    return Weights(float(content["rate"]), shares, trained, int(content.get("rows", 0)))


def fitted(weights: Weights, given: Weights, design: Design) -> Weights:
    """`weights` that were learned for an earlier design: a comparison whose levels are others today takes the figures
    of `given`, and the whole counts as untrained, so that the next run learns anew."""
    levels = {comparison.code: set(comparison.codes) for comparison in design.comparisons}
    if all(set(weights.shares.get(code, ())) == codes for code, codes in levels.items()):
        return weights
    shares = {
        code: weights.shares[code] if set(weights.shares.get(code, ())) == codes else given.shares[code]
        for code, codes in levels.items()
    }
    return Weights(weights.rate, shares, (), weights.rows)


def problems(weights: Weights, design: Design) -> list[str]:
    """Why `weights` make no sense for `design`; empty when they do."""
    found: list[str] = []
    if not 0 < weights.rate <= 10:
        found.append(
            Problem(msgid("The expected number of matches a record must be above 0 and at most 10."))
        )
    for comparison in design.comparisons:
        levels = weights.shares.get(comparison.code, {})
        if set(levels) != set(comparison.codes):
            found.append(
                Problem(msgid("The weights of “%(field)s” do not fit its levels."), field=comparison.code)
            )
            continue
        if not all(0 <= share.m <= 1 and 0 <= share.u <= 1 for share in levels.values()):
            found.append(Problem(msgid("A share of “%(field)s” is no share."), field=comparison.code))
        elif levels[comparison.codes[0]].weight <= levels[OTHER].weight:
            found.append(
                Problem(
                    msgid("“%(field)s” speaks more for one person when it differs than when it agrees."),
                    field=comparison.code,
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one field of a pair says: its level, and its weight in bits, frequencies of values included."""

    field: str
    level: str
    weight: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that may be one person, with the probability and what it is made of."""

    left: int
    right: int
    probability: float
    weight: float
    agreements: tuple[Agreement, ...] = field(default=())
