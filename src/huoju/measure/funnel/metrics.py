"""Every figure of the funnel, defined once: an Ibis expression over the mirrored tables, and a catalogue entry that
says what it means. Expressions are compiled once for each shape of question; dates travel as parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

import ibis
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Column, Scalar, Table

from huoju.measure.warehouse.queries import as_table, compiled
from huoju.qualify.leads.policy import FUNNEL, Stage

from .mirrored import ENDED, LEADS, MASK, PAYMENTS, bit, by, on
from .policy.spec import ENTITIES, TIMES, Dimension, FunnelSpec, View

MATCHING = as_table(LEADS, "matching")
"""The leads that pass the question's filters; sessions define it (see `matching`)."""

SINCE, UNTIL = ibis.param("date"), ibis.param("date")
BEFORE_SINCE, BEFORE_UNTIL = ibis.param("date"), ibis.param("date")
PARAMETERS = {"since": SINCE, "until": UNTIL, "before_since": BEFORE_SINCE, "before_until": BEFORE_UNTIL}

_MONDAY = date(1970, 1, 5)


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a question decides how its figures are computed; the rest are parameters. `before` asks about the window
    before."""

    stages: tuple[Stage, ...]
    view: View
    skipped: bool
    before: bool = False

    @classmethod
    def of(cls, spec: FunnelSpec, *, before: bool = False) -> "Shape":
        """The shape of `spec`."""
        return cls(spec.stages, spec.view, spec.skipped, before)

    def within(self, day: Column) -> Column:
        """Whether `day` lies in the window."""
        since, until = (BEFORE_SINCE, BEFORE_UNTIL) if self.before else (SINCE, UNTIL)
        return day.between(since, until)

    def reached(self, rows: Table, stage: Stage) -> Column:
        """The day on which a lead counts at `stage`."""
        return rows[by(stage) if self.skipped else on(stage)]


# --- The counted leads ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sees:
    """Whose leads a viewer sees: those of `owners` (None: everybody's), nobody's if `unassigned`, and the public
    pool's if `pool`."""

    owners: frozenset[int] | None = None
    unassigned: bool = True
    pool: bool = True


@lru_cache(maxsize=1024)
def matching(filters: tuple[tuple[Dimension, tuple[str, ...]], ...], sees: Sees) -> str:
    """The leads that pass `filters` and that the reader may see."""
    leads = as_table(LEADS)
    conditions = [_is_one_of(leads, dimension, values) for dimension, values in filters]
    if sees.owners is not None:
        seen = [leads.owner.isin(sorted(sees.owners)) if sees.owners else ibis.literal(False)]
        seen += [leads.owner.isnull()] if sees.unassigned else []
        seen += [leads.stage == Stage.POOL.value] if sees.pool else []
        conditions.append(_any(seen))
    return compiled(leads.filter(*conditions) if conditions else leads)


def _is_one_of(leads: Table, dimension: Dimension, values: tuple[str, ...]) -> Column:
    column = leads[dimension.value]
    if dimension is Dimension.WARNING:
        listed = ibis.literal(",") + column + ","
        either = [column == "" if not value else listed.contains(f",{value},") for value in values]
        return _any(either)
    if dimension in ENTITIES:
        ids = [int(value) for value in values if value]
        known = column.isin(ids) if ids else ibis.literal(False)
        return known | column.isnull() if "" in values else known
    return column.isin(list(values))


def counted(shape: Shape) -> Table:
    """The leads of the question with, for every stage, `at_…`: the day on which they count there (NULL: they do not),
    and `to_…`: the same, where the stage has a date of its own. `anchor` is the day of entry.

    Cohort: leads that entered the first stage in the window, with whatever they reached since. Period: stages reached
    in the window, whenever the lead came in.
    """
    rows = MATCHING
    first = shape.reached(rows, shape.stages[0])
    if shape.view is View.COHORT:
        rows = rows.filter(shape.within(first))
        return rows.mutate(
            anchor=shape.reached(rows, shape.stages[0]),
            **{f"at_{stage}": shape.reached(rows, stage) for stage in FUNNEL},
            **{f"to_{stage}": rows[on(stage)] for stage in FUNNEL},
        )

    def windowed(day: Column) -> Column:
        return ibis.ifelse(shape.within(day), day, ibis.null("date"))

    return rows.mutate(
        anchor=first,
        **{f"at_{stage}": windowed(shape.reached(rows, stage)) for stage in FUNNEL},
        **{f"to_{stage}": windowed(rows[on(stage)]) for stage in FUNNEL},
    )


# --- Keys of the split ---------------------------------------------------------------------------------------------


def _key(dimension: Dimension, rows: Table, day: Column) -> Column:
    """What rows are grouped by. Months and weeks are numbered (`period_of` reads the number): engines group numbers
    several times as fast as truncated dates."""
    if dimension is Dimension.MONTH:
        return day.year() * 12 + day.month() - 1
    if dimension is Dimension.WEEK:
        return (day.delta(_MONDAY, unit="day") / 7).floor().cast("int64")
    column = rows[dimension.value]
    return column.coalesce(0) if dimension in ENTITIES else column


def period_of(dimension: Dimension, number: int) -> date:
    """The first day of the month or week that a key numbers."""
    if dimension is Dimension.MONTH:
        return date(number // 12, number % 12 + 1, 1)
    return _MONDAY + timedelta(weeks=number)


def _days(rows: Table, source: Stage, target: Stage) -> Column:
    """Calendar days from one stage to another, where both have a date."""
    return rows[f"to_{target}"].delta(rows[on(source)], unit="day")


def steps(stages: tuple[Stage, ...]) -> list[tuple[Stage, Stage]]:
    """The adjacent pairs, and, where it is not one of them, the way from the first to the last."""
    pairs = list(pairwise(stages))
    return pairs if len(pairs) == 1 else [*pairs, (stages[0], stages[-1])]


# --- Metrics -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def totals(shape: Shape) -> str:
    """One row: for each stage the leads that count, those with a date of their own, and those that stopped there."""
    tally = _tally(shape, None)
    figures: dict[str, Scalar] = {}
    for stage in shape.stages:
        figures |= {
            f"{figure}_{stage}": tally[f"{figure}_{stage}"].sum() for figure in ("n", "dated", "stopped")
        }
    return _sql(tally.aggregate(**figures))


def _tally(shape: Shape, dimension: Dimension | None) -> Table:
    """For each value of `dimension` (several rows each; none: of all leads) and each stage: `n_…` leads that count
    there, `dated_…` with a date of their own, `stopped_…` that ended there.

    Leads are not counted one by one for each figure, which would read a dozen columns of a million rows. A cohort is
    grouped once by which stages its leads have; of a period each stage's events are grouped by themselves.
    """
    return _cohort_tally(shape, dimension) if shape.view is View.COHORT else _period_tally(shape, dimension)


def _cohort_tally(shape: Shape, dimension: Dimension | None) -> Table:
    rows = MATCHING.filter(shape.within(shape.reached(MATCHING, shape.stages[0])))
    keys = {"key": _key(dimension, rows, shape.reached(rows, shape.stages[0]))} if dimension else {}
    rows = rows.select(rows[MASK], rows[ENDED], **keys)
    groups = rows.group_by([*keys, MASK, ENDED]).aggregate(n=rows.count())

    def has(stage: Stage) -> Column:
        # Bits of later stages are higher: a mask from this bit on has this stage or a later one.
        return groups[MASK] >= bit(stage) if shape.skipped else (groups[MASK] & bit(stage)) != 0

    def of(condition: Column) -> Column:
        return ibis.ifelse(condition, groups.n, 0)

    figures: dict[str, Column] = {}
    for stage, following in zip(shape.stages, [*shape.stages[1:], None], strict=True):
        figures[f"n_{stage}"] = of(has(stage))
        figures[f"dated_{stage}"] = of((groups[MASK] & bit(stage)) != 0)
        ended = has(stage) & ~has(following) & groups[ENDED] if following else ibis.literal(False)
        figures[f"stopped_{stage}"] = of(ended)
    return groups.select(*keys, **figures)


def _period_tally(shape: Shape, dimension: Dimension | None) -> Table:
    united: Table | None = None
    for stage, following in zip(shape.stages, [*shape.stages[1:], None], strict=True):
        rows = MATCHING.filter(shape.within(shape.reached(MATCHING, stage)))
        keys = {"key": _key(dimension, rows, shape.reached(rows, stage))} if dimension else {}
        ended = rows[ENDED] & shape.reached(rows, following).isnull() if following else ibis.literal(False)
        rows = rows.select(**keys, dated=rows[on(stage)].notnull(), ended=ended)
        figures = {"n": rows.count(), "dated": rows.dated.sum(), "stopped": rows.ended.sum()}
        groups = rows.group_by([*keys]).aggregate(**figures) if keys else rows.aggregate(**figures)
        events = groups.select(
            *keys,
            **{
                f"{figure}_{each}": groups[figure].cast("int64")
                if each is stage
                else ibis.literal(0, "int64")
                for each in shape.stages
                for figure in figures
            },
        )
        united = events if united is None else united.union(events)
    assert united is not None  # noqa: S101 (a spec has two stages at least)
    return united


@lru_cache(maxsize=512)
def durations(shape: Shape, source: Stage, target: Stage) -> str:
    """The histogram of a step: days, leads. `Days.of` makes median, mean and the rest of it, exactly."""
    rows = counted(shape)
    return _histogram(rows, rows[on(source)], rows[f"to_{target}"])


@lru_cache(maxsize=512)
def durations_ever(source: Stage, target: Stage) -> str:
    """The same over all time."""
    return _histogram(MATCHING, MATCHING[on(source)], MATCHING[on(target)])


def _histogram(rows: Table, begin: Column, end: Column) -> str:
    # Both filters before the subtraction: most leads never get to the later stage.
    rows = rows.filter(end.notnull(), begin.notnull()).select(days=end.delta(begin, unit="day"))
    return _sql(rows.group_by("days").aggregate(n=rows.count()).order_by("days"))


@lru_cache(maxsize=512)
def parts(shape: Shape, dimension: Dimension, limit: int) -> str:
    """A row for each value of the split: key, leads at each stage, number of values; largest first, time in order."""
    tally = _tally(shape, dimension)
    grouped = tally.group_by("key").aggregate(
        **{f"n_{stage}": tally[f"n_{stage}"].sum() for stage in shape.stages}
    )
    grouped = grouped.select(
        "key", *(f"n_{stage}" for stage in shape.stages), values=grouped.count().over(ibis.window())
    )
    if dimension in TIMES:
        return _sql(grouped.order_by("key").limit(limit))
    counts = [ibis.desc(f"n_{stage}") for stage in (shape.stages[0], shape.stages[-1])]
    return _sql(grouped.order_by(*counts, "key").limit(limit))


@lru_cache(maxsize=512)
def medians(shape: Shape, dimension: Dimension) -> str:
    """A row for each value of the split: key, and the median days of each step. Of a period, time is that of the later
    stage."""
    rows = counted(shape)
    pairs = steps(shape.stages)
    if dimension in TIMES and shape.view is View.PERIOD:
        united: Table | None = None
        for at, (_source, target) in enumerate(pairs):
            here = rows.filter(rows[f"to_{target}"].notnull())
            here = here.select(
                key=_key(dimension, here, here[f"to_{target}"]),
                **{f"d_{n}": _days(here, *pair) if n == at else ibis.null("int64") for n, pair in enumerate(pairs)},
            )  # fmt: skip
            united = here if united is None else united.union(here)
        assert united is not None  # noqa: S101 (a spec has two stages at least)
        rows = united
    else:
        # Only leads that have a day for a later stage than the first can have taken a step.
        rows = rows.filter(rows[MASK] >= bit(shape.stages[1]))
        rows = rows.select(
            key=_key(dimension, rows, rows.anchor),
            **{f"d_{at}": _days(rows, *pair) for at, pair in enumerate(pairs)},
        )
    return _sql(
        rows.group_by("key").aggregate(
            **{f"m_{at}": rows[f"d_{at}"].quantile(0.5) for at in range(len(pairs))}
        )
    )


@lru_cache(maxsize=512)
def won_amounts(shape: Shape, dimension: Dimension | None = None) -> str:
    """Signed amounts: (key,) currency, sum, deals. Cohort: of its leads; period: signed in the window."""
    rows = counted(shape)
    rows = rows.filter(rows[f"at_{Stage.WON}"].notnull(), rows.won_amount.notnull())
    anchor = rows.anchor if shape.view is View.COHORT else rows[f"at_{Stage.WON}"]
    return _by_currency(
        rows, dimension, anchor, rows.won_currency,
        lambda table: {"amount": table.won_amount.sum(), "deals": table.count()},
    )  # fmt: skip


@lru_cache(maxsize=512)
def receipts(shape: Shape, dimension: Dimension | None = None) -> str:
    """Collected money: (key,) currency, sum, payments, paying deals. Cohort: ever paid by its leads; period: paid in
    the window."""
    payments = as_table(PAYMENTS)
    if shape.view is View.COHORT:
        rows = counted(shape).join(payments, "lead_id")
        anchor = "anchor"
    else:
        rows = MATCHING.join(payments.filter(shape.within(payments.paid_on)), "lead_id")
        anchor = "paid_on"
    return _by_currency(
        rows, dimension, rows[anchor], rows.currency,
        lambda table: {
            "amount": table.amount.sum(), "payments": table.count(), "paying": table.lead_id.nunique(),
        },
    )  # fmt: skip


def _by_currency(
    rows: Table,
    dimension: Dimension | None,
    anchor: Column,
    currency: Column,
    figures: Callable[[Table], dict[str, Scalar]],
) -> str:
    keys = {"key": _key(dimension, rows, anchor)} if dimension else {}
    rows = rows.mutate(**keys, in_currency=currency)
    return _sql(rows.group_by([*keys, "in_currency"]).aggregate(**figures(rows)))


@lru_cache(maxsize=512)
def listing(shape: Shape, stage: Stage, *, stopped_before: Stage | None, after: bool) -> str:
    """The leads behind a count, newest first: id and day. `stopped_before`: only those that ended without reaching that
    stage. `after`: from the parameters `after_day`, `after_id` on."""
    rows = counted(shape)
    rows = rows.filter(rows[f"at_{stage}"].notnull())
    if stopped_before is not None:
        rows = rows.filter(shape.reached(rows, stopped_before).isnull(), rows[ENDED])
    rows = rows.select("lead_id", day=rows[f"at_{stage}"])
    if after:
        rows = rows.filter((rows.day < AFTER_DAY) | ((rows.day == AFTER_DAY) & (rows.lead_id < AFTER_ID)))
    return _sql(rows.order_by(ibis.desc("day"), ibis.desc("lead_id")).limit(LISTED + 1))


LISTED = 50
"""Leads on a page of the list behind a figure."""
AFTER_DAY, AFTER_ID = ibis.param("date"), ibis.param("int64")


@lru_cache(maxsize=32)
def values_of(dimension: Dimension, limit: int) -> str:
    """The values that a dimension takes among the matching leads, with their number, most frequent first."""
    rows = MATCHING.mutate(key=_key(dimension, MATCHING, MATCHING[on(Stage.LEAD)]))
    counts = rows.group_by("key").aggregate(n=rows.count())
    return _sql(counts.order_by(ibis.desc("n"), "key").limit(limit))


def _any(conditions: list[Column]) -> Column:
    found = conditions[0]
    for other in conditions[1:]:
        found = found | other
    return found


def _sql(question: Table) -> str:
    return compiled(question, {**PARAMETERS, "after_day": AFTER_DAY, "after_id": AFTER_ID})


# --- The catalogue ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Metric:
    """What a figure means: its formula in words, what one row of it is, who answers for it."""

    code: str
    name: str | Promise
    formula: str | Promise
    grain: str | Promise
    owner: str | Promise


_MARKETING, _SALES = _("Marketing and sales"), _("Sales")
CATALOGUE: tuple[Metric, ...] = (
    Metric(
        "stage_count", _("Leads at a stage"),
        _("Leads that reached the stage or, unless skipped stages are left out, a later one. A contract that fell through is not won."),  # noqa: E501
        _("lead"), _MARKETING,
    ),
    Metric(
        "conversion", _("Conversion"),
        _("Leads at the stage ÷ leads at the stage before (or at the first stage)."),
        _("stage"), _MARKETING,
    ),
    Metric(
        "stopped", _("Ended here"),
        _("Leads that reached the stage, not the next one, and are now lost or disqualified."),
        _("lead"), _MARKETING,
    ),
    Metric(
        "days", _("Days between stages"),
        _("Calendar days in the company's time zone between the first times of two stages, over leads that have both; percentiles interpolate linearly."),  # noqa: E501
        _("lead"), _MARKETING,
    ),
    Metric(
        "won_amount", _("Won amount"), _("Sum of the amounts of signed deals, each currency by itself."),
        _("deal"), _SALES,
    ),
    Metric(
        "revenue", _("Revenue"), _("Sum of the payments received, taken-back ones left out, each currency by itself."),
        _("payment"), _SALES,
    ),
)  # fmt: skip
"""Shown beside the figures."""
