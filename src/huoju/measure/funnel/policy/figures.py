"""The answer: figures of the funnel, and what follows from counts by arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from huoju.qualify.leads.policy import Stage

from .spec import Dimension, FunnelSpec, View, last_day


@dataclass(frozen=True, slots=True)
class Days:
    """Whole calendar days between two stages in the company's time zone, over leads that have both dates.

    Percentiles interpolate linearly. Negative days are kept: a deal dated before its first contact is data too.
    """

    n: int
    median: float
    mean: float
    p25: float
    p75: float
    p90: float
    minimum: int
    maximum: int
    within_30: float
    """Share of leads that took at most 30 days."""

    @classmethod
    def of(cls, histogram: Sequence[tuple[int, int]]) -> "Days | None":
        """The figures of a histogram (days, leads), in ascending order; None of an empty one. Exact."""
        n = sum(leads for _, leads in histogram)
        if not n:
            return None
        return cls(
            n=n,
            median=_percentile(histogram, n, 50),
            mean=sum(days * leads for days, leads in histogram) / n,
            p25=_percentile(histogram, n, 25),
            p75=_percentile(histogram, n, 75),
            p90=_percentile(histogram, n, 90),
            minimum=histogram[0][0],
            maximum=histogram[-1][0],
            within_30=sum(leads for days, leads in histogram if days <= 30) / n,
        )


def _percentile(histogram: Sequence[tuple[int, int]], n: int, percent: int) -> float:
    """The value below which `percent` of the leads lie, between two neighbours by linear interpolation."""
    at, rest = divmod((n - 1) * percent, 100)
    low = _nth(histogram, at)
    return low if not rest else low + (_nth(histogram, at + 1) - low) * rest / 100


def _nth(histogram: Sequence[tuple[int, int]], index: int) -> int:
    for days, leads in histogram:
        if index < leads:
            return days
        index -= leads
    return histogram[-1][0]


@dataclass(frozen=True, slots=True)
class Money:
    """Amounts in one currency. Currencies are never added up."""

    currency: str
    won_amount: Decimal = Decimal(0)
    won_deals: int = 0
    """Won deals with an amount."""
    revenue: Decimal = Decimal(0)
    payments: int = 0
    paying: int = 0
    """Deals with at least one payment."""


@dataclass(frozen=True, slots=True)
class StageFigure:
    """A stage: how many leads reached it, and how many of those have a date for it (the others skipped it)."""

    stage: Stage
    count: int
    dated: int
    of_previous: float | None
    of_first: float | None
    stopped: int = 0
    """Reached this stage, not the next one, and were lost or disqualified: they will not go on."""


@dataclass(frozen=True, slots=True)
class Step:
    """The time from one stage to another."""

    source: Stage
    target: Stage
    days: Days | None


@dataclass(frozen=True, slots=True)
class Part:
    """One value of the split: its count at each stage and the median days of each step, in the order of the steps."""

    key: str
    counts: tuple[int, ...]
    medians: tuple[float | None, ...] = ()
    money: tuple[Money, ...] = ()
    young: bool = False
    """This cohort is younger than most deals take: its later stages will still grow."""

    @property
    def rates(self) -> tuple[float | None, ...]:
        """Conversion into each stage after the first."""
        return tuple(share(there, here) for here, there in zip(self.counts, self.counts[1:], strict=False))

    @property
    def overall(self) -> float | None:
        """Conversion from the first stage to the last."""
        return share(self.counts[-1], self.counts[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """The answer to a `FunnelSpec`. `steps` are the adjacent pairs, `through` the way from the first stage to the last.

    `parts` are the values of the split, largest first (time in its order); what did not fit is summed up in `others`
    (`hidden` values). `young_from`: cohorts that entered on this day or later are younger than the 90th percentile of
    the time to the last stage, so their conversion will still rise; None if that is not known.
    """

    spec: FunnelSpec
    stages: tuple[StageFigure, ...]
    steps: tuple[Step, ...]
    through: Step
    money: tuple[Money, ...]
    parts: tuple[Part, ...] = ()
    others: Part | None = None
    hidden: int = 0
    young_from: date | None = None
    values: int = 0
    """How many values the split takes, the blank left out."""

    @property
    def entered(self) -> int:
        """Leads at the first chosen stage."""
        return self.stages[0].count

    @property
    def overall(self) -> float | None:
        """Conversion from the first stage to the last."""
        return self.stages[-1].of_first

    @property
    def young(self) -> bool:
        """Whether part of the counted cohort is too young to be judged."""
        if self.spec.view is not View.COHORT or self.young_from is None:
            return False
        return self.spec.until is None or self.spec.until >= self.young_from

    def amounts_in(self, currency: str) -> Money:
        """The amounts in `currency`; zeros if there are none."""
        return next((money for money in self.money if money.currency == currency), Money(currency))


def share(part: int, whole: int) -> float | None:
    """`part` of `whole` as a share of 1; None of nothing."""
    return part / whole if whole else None


def stage_figures(
    stages: Sequence[Stage], counts: Sequence[int], dated: Sequence[int], stopped: Sequence[int]
) -> tuple[StageFigure, ...]:
    """Counts with their conversions from the stage before and from the first."""
    return tuple(
        StageFigure(
            stage,
            counts[at],
            dated[at],
            share(counts[at], counts[at - 1]) if at else None,
            share(counts[at], counts[0]),
            stopped[at],
        )
        for at, stage in enumerate(stages)
    )


def young_since(ever: Days | None, today: date) -> date | None:
    """The day from which cohorts are young: those entered then or later have had less time than nine in ten take to
    the last stage, of all that ever reached it."""
    if ever is None or ever.p90 < 0:
        return None
    return today - timedelta(days=int(ever.p90)) + timedelta(days=1)


def is_young(dimension: Dimension, first: date, young_from: date | None) -> bool:
    """Whether the month or week of `first` holds cohort days that are too young."""
    return young_from is not None and last_day(dimension, first) >= young_from


def remainder(total: Sequence[int], parts: Sequence[Part]) -> tuple[int, ...]:
    """What `parts` leave of `total`."""
    return tuple(count - sum(part.counts[at] for part in parts) for at, count in enumerate(total))


def money_left(total: Sequence[Money], parts: Sequence[Part]) -> tuple[Money, ...]:
    """What `parts` leave of the money, by currency. Exact: the parts and the rest add up to the total."""
    left = []
    for whole in total:
        taken = [money for part in parts for money in part.money if money.currency == whole.currency]
        rest = Money(
            whole.currency,
            whole.won_amount - sum((money.won_amount for money in taken), Decimal(0)),
            whole.won_deals - sum(money.won_deals for money in taken),
            whole.revenue - sum((money.revenue for money in taken), Decimal(0)),
            whole.payments - sum(money.payments for money in taken),
            whole.paying - sum(money.paying for money in taken),
        )
        if rest != Money(whole.currency):
            left.append(rest)
    return tuple(left)


def change(now: float | Decimal | None, before: float | Decimal | None) -> float | None:
    """Relative change, 0.1 for ten per cent more; None where there is nothing to compare with."""
    if now is None or before is None or not before:
        return None
    return float(now) / float(before) - 1
