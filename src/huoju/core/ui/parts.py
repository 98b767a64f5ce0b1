"""What the patterns are made of. Pages build these and hand them to the templates `ui/_….html`; see README.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.safestring import SafeString

type Label = str | Promise
type Tone = Literal["", "primary", "success", "warning", "danger", "info"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A headline figure. `value` is ready to read (use `formats`).

    `change` is the relative change against the period before (0.12 is +12 %), `good` says which direction pleases.
    """

    label: Label
    value: str
    note: Label = ""
    url: str = ""
    change: float | Decimal | None = None
    good: Literal["up", "down"] = "up"

    @property
    def direction(self) -> Literal["up", "down", "flat"]:
        """Where it went."""
        if not self.change:
            return "flat"
        return "up" if self.change > 0 else "down"

    @property
    def mood(self) -> Literal["good", "bad", "flat"]:
        """Whether that is good news."""
        if self.direction == "flat":
            return "flat"
        return "good" if self.direction == self.good else "bad"


@dataclass(frozen=True, kw_only=True)
class Tab:
    """A tab of a detail page: its content is the same address with `?tab=code`."""

    code: str
    label: Label
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """One entry of a timeline."""

    at: datetime
    title: Label | SafeString
    icon: str = "point"
    tone: Tone = ""
    text: Label | SafeString = ""
    actor: Label = ""
    url: str = ""


@dataclass(frozen=True)
class DayOfEvents:
    """The entries of one day, newest first."""

    day: date
    events: Sequence[Event]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card of a board. `move_url` receives `to` (the column's code) by POST; empty: it cannot be dragged."""

    title: Label
    url: str = ""
    text: Label = ""
    left: Label = ""
    right: Label = ""
    move_url: str = ""


@dataclass(frozen=True, kw_only=True)
class BoardColumn:
    """A column of a board. `count` and `total` speak for all of it, `cards` are the first ones."""

    code: str
    label: Label
    cards: Sequence[Card]
    count: int
    total: str = ""
    stage: str = ""
    more_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One item of an inbox's queue; its panel is what `url` answers (a fragment)."""

    pk: int
    title: Label
    url: str
    text: Label = ""
    at: datetime | None = None
    badge: Label = ""
    tone: Tone = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """An ECharts option without colours, fonts and functions: `static/ui/charts.js` adds them from theme and locale.

    `format` (number, compact, money, percent, days) dresses axes and tooltips; a data point's `url` makes it a link.
    `summary` says in words what the chart shows, for those who cannot see it.
    """

    code: str
    option: Mapping[str, Any]
    title: Label = ""
    summary: Label = ""
    note: Label = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a wizard."""

    code: str
    label: Label


@dataclass(frozen=True)
class Steps:
    """A wizard's steps and where it stands."""

    steps: Sequence[Step]
    current: str

    @property
    def numbered(self) -> list[tuple[int, Step, str]]:
        """Number, step and state (`done`, `now`, `todo`) of each."""
        here = [step.code for step in self.steps].index(self.current)
        return [
            (number, step, "now" if number == here + 1 else "done" if number <= here else "todo")
            for number, step in enumerate(self.steps, start=1)
        ]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Work under way. The fragment asks `url` again every second until `finished`.

    The page's answer at `url` renders `ui/_progress.html` again, or `HX-Redirect` / another fragment once finished.
    """

    url: str
    done: int
    total: int | None
    label: Label
    note: Label = ""
    finished: bool = False
    failed: bool = False
    counts: Sequence[tuple[Label, int]] = field(default=())

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 as long as the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def percent(self) -> int:
        """The share as a whole number of percent."""
        return round(self.share * 100)
