"""The funnel, answered. `funnel(spec)` is what the page, the files and the API show."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from threading import Lock
from typing import Any

from huoju.core.access.models import User
from huoju.core.access.policy import Scope
from huoju.measure.warehouse.queries import Row, Session, session
from huoju.qualify.leads.policy import Stage

from . import metrics
from .metrics import CATALOGUE, Metric, Sees, Shape
from .policy.figures import (
    Days,
    Funnel,
    Money,
    Part,
    Step,
    is_young,
    money_left,
    remainder,
    stage_figures,
    young_since,
)
from .policy.spec import TIMES, Dimension, FunnelSpec, View, to_params

__all__ = [
    "CATALOGUE",
    "EVERYBODY",
    "Listed",
    "Metric",
    "Report",
    "Sees",
    "funnel",
    "list_leads",
    "list_values",
    "report",
    "sees_of",
]

EVERYBODY = Sees()
PARTS = 100
"""Values of a split that are shown; the others are summed up."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the page shows: the answer, the same for the window before (None without one), and the answer over time."""

    now: Funnel
    before: Funnel | None
    trend: tuple[Part, ...]


def sees_of(user: User) -> Sees:
    """What `user` sees, as `leads.queries.visible_to` has it."""
    if user.scope is Scope.ALL:
        return EVERYBODY
    if user.scope is Scope.OWN:
        return Sees(frozenset({user.pk}), unassigned=False)
    team = (
        User.objects.filter(team_id=user.team_id).values_list("pk", flat=True) if user.team_id else [user.pk]
    )
    return Sees(frozenset(team))


def funnel(spec: FunnelSpec, *, sees: Sees = EVERYBODY, today: date, limit: int = PARTS) -> Funnel:
    """The answer to `spec` for somebody who `sees` these leads. `today` is the company's day."""
    with _asked(spec, sees) as asked:
        question = (_said(spec), sees, today, limit)
        return _remembered(asked, question, lambda: _answer(asked, spec, today, limit))


def report(
    spec: FunnelSpec, *, sees: Sees = EVERYBODY, today: date, trend: Dimension, limit: int = PARTS
) -> Report:
    """The answer with its comparison and its course in months or weeks."""
    with _asked(spec, sees) as asked:
        question = (_said(spec), sees, today, limit, trend)
        return _remembered(asked, question, lambda: _report(asked, spec, today, trend, limit))


def _report(asked: Session, spec: FunnelSpec, today: date, trend: Dimension, limit: int) -> Report:
    now = _answer(asked, spec, today, limit)
    before = None
    if (earlier := spec.previous) is not None:
        asked.set(before_since=_bound(earlier.since, date.min), before_until=_bound(earlier.until, date.max))
        before = _totals(asked, earlier, Shape.of(earlier, before=True))
    course = _parts(asked, replace(spec, split=trend), now, limit=1000, with_medians=False)[0]
    return Report(now, before, course)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the leads behind a figure: (lead id, day) newest first; `after` is where the next page begins, `total`
    the figure itself."""

    leads: tuple[tuple[int, date], ...]
    after: tuple[date, int] | None
    total: int


def list_leads(
    spec: FunnelSpec,
    stage: Stage,
    *,
    sees: Sees = EVERYBODY,
    stopped_before: Stage | None = None,
    after: tuple[date, int] | None = None,
) -> Listed:
    """The leads that `spec` counts at `stage`; with `stopped_before` those of them that ended short of that stage."""
    with _asked(spec, sees) as asked:
        if after is not None:
            asked.set(after_day=after[0], after_id=after[1])
        question = metrics.listing(
            Shape.of(spec), stage, stopped_before=stopped_before, after=after is not None
        )
        rows = asked.ask(question)
        answer = _totals(asked, spec, Shape.of(spec))
    figure = answer.stages[spec.stages.index(stage)]
    page = tuple((int(lead_id), day) for lead_id, day in rows[: metrics.LISTED])
    following = (page[-1][1], page[-1][0]) if len(rows) > metrics.LISTED else None
    return Listed(page, following, figure.count if stopped_before is None else figure.stopped)


def list_values(
    dimensions: Sequence[Dimension], *, sees: Sees = EVERYBODY, limit: int = 200
) -> Mapping[Dimension, list[str]]:
    """The values that each dimension takes, most frequent first, as filters write them ("" is blank)."""
    with session() as asked:
        asked.define("matching", metrics.matching((), sees))
        return {
            dimension: [
                _key_text(dimension, key) for key, _ in asked.ask(metrics.values_of(dimension, limit))
            ]
            for dimension in dimensions
        }


# --- inside --------------------------------------------------------------------------------------------------------


REMEMBERED = 128
"""Answers that a process keeps; they hold until any row changes."""

_answers: OrderedDict[Hashable, Any] = OrderedDict()
_answers_lock = Lock()


def _remembered[A](asked: Session, question: Hashable, answer: Callable[[], A]) -> A:
    """The answer to `question`, computed only if no answer at this version of the rows is kept."""
    key = (asked.version, question)
    with _answers_lock:
        if key in _answers:
            _answers.move_to_end(key)
            known: A = _answers[key]
            return known
    found = answer()
    with _answers_lock:
        _answers[key] = found
        while len(_answers) > REMEMBERED:
            _answers.popitem(last=False)
    return found


def _said(spec: FunnelSpec) -> Hashable:
    """The question as something to look up: its address and its days."""
    return tuple(to_params(spec)), spec.since, spec.until


class _Asked:
    """A session with the question's filters and dates set."""

    def __init__(self, spec: FunnelSpec, sees: Sees) -> None:
        self._spec, self._sees = spec, sees
        self._session = session()

    def __enter__(self) -> Session:
        asked = self._session.__enter__()
        filters = tuple((dimension, tuple(values)) for dimension, values in self._spec.filters.items())
        asked.define("matching", metrics.matching(filters, self._sees))
        asked.set(since=_bound(self._spec.since, date.min), until=_bound(self._spec.until, date.max))
        return asked

    def __exit__(self, *error: Any) -> None:
        self._session.__exit__(*error)


_asked = _Asked


def _bound(day: date | None, otherwise: date) -> date:
    return otherwise if day is None else day


def _answer(asked: Session, spec: FunnelSpec, today: date, limit: int) -> Funnel:
    shape = Shape.of(spec)
    answer = _totals(asked, spec, shape)
    steps = _steps(asked, shape)
    adjacent = len(spec.stages) - 1
    young_from = None
    if spec.view is View.COHORT:
        ever = Days.of(asked.ask(metrics.durations_ever(spec.stages[0], spec.stages[-1])))
        young_from = young_since(ever, today)
    answer = replace(answer, steps=steps[:adjacent], through=steps[-1], young_from=young_from)
    if spec.split is None:
        return answer
    parts, values, found = _parts(asked, spec, answer, limit=limit, with_medians=True)
    hidden = found - len(parts)
    others = None
    if hidden:
        others = Part(
            "",
            remainder([figure.count for figure in answer.stages], parts),
            money=money_left(answer.money, parts),
        )
    return replace(answer, parts=parts, values=values, hidden=hidden, others=others)


def _totals(asked: Session, spec: FunnelSpec, shape: Shape) -> Funnel:
    """Counts and amounts."""
    (row,) = asked.ask(metrics.totals(shape))
    numbers = [int(value or 0) for value in row]
    through = Step(spec.stages[0], spec.stages[-1], None)
    money = _money(asked.ask(metrics.won_amounts(shape)), asked.ask(metrics.receipts(shape)))
    return Funnel(
        spec=spec,
        stages=stage_figures(spec.stages, numbers[0::3], numbers[1::3], numbers[2::3]),
        steps=(),
        through=through,
        money=money.get("", ()),
    )


def _steps(asked: Session, shape: Shape) -> tuple[Step, ...]:
    return tuple(
        Step(source, target, Days.of(asked.ask(metrics.durations(shape, source, target))))
        for source, target in metrics.steps(shape.stages)
    )


def _parts(
    asked: Session, spec: FunnelSpec, total: Funnel, *, limit: int, with_medians: bool
) -> tuple[tuple[Part, ...], int, int]:
    """The parts, the number of values that are not blank, and the number of all groups."""
    dimension, shape = spec.split, Shape.of(spec)
    assert dimension is not None  # noqa: S101 (callers ask for a split)
    rows = asked.ask(metrics.parts(shape, dimension, limit))
    medians: dict[str, Row] = {}
    money: dict[str, tuple[Money, ...]] = {}
    if with_medians:
        medians = {
            _key_text(dimension, row[0]): row[1:] for row in asked.ask(metrics.medians(shape, dimension))
        }
        money = _money(
            asked.ask(metrics.won_amounts(shape, dimension)),
            asked.ask(metrics.receipts(shape, dimension)),
            dimension,
        )
    none = (None,) * len(metrics.steps(spec.stages))
    times = dimension in TIMES
    cohorts = times and spec.view is View.COHORT
    parts: list[Part] = []
    for key, *counts, _ in rows:
        text = _key_text(dimension, key)
        young = cohorts and is_young(dimension, date.fromisoformat(text), total.young_from)
        parts.append(
            Part(text, tuple(map(int, counts)), tuple(medians.get(text, none)), money.get(text, ()), young)
        )
    groups = int(rows[0][-1]) if rows else 0
    if groups <= limit:
        # Money may come in where nothing else happened: in a month after the last deal of a period, say.
        moneyed = [
            Part(text, (0,) * len(spec.stages), none, money[text])
            for text in sorted(money.keys() - {part.key for part in parts})
        ]
        parts = sorted([*parts, *moneyed], key=lambda part: part.key) if times else [*parts, *moneyed]
        groups += len(moneyed)
    blank = any(not part.key for part in parts)
    return tuple(parts), groups - blank, groups


def _money(
    won: Sequence[Row], received: Sequence[Row], dimension: Dimension | None = None
) -> dict[str, tuple[Money, ...]]:
    """Amounts by key ("" without a split) and currency, the currency with the most revenue first."""
    found: dict[tuple[str, str], Money] = {}
    for *key, currency, amount, deals in won:
        at = _key_text(dimension, key[0]) if dimension else "", str(currency)
        found[at] = Money(at[1], Decimal(amount), int(deals))
    for *key, currency, amount, payments, paying in received:
        at = _key_text(dimension, key[0]) if dimension else "", str(currency)
        known = found.get(at, Money(at[1]))
        found[at] = replace(known, revenue=Decimal(amount), payments=int(payments), paying=int(paying))
    by_key: dict[str, list[Money]] = {}
    for (text, _currency), money in found.items():
        by_key.setdefault(text, []).append(money)
    return {
        text: tuple(sorted(amounts, key=lambda one: (-one.revenue, -one.won_amount, one.currency)))
        for text, amounts in by_key.items()
    }


def _key_text(dimension: Dimension, key: Any) -> str:
    if dimension in TIMES:
        return metrics.period_of(dimension, int(key)).isoformat()
    return str(key) if key else ""
