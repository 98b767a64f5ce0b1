"""What is asked of the funnel: stages, view, dates, filters, split; and how an address says it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from huoju.core.problems import Problem
from huoju.core.text import msgid
from huoju.qualify.leads.policy import FUNNEL, Stage


class View(StrEnum):
    """Which leads are counted."""

    COHORT = "cohort"  # 同期群: those that entered the first stage in the window, followed to today
    PERIOD = "period"  # 期间: whatever happened in the window, whenever the lead came in


class Dimension(StrEnum):
    """What leads are told apart by. The value is the parameter's name and the column's."""

    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    KEYWORD = "keyword"
    LANDING_PAGE = "landing_page"
    REGION = "region"
    INDUSTRY = "industry"
    SIZE = "size"
    PRODUCT = "product"
    SEGMENT = "segment"
    OWNER = "owner"
    SDR = "sdr"
    MONTH = "month"  # of entry (cohort) or of the event (period)
    WEEK = "week"
    STAGE = "stage"  # where the lead stands now; filter only
    WARNING = "warning"  # data warnings; filter only


ENTITIES = frozenset({Dimension.CHANNEL, Dimension.CAMPAIGN, Dimension.OWNER, Dimension.SDR})
"""Dimensions whose values are ids."""
TIMES = frozenset({Dimension.MONTH, Dimension.WEEK})
SPLITS: tuple[Dimension, ...] = tuple(
    each for each in Dimension if each not in (Dimension.STAGE, Dimension.WARNING)
)
FILTERS: tuple[Dimension, ...] = tuple(each for each in Dimension if each not in TIMES)

BLANK = "~blank"
"""How an address writes the blank value: leads without a channel, say. It is a value of its own, not "unknown"."""


class Range(StrEnum):
    """Windows that move with the day."""

    MONTH = "30d"
    QUARTER = "90d"
    YEAR = "365d"
    THIS_MONTH = "month"
    THIS_YEAR = "year"
    ALL = "all"


DEFAULT_RANGE = Range.YEAR
CUSTOM = "custom"
"""The range of an address that names its days itself."""
NO_SPLIT = "none"
"""How an address says that nothing is split, where something would be by default."""
_UNKNOWN = msgid("“%(value)s” is unknown here.")


class SpecError(ValueError):
    """A parameter makes no sense; `field` names it."""

    def __init__(self, field_name: str, problem: Problem) -> None:
        super().__init__(problem)
        self.field = field_name
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelSpec:
    """A question. `since` and `until` are days in the company's time zone, both included; None: without bound.

    `skipped`: a lead that reached a later stage counts as having passed the earlier ones even if it has no date for
    them (at the date of the next stage it has). Without it only dated stages count. Values of `filters` are texts as
    the address writes them, "" for blank.
    """

    stages: tuple[Stage, ...] = FUNNEL
    view: View = View.COHORT
    since: date | None = None
    until: date | None = None
    range: Range | None = None
    filters: Mapping[Dimension, tuple[str, ...]] = field(default_factory=dict)
    split: Dimension | None = None
    skipped: bool = True

    def __post_init__(self) -> None:
        if len(self.stages) < 2:
            raise SpecError("stages", Problem(msgid("At least two stages are needed.")))
        if list(self.stages) != [stage for stage in FUNNEL if stage in self.stages]:
            raise SpecError("stages", Problem(msgid("Stages stand in the order of the funnel, each once.")))
        if self.since and self.until and self.since > self.until:
            raise SpecError("from", Problem(msgid("The first day comes after the last.")))

    @property
    def previous(self) -> "FunnelSpec | None":
        """The same question about the window of the same length just before; None without two bounds."""
        if self.since is None or self.until is None:
            return None
        length = self.until - self.since + timedelta(days=1)
        try:
            since, until = self.since - length, self.since - timedelta(days=1)
        except OverflowError:
            return None
        return replace(self, since=since, until=until, range=None, split=None)

    def narrowed(self, dimension: Dimension, value: str) -> "FunnelSpec":
        """The same question about the leads with one value only; of a month or week, the days of it in the window."""
        if dimension in TIMES:
            first = date.fromisoformat(value)
            last = last_day(dimension, first)
            since = max(first, self.since) if self.since else first
            until = min(last, self.until) if self.until else last
            return replace(self, since=since, until=max(since, until), range=None, split=None)
        return replace(self, filters={**self.filters, dimension: (value,)}, split=None)


def window(chosen: Range, today: date) -> tuple[date | None, date | None]:
    """The days of a moving window, as of `today`."""
    match chosen:
        case Range.ALL:
            return None, None
        case Range.THIS_MONTH:
            return today.replace(day=1), today
        case Range.THIS_YEAR:
            return today.replace(month=1, day=1), today
    return today - timedelta(days=int(chosen.value[:-1]) - 1), today


def last_day(dimension: Dimension, first: date) -> date:
    """The last day of the month or ISO week that begins at `first`."""
    if dimension is Dimension.WEEK:
        return first + timedelta(days=6)
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def periods(dimension: Dimension, first: date, last: date) -> list[date]:
    """The first days of all months or weeks from that of `first` to that of `last`: charts show empty ones too."""
    at = first.replace(day=1) if dimension is Dimension.MONTH else first - timedelta(days=first.weekday())
    found = []
    while at <= last:
        found.append(at)
        at = last_day(dimension, at) + timedelta(days=1)
    return found


def parse(params: Mapping[str, Sequence[str]], today: date) -> FunnelSpec:
    """The question that an address asks; empty parameters mean their defaults, unknown ones are left alone.

    Raises `SpecError`.
    """
    first = {name: values[-1] for name, values in params.items() if values and values[-1]}
    since, until = _day("from", first), _day("to", first)
    chosen: Range | None = None
    if first.get("range", "") not in ("", CUSTOM) or not (since or until):
        # "custom" with no day given is all time; a range beside days wins, days beside nothing or "custom" count.
        named = Range.ALL if first.get("range") == CUSTOM else first.get("range", DEFAULT_RANGE)
        chosen = _one_of(Range, "range", named)
        since, until = window(chosen, today)
    # Stages come as repeated parameters (check boxes) or as one with commas (links).
    wanted = [part for value in params.get("stages", ()) for part in value.split(",") if part]
    stages = {_one_of(Stage, "stages", code) for code in wanted}
    split = first.get("split")
    if split == NO_SPLIT:
        split = None
    if split is not None and split not in SPLITS:
        raise SpecError("split", Problem(_UNKNOWN, value=split))
    return FunnelSpec(
        stages=tuple(stage for stage in FUNNEL if stage in stages) if stages else FUNNEL,
        view=_one_of(View, "view", first.get("view", View.COHORT)),
        since=since,
        until=until,
        range=chosen,
        filters=_filters(params),
        split=Dimension(split) if split else None,
        skipped=first.get("skipped", "count") != "leave",
    )


def to_params(spec: FunnelSpec) -> list[tuple[str, str]]:
    """The address of a question, without what is default: `parse` reads it back to the same question."""
    params: list[tuple[str, str]] = []
    if spec.stages != FUNNEL:
        params.append(("stages", ",".join(spec.stages)))
    if spec.view is not View.COHORT:
        params.append(("view", spec.view))
    if spec.range is not None:
        if spec.range is not DEFAULT_RANGE:
            params.append(("range", spec.range))
    else:
        params += [("from", spec.since.isoformat())] if spec.since else []
        params += [("to", spec.until.isoformat())] if spec.until else []
        if not params[-1:] or params[-1][0] not in ("from", "to"):
            params.append(("range", Range.ALL))
    for dimension in FILTERS:
        params += [(dimension.value, escape(value)) for value in spec.filters.get(dimension, ())]
    if spec.split is not None:
        params.append(("split", spec.split))
    if not spec.skipped:
        params.append(("skipped", "leave"))
    return params


def escape(value: str) -> str:
    """A value as an address writes it; "" becomes `BLANK`."""
    if not value:
        return BLANK
    return f"~{value}" if value.startswith("~") else value


def unescape(text: str) -> str:
    """The reverse of `escape`."""
    if text == BLANK:
        return ""
    return text[1:] if text.startswith("~~") else text


def _filters(params: Mapping[str, Sequence[str]]) -> dict[Dimension, tuple[str, ...]]:
    filters: dict[Dimension, tuple[str, ...]] = {}
    for dimension in FILTERS:
        values = _distinct(unescape(text) for text in params.get(dimension.value, ()) if text)
        if dimension in ENTITIES and not all(value == "" or _is_id(value) for value in values):
            raise SpecError(dimension.value, Problem(msgid("Ids are whole numbers.")))
        if dimension is Dimension.STAGE:
            values = tuple(_one_of(Stage, "stage", value).value for value in values)
        if values:
            filters[dimension] = values
    return filters


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 18


def _one_of[E: StrEnum](kind: type[E], name: str, value: str) -> E:
    try:
        return kind(value)
    except ValueError:
        raise SpecError(name, Problem(_UNKNOWN, value=value)) from None


def _day(name: str, first: Mapping[str, str]) -> date | None:
    if name not in first:
        return None
    try:
        return date.fromisoformat(first[name])
    except ValueError:
        raise SpecError(
            name, Problem(msgid("“%(value)s” is no date (YYYY-MM-DD)."), value=first[name])
        ) from None
