"""The answers, against plain Python over the same rows."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from huoju.core.facts.queries import position_now
from huoju.measure.funnel import queries
from huoju.measure.funnel.metrics import Sees
from huoju.measure.funnel.models import FunnelPayment, FunnelRow
from huoju.measure.funnel.policy.figures import Days, Funnel
from huoju.measure.funnel.policy.spec import Dimension, FunnelSpec, View
from huoju.measure.warehouse import operations as warehouse
from huoju.qualify.leads.policy import FUNNEL, Stage
from tests.races import count_queries

from .rows import Case, store

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 21)
SPLIT_BY = (Dimension.CHANNEL, Dimension.REGION, Dimension.MONTH, Dimension.WEEK, Dimension.OWNER)

pytestmark = pytest.mark.django_db


@st.composite
def cases(draw: st.DrawFn) -> list[Case]:
    found = []
    for number in range(1, draw(st.integers(0, 25)) + 1):
        # Hours matter: a day begins at 16:00 UTC of the day before.
        begin = datetime(2026, 1, 30, tzinfo=UTC) + timedelta(hours=draw(st.integers(0, 2000)))
        times = {"lead": begin}
        for stage in FUNNEL[1:]:
            if draw(st.booleans()):
                times[stage.value] = begin + timedelta(hours=draw(st.integers(-60, 1500)))
        won = "won" in times
        paid = (
            draw(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 99999)), max_size=2)) if won else []
        )
        found.append(
            Case(
                lead_id=number,
                times=times,
                channel_id=draw(st.sampled_from([None, 1, 2])),
                region=draw(st.sampled_from(["", "31", "44", "4403"])),
                owner_id=draw(st.sampled_from([None, 7, 8])),
                stage="won" if won else draw(st.sampled_from(["lead", "lost", "disqualified", "pool"])),
                warnings=draw(st.sampled_from(["", "a", "a,b"])),
                won_amount=Decimal(draw(st.integers(0, 10**6))) / 100
                if won and draw(st.booleans())
                else None,
                won_currency="CNY" if won else "",
                payments=[(begin + timedelta(hours=h), Decimal(cents) / 100, "CNY") for h, cents in paid],
            )
        )
    return found


@st.composite
def specs(draw: st.DrawFn) -> FunnelSpec:
    chosen = draw(st.sets(st.sampled_from(FUNNEL), min_size=2))
    since = draw(st.none() | st.dates(date(2026, 1, 20), date(2026, 5, 1)))
    until = draw(st.none() | st.dates(since or date(2026, 1, 20), date(2026, 6, 1)))
    filters: dict[Dimension, tuple[str, ...]] = {}
    if draw(st.booleans()):
        filters[Dimension.CHANNEL] = draw(st.sampled_from([("",), ("1",), ("", "2")]))
    if draw(st.booleans()):
        filters[Dimension.REGION] = draw(st.sampled_from([("44",), ("", "31")]))
    if draw(st.booleans()):
        filters[Dimension.WARNING] = draw(st.sampled_from([("b",), ("", "b"), ("a",)]))
    if draw(st.booleans()):
        filters[Dimension.STAGE] = draw(st.sampled_from([("won",), ("lost", "pool")]))
    return FunnelSpec(
        stages=tuple(stage for stage in FUNNEL if stage in chosen),
        view=draw(st.sampled_from(View)), since=since, until=until, filters=filters,
        split=draw(st.sampled_from(SPLIT_BY)),
        skipped=draw(st.booleans()),
    )  # fmt: skip


class Plain:
    """The same figures by loops."""

    def __init__(self, found: list[Case], spec: FunnelSpec) -> None:
        self.spec = spec
        self.leads = [case for case in found if self._passes(case)]

    def day(self, case: Case, stage: Stage) -> date | None:
        if stage is Stage.WON and case.stage != "won":
            return None
        at = case.times.get(stage.value)
        return at.astimezone(ZONE).date() if at else None

    def reached(self, case: Case, stage: Stage) -> date | None:
        if not self.spec.skipped:
            return self.day(case, stage)
        later = (self.day(case, each) for each in FUNNEL[FUNNEL.index(stage) :])
        return next((day for day in later if day), None)

    def _inside(self, day: date | None) -> bool:
        spec = self.spec
        return day is not None and (spec.since or date.min) <= day <= (spec.until or date.max)

    def _passes(self, case: Case) -> bool:
        values = {
            Dimension.CHANNEL: str(case.channel_id or ""), Dimension.REGION: case.region[:2],
            Dimension.STAGE: case.stage,
        }  # fmt: skip
        for dimension, wanted in self.spec.filters.items():
            if dimension is Dimension.WARNING:
                if not any(each in case.warnings.split(",") for each in wanted):
                    return False
            elif values[dimension] not in wanted:
                return False
        return self.spec.view is View.PERIOD or self._inside(self.reached(case, self.spec.stages[0]))

    def counts_at(self, case: Case, stage: Stage) -> bool:
        day = self.reached(case, stage)
        return day is not None if self.spec.view is View.COHORT else self._inside(day)

    def counts(self) -> list[int]:
        return [sum(self.counts_at(case, stage) for case in self.leads) for stage in self.spec.stages]

    def stopped(self) -> list[int]:
        return [
            sum(
                self.counts_at(case, here)
                and not self.reached(case, there)
                and case.stage in ("lost", "disqualified")
                for case in self.leads
            )
            for here, there in zip(self.spec.stages, self.spec.stages[1:], strict=False)
        ]

    def days(self, source: Stage, target: Stage) -> Days | None:
        found = []
        for case in self.leads:
            begin, end = self.day(case, source), self.day(case, target)
            if begin and end and (self.spec.view is View.COHORT or self._inside(end)):
                found.append((end - begin).days)
        return Days.of(sorted(Counter(found).items()))

    def key(self, case: Case, day: date | None) -> str:
        match self.spec.split:
            case Dimension.CHANNEL:
                return str(case.channel_id or "")
            case Dimension.OWNER:
                return str(case.owner_id or "")
            case Dimension.REGION:
                return case.region[:2]
        assert day is not None
        if self.spec.split is Dimension.MONTH:
            return day.replace(day=1).isoformat()
        return (day - timedelta(days=day.weekday())).isoformat()

    def parts(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = defaultdict(lambda: [0] * len(self.spec.stages))
        for case in self.leads:
            entry = self.reached(case, self.spec.stages[0])
            for at, stage in enumerate(self.spec.stages):
                if self.counts_at(case, stage):
                    day = entry if self.spec.view is View.COHORT else self.reached(case, stage)
                    found[self.key(case, day)][at] += 1
        return {key: tuple(counts) for key, counts in found.items()}

    def revenue(self) -> Decimal:
        return sum(
            (
                amount
                for case in self.leads
                for at, amount, _currency in case.payments
                if self.spec.view is View.COHORT or self._inside(at.astimezone(ZONE).date())
            ),
            Decimal(0),
        )

    def won_amount(self) -> Decimal:
        return sum(
            (case.won_amount or Decimal(0) for case in self.leads if self.counts_at(case, Stage.WON)),
            Decimal(0),
        )


@given(cases(), specs())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # shrinking such cases takes longer than reading one
)
def test_every_figure_equals_plain_counting(found: list[Case], spec: FunnelSpec) -> None:
    warehouse.forget()
    with transaction.atomic():
        store(found)
        answer = queries.funnel(spec, today=TODAY)
        plain = Plain(found, spec)
        assert [figure.count for figure in answer.stages] == plain.counts()
        assert [figure.stopped for figure in answer.stages[:-1]] == plain.stopped()
        for step in (*answer.steps, answer.through):
            assert step.days == plain.days(step.source, step.target)
        counted = {part.key: part.counts for part in answer.parts if any(part.counts)}
        assert counted == plain.parts()
        assert answer.amounts_in("CNY").revenue == plain.revenue()
        assert answer.amounts_in("CNY").won_amount == plain.won_amount()
        for figure in answer.stages:
            listed = queries.list_leads(spec, figure.stage)
            assert len(listed.leads) == listed.total == figure.count
        _the_parts_add_up(answer)
        transaction.set_rollback(True)


def _the_parts_add_up(answer: Funnel) -> None:
    for at, figure in enumerate(answer.stages):
        assert sum(part.counts[at] for part in answer.parts) == figure.count
    assert sum((money.revenue for part in answer.parts for money in part.money), Decimal(0)) == sum(
        (money.revenue for money in answer.money), Decimal(0)
    )


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), ZONE)


def test_what_changes_is_seen_at_the_next_question() -> None:
    spec = FunnelSpec(stages=(Stage.LEAD, Stage.WON))

    def counts() -> list[int]:
        return [figure.count for figure in queries.funnel(spec, today=TODAY).stages]

    store([Case(lead_id=1, times={"lead": noon(TODAY)}), Case(lead_id=2, times={"lead": noon(TODAY)})])
    assert counts() == [2, 0]
    FunnelRow.objects.filter(lead_id=1).update(won_at=noon(TODAY), stage="won", changed_tx=position_now())
    assert counts() == [2, 1]
    FunnelRow.objects.filter(lead_id=2).update(withdrawn=True, changed_tx=position_now())
    assert counts() == [1, 1]
    store([Case(lead_id=3, times={"lead": noon(TODAY)})])
    assert counts() == [2, 1]
    FunnelPayment.objects.create(
        payment_id=1,
        lead_id=1,
        paid_at=noon(TODAY),
        amount=Decimal("0.30"),
        currency="CNY",
        changed_tx=position_now(),
    )
    assert queries.funnel(spec, today=TODAY).amounts_in("CNY").revenue == Decimal("0.30")


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_kept_until_a_row_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic():
        store([Case(lead_id=1, times={"lead": noon(TODAY)})])
    spec = FunnelSpec(split=Dimension.CHANNEL)
    first = queries.funnel(spec, today=TODAY)
    assert queries.funnel(spec, today=TODAY) is first
    assert queries.funnel(spec, sees=Sees(frozenset()), today=TODAY) is not first
    assert queries.funnel(spec, today=TODAY, limit=1) is not first
    with transaction.atomic():
        store([Case(lead_id=2, times={"lead": noon(TODAY)})])
    assert queries.funnel(spec, today=TODAY).entered == 2
    monkeypatch.setattr(queries, "REMEMBERED", 1)
    second = queries.funnel(spec, today=TODAY)
    queries.funnel(FunnelSpec(), today=TODAY)
    assert queries.funnel(spec, today=TODAY) is not second


def test_a_contract_that_fell_through_is_not_won() -> None:
    store(
        [
            Case(lead_id=1, times={"lead": noon(TODAY), "won": noon(TODAY)}, stage="opportunity", won_amount=Decimal(9),
                 won_currency="CNY"),
        ]
    )  # fmt: skip
    answer = queries.funnel(FunnelSpec(), today=TODAY)
    assert answer.stages[-1].count == 0
    assert answer.money == ()


def test_currencies_are_never_added_up() -> None:
    paid = [
        (noon(TODAY), Decimal(5), "USD"),
        (noon(TODAY), Decimal(7), "CNY"),
        (noon(TODAY), Decimal(1), "USD"),
    ]
    store([Case(lead_id=1, times={"lead": noon(TODAY), "won": noon(TODAY)}, stage="won", payments=paid)])
    answer = queries.funnel(FunnelSpec(), today=TODAY)
    assert {money.currency: (money.revenue, money.payments, money.paying) for money in answer.money} == {
        "CNY": (Decimal(7), 1, 1), "USD": (Decimal(6), 2, 1),
    }  # fmt: skip


def test_a_manager_sees_the_team_nobodys_and_the_pool() -> None:
    owners = [None, 7, 8, 9]
    store([Case(lead_id=n, times={"lead": noon(TODAY)}, owner_id=owner) for n, owner in enumerate(owners, 1)])
    store([Case(lead_id=9, times={"lead": noon(TODAY)}, owner_id=9, stage="pool")])
    spec = FunnelSpec()

    def seen(sees: Sees) -> set[int]:
        return {lead_id for lead_id, _day in queries.list_leads(spec, Stage.LEAD, sees=sees).leads}

    assert seen(Sees()) == {1, 2, 3, 4, 9}
    assert seen(Sees(frozenset({7, 8}))) == {1, 2, 3, 9}
    assert seen(Sees(frozenset({7}), unassigned=False)) == {2, 9}
    assert seen(Sees(frozenset(), unassigned=False, pool=False)) == set()
    assert queries.funnel(spec, sees=Sees(frozenset({7, 8})), today=TODAY).entered == 4


def test_the_list_behind_a_figure_is_paged_without_gaps() -> None:
    day = TODAY - timedelta(days=1)
    store([Case(lead_id=n, times={"lead": noon(day if n % 2 else TODAY)}) for n in range(1, 124)])
    found: list[tuple[int, date]] = []
    after = None
    while True:
        page = queries.list_leads(FunnelSpec(), Stage.LEAD, after=after)
        found += page.leads
        after = page.after
        if after is None:
            break
    assert [lead_id for lead_id, _day in found] == [*range(122, 0, -2), *range(123, 0, -2)]


def test_values_beyond_the_limit_are_summed_up() -> None:
    store([Case(lead_id=n, times={"lead": noon(TODAY)}, keyword=f"k{n % 10}") for n in range(1, 101)])
    answer = queries.funnel(FunnelSpec(split=Dimension.KEYWORD), today=TODAY, limit=3)
    assert (len(answer.parts), answer.hidden, answer.values) == (3, 7, 10)
    assert answer.others is not None
    assert answer.others.counts[0] == 70


def test_values_to_choose_from_most_frequent_first() -> None:
    store(
        [Case(lead_id=n, times={"lead": noon(TODAY)}, channel_id=[None, 1, 1, 2, 2, 2][n]) for n in range(6)]
    )
    assert queries.list_values([Dimension.CHANNEL]) == {Dimension.CHANNEL: ["2", "1", ""]}


def test_a_question_costs_three_statements_in_postgresql() -> None:
    store([Case(lead_id=1, times={"lead": noon(TODAY)})])
    spec = FunnelSpec(split=Dimension.CHANNEL, since=TODAY - timedelta(days=30), until=TODAY)

    def ask() -> None:
        queries.report(spec, today=TODAY, trend=Dimension.WEEK)

    ask()
    assert count_queries(ask) <= 4
