"""The funnel in words and shapes: labels of dimensions and values, bands of the funnel, charts, tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from huoju.acquire.campaigns import queries as campaigns
from huoju.core.access import queries as access
from huoju.core.places import region_name
from huoju.core.ui import stages as looks
from huoju.core.ui.parts import Chart
from huoju.hub.companies.queries import industry_name
from huoju.qualify.leads.policy import WARNING_LABELS, DataWarning, Stage

from .policy.figures import Funnel, Money, Part, share
from .policy.spec import NO_SPLIT, TIMES, Dimension, FunnelSpec, Range, View, periods, to_params

type Label = str | Promise

BLANK_LABEL = _("(blank)")
DIMENSION_LABELS: dict[Dimension, Label] = {
    Dimension.CHANNEL: _("Channel"),
    Dimension.CAMPAIGN: _("Campaign"),
    Dimension.KEYWORD: _("Keyword"),
    Dimension.LANDING_PAGE: _("Landing page"),
    Dimension.REGION: _("Region"),
    Dimension.INDUSTRY: _("Industry"),
    Dimension.SIZE: _("Company size"),
    Dimension.PRODUCT: _("Product line"),
    Dimension.SEGMENT: _("Business segment"),
    Dimension.OWNER: _("Owner"),
    Dimension.SDR: _("Telemarketer"),
    Dimension.MONTH: _("Month"),
    Dimension.WEEK: _("Week"),
    Dimension.STAGE: _("Stage now"),
    Dimension.WARNING: _("Data warning"),
}
RANGE_LABELS: dict[Range, Label] = {
    Range.MONTH: _("Last 30 days"),
    Range.QUARTER: _("Last 90 days"),
    Range.YEAR: _("Last 365 days"),
    Range.THIS_MONTH: _("This month"),
    Range.THIS_YEAR: _("This year"),
    Range.ALL: _("All time"),
}
VIEW_LABELS: dict[View, Label] = {View.COHORT: _("Cohort"), View.PERIOD: _("Period")}


# --- Labels of values ----------------------------------------------------------------------------------------------


class Names:
    """What the values of a dimension are called, in the language of the request; fetched once a dimension."""

    def __init__(self) -> None:
        self._fetched: dict[Dimension, Mapping[str, str]] = {}

    def of(self, dimension: Dimension, key: str) -> str:
        """The label of a value; blank has one too, an unknown id is shown as `#7`."""
        if not key:
            return str(BLANK_LABEL)
        if dimension in _SOURCES:
            if dimension not in self._fetched:
                self._fetched[dimension] = _SOURCES[dimension]()
            return self._fetched[dimension].get(key, f"#{key}")
        return _value_label(dimension, key)


_SOURCES = {
    Dimension.CHANNEL: lambda: {str(pk): name for pk, name in campaigns.channel_labels().items()},
    Dimension.CAMPAIGN: lambda: {
        str(pk): name for pk, name in campaigns.list_campaigns(archived=None).values_list("pk", "name")
    },
    Dimension.OWNER: lambda: {str(pk): name for pk, name in access.list_owner_names()},
    Dimension.SDR: lambda: {str(pk): name for pk, name in access.list_owner_names()},
}


def _value_label(dimension: Dimension, key: str) -> str:
    match dimension:
        case Dimension.REGION:
            return region_name(key)
        case Dimension.INDUSTRY:
            return industry_name(key)
        case Dimension.MONTH:
            return key[:7]
        case Dimension.STAGE:
            return str(looks.look(key).label)
        case Dimension.WARNING if key in DataWarning:
            return str(_lazy(WARNING_LABELS[DataWarning(key)]))
    return key


def _lazy(text: str) -> Promise:
    return _(text)


def stage_label(stage: Stage) -> Label:
    """MQL."""
    return looks.look(stage.value).label


# --- Addresses -----------------------------------------------------------------------------------------------------


def address(spec: FunnelSpec, **more: str) -> str:
    """The funnel page of a question. The page splits by channel unless told otherwise, so no split is written out."""
    params = [*to_params(spec), *([("split", NO_SPLIT)] if spec.split is None else []), *more.items()]
    return f"{reverse('funnel:funnel')}?{urlencode(params)}"


def drill(spec: FunnelSpec, stage: Stage, *, short_of: Stage | None = None) -> str:
    """The list of leads that a question counts at `stage`."""
    params = [*to_params(spec), ("at", stage.value)]
    if short_of is not None:
        params.append(("short_of", short_of.value))
    return f"{reverse('funnel:leads')}?{urlencode(params)}"


# --- The funnel as a shape -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Band:
    """One stage of the drawn funnel: a trapezoid from this stage's width to the next one's, and its figures."""

    stage: Stage
    label: Label
    colour: str
    points: str
    count: int
    dated: int
    of_previous: float | None
    of_first: float | None
    median: float | None
    stopped: int
    url: str
    stopped_url: str


_LEAST_WIDTH = 0.7
"""Percent of the width that even the smallest stage takes, so that it can be seen."""


def bands(answer: Funnel) -> list[Band]:
    """The stages of the answer, ready to draw in a box of 100 × 10."""
    widest = max((figure.count for figure in answer.stages), default=0) or 1
    widths = [
        max(100 * figure.count / widest, _LEAST_WIDTH) if figure.count else 0.0 for figure in answer.stages
    ]
    found = []
    for at, figure in enumerate(answer.stages):
        above = widths[at]
        below = widths[at + 1] if at + 1 < len(widths) else above * 0.86
        corners = ((50 - above / 2, 0), (50 + above / 2, 0), (50 + below / 2, 10), (50 - below / 2, 10))
        step = answer.steps[at - 1] if at else None
        following = answer.stages[at + 1].stage if at + 1 < len(answer.stages) else None
        found.append(
            Band(
                figure.stage,
                stage_label(figure.stage),
                looks.look(figure.stage.value).colour,
                " ".join(f"{x:.2f},{y}" for x, y in corners),
                *(figure.count, figure.dated, figure.of_previous, figure.of_first),
                step.days.median if step and step.days else None,
                figure.stopped,
                drill(answer.spec, figure.stage),
                drill(answer.spec, figure.stage, short_of=following) if following else "",
            )
        )
    return found


# --- The table of the split ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """A stage's count in a row of the table, its conversion from the stage before, and how warm that is (0 … 6)."""

    stage: Stage
    count: int
    rate: float | None
    heat: int
    median: float | None
    url: str

    @property
    def label(self) -> Label:
        """The stage in words."""
        return stage_label(self.stage)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One value of the split."""

    label: str
    url: str
    cells: list[Cell]
    overall: float | None
    overall_heat: int
    median: float | None
    money: Money
    more_currencies: int
    young: bool
    total: bool = False


_LEAST_FOR_HEAT = 5
"""A rate of fewer leads than this is chance; it stays cold."""


def table(answer: Funnel, names: Names, currency: str) -> list[TableRow]:
    """The rows of the split, the total last."""
    spec, dimension = answer.spec, answer.spec.split
    if dimension is None:
        return []
    scales = [
        _Scale.of(part.rates[at] for part in answer.parts if part.counts[at] >= _LEAST_FOR_HEAT)
        for at in range(len(spec.stages) - 1)
    ]
    overall = _Scale.of(part.overall for part in answer.parts if part.counts[0] >= _LEAST_FOR_HEAT)
    rows = []
    for part in answer.parts:
        narrowed = spec.narrowed(dimension, part.key)
        rows.append(
            TableRow(
                names.of(dimension, part.key),
                address(narrowed),
                _cells(spec, part, narrowed, scales),
                part.overall,
                overall.heat(part.overall, part.counts[0]),
                part.medians[-1] if part.medians else None,
                _in_currency(part.money, currency),
                sum(1 for money in part.money if money.currency != currency),
                part.young,
            )
        )
    if answer.others is not None:
        cells = _cells(spec, answer.others, None, scales)
        label = str(_("Others"))
        money = _in_currency(answer.others.money, currency)
        rows.append(TableRow(label, "", cells, answer.others.overall, 0, None, money, 0, False))
    counts = tuple(figure.count for figure in answer.stages)
    medians = (*(step.days.median if step.days else None for step in answer.steps), None)
    whole = _cells(spec, Part("", counts, medians), spec, None)
    through = answer.through.days.median if answer.through.days else None
    money = answer.amounts_in(currency)
    rows.append(
        TableRow(str(_("Total")), "", whole, answer.overall, 0, through, money, 0, young=False, total=True)
    )
    return rows


@dataclass(frozen=True, slots=True)
class _Scale:
    """The coldest and the hottest rate of a column."""

    low: float
    high: float

    @classmethod
    def of(cls, rates: Iterable[float | None]) -> "_Scale":
        known = [rate for rate in rates if rate is not None]
        return cls(min(known, default=0), max(known, default=0))

    def heat(self, rate: float | None, leads: int) -> int:
        """How warm `rate` is beside the others, 0 … 6; of few leads it says nothing."""
        if rate is None or self.high == self.low or leads < _LEAST_FOR_HEAT:
            return 0
        return round(6 * (rate - self.low) / (self.high - self.low))


def _cells(
    spec: FunnelSpec, part: Part, narrowed: FunnelSpec | None, scales: Sequence[_Scale] | None
) -> list[Cell]:
    rates = (None, *part.rates)
    return [
        Cell(
            stage,
            part.counts[at],
            rates[at],
            scales[at - 1].heat(rates[at], part.counts[at - 1]) if scales and at else 0,
            part.medians[at - 1] if at and len(part.medians) >= at else None,
            drill(narrowed, stage) if narrowed else "",
        )
        for at, stage in enumerate(spec.stages)
    ]


def _in_currency(amounts: Sequence[Money], currency: str) -> Money:
    return next((money for money in amounts if money.currency == currency), Money(currency))


def main_currency(answer: Funnel) -> str:
    """The house's currency if any money is in it, else the one with the most revenue."""
    found = [money.currency for money in answer.money]
    return settings.CURRENCY if settings.CURRENCY in found or not found else found[0]


# --- Charts --------------------------------------------------------------------------------------------------------

_SHOWN = 12
"""Values of the split that the chart shows."""


def trend_chart(answer: Funnel, course: Sequence[Part], dimension: Dimension, today: date) -> Chart | None:
    """Entries as bars and overall conversion as a line (cohort), or each stage's events as lines (period)."""
    if not course:
        return None
    spec = answer.spec
    last = min(max(date.fromisoformat(course[-1].key), spec.until or today), today)
    by_key = {part.key: part for part in course}
    nothing = tuple(0 for _stage in spec.stages)
    parts = [
        by_key.get(first.isoformat(), Part(first.isoformat(), nothing))
        for first in periods(dimension, date.fromisoformat(course[0].key), last)
    ]
    labels = [part.key[:7] if dimension is Dimension.MONTH else part.key[5:] for part in parts]
    if spec.view is View.COHORT:
        option = _cohort_option(spec, parts, dimension, labels)
        title = (
            _("Entries and conversion by month")
            if dimension is Dimension.MONTH
            else _("Entries and conversion by week")
        )
    else:
        option = _period_option(spec, parts, dimension, labels)
        title = _("Events by month") if dimension is Dimension.MONTH else _("Events by week")
    return Chart(code="funnel-trend", option=option, title=title, summary=title)


def _cohort_option(
    spec: FunnelSpec, parts: Sequence[Part], dimension: Dimension, labels: list[str]
) -> dict[str, object]:
    first, last = spec.stages[0], spec.stages[-1]
    bars = [
        {
            "value": part.counts[0],
            "url": drill(spec.narrowed(dimension, part.key), first),
            # Cohorts that are still growing are drawn lighter.
            **({"itemStyle": {"opacity": 0.45}} if part.young else {}),
        }
        for part in parts
    ]
    rates = [part.overall if part.counts[0] else None for part in parts]
    return {
        "legend": {},
        "xAxis": {"type": "category", "data": labels},
        "yAxis": [
            {"type": "value", "minInterval": 1, "format": "compact"},
            {"type": "value", "format": "percent", "min": 0, "splitLine": {"show": False}},
        ],
        "series": [
            {"type": "bar", "name": str(stage_label(first)), "data": bars},
            {
                "type": "line", "yAxisIndex": 1, "data": rates, "connectNulls": True, "format": "percent",
                "name": f"{stage_label(first)} → {stage_label(last)}",
            },
        ],
    }  # fmt: skip


def _period_option(
    spec: FunnelSpec, parts: Sequence[Part], dimension: Dimension, labels: list[str]
) -> dict[str, object]:
    return {
        "legend": {},
        "xAxis": {"type": "category", "data": labels, "boundaryGap": False},
        "yAxis": {"type": "value", "minInterval": 1, "format": "compact"},
        "series": [
            {
                "type": "line",
                "stage": stage.value,
                "name": str(stage_label(stage)),
                "data": [
                    {"value": part.counts[at], "url": drill(spec.narrowed(dimension, part.key), stage)}
                    for part in parts
                ],
            }
            for at, stage in enumerate(spec.stages)
        ],
    }


def split_chart(answer: Funnel, names: Names) -> Chart | None:
    """The largest values of the split: how many entered, and which share came through."""
    spec, dimension = answer.spec, answer.spec.split
    if dimension is None or dimension in TIMES or not answer.parts:
        return None
    shown = list(reversed(answer.parts[:_SHOWN]))
    first, last = stage_label(spec.stages[0]), stage_label(spec.stages[-1])
    title = _("Conversion by %(dimension)s") % {"dimension": DIMENSION_LABELS[dimension]}
    rates = [
        {
            "value": share(part.counts[-1], part.counts[0]) or 0,
            "url": address(spec.narrowed(dimension, part.key)),
        }
        for part in shown
    ]
    option: dict[str, object] = {
        "format": "percent",
        "xAxis": {"type": "value", "format": "percent", "splitNumber": 3},
        "yAxis": {
            "type": "category",
            "data": [_short(names.of(dimension, part.key)) for part in shown],
            "axisLabel": {"interval": 0},
        },
        "series": [
            {
                "type": "bar",
                "name": f"{first} → {last}",
                "data": rates,
                "barMaxWidth": 16,
                "label": {"show": True, "position": "right", "format": "percent"},
            }
        ],
        "grid": {"left": 12, "right": 48, "top": 8, "bottom": 4, "containLabel": True},
    }
    return Chart(code="funnel-split", option=option, title=title, summary=title)


def _short(text: str) -> str:
    return text if len(text) <= 18 else f"{text[:17]}…"
