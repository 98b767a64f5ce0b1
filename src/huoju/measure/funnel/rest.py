"""The funnel for programs: the same question, the same figures."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from huoju.core.access.gate import ApiKeyAuth
from huoju.core.access.policy import ApiScope
from huoju.core.api import FieldProblem, Refused
from huoju.core.rules import translated

from . import queries
from .days import company_today
from .display import Names
from .policy.figures import Days, Funnel, Money, Part, Step
from .policy.spec import SpecError, parse

router = Router(auth=ApiKeyAuth(ApiScope.REPORTS_READ))

LIMIT = 1000


class FunnelQuestion(Schema):
    """What is asked. Filters may be repeated; `~blank` asks for the leads without a value."""

    stages: list[str] = Field(
        default=[], description="Stages in order, repeated or with commas: lead,mql,won"
    )
    view: str = Field(
        default="", description="cohort (by entry into the first stage; default) or period (by event)"
    )
    range: str = Field(default="", description="30d, 90d, 365d (default), month, year or all")
    since: str = Field(
        default="", alias="from", description="First day, YYYY-MM-DD, in the company's time zone"
    )
    until: str = Field(default="", alias="to", description="Last day, included")
    split: str = Field(default="", description="channel, campaign, region, …, month or week")
    skipped: str = Field(
        default="", description="count (default): skipped stages count as passed; leave: they do not"
    )
    channel: list[str] = Field(default=[], description="Channel ids")
    campaign: list[str] = Field(default=[], description="Campaign ids")
    keyword: list[str] = []
    landing_page: list[str] = []
    region: list[str] = Field(default=[], description="Two-digit province codes of GB/T 2260")
    industry: list[str] = []
    size: list[str] = []
    product: list[str] = []
    segment: list[str] = []
    owner: list[str] = Field(default=[], description="User ids")
    sdr: list[str] = Field(default=[], description="User ids")
    stage: list[str] = Field(default=[], description="The stage at which the lead stands now")
    warning: list[str] = Field(default=[], description="Codes of data warnings")


class DaysOut(Schema):
    """Calendar days in the company's time zone; percentiles interpolate linearly."""

    n: int
    median: float
    mean: float
    p25: float
    p75: float
    p90: float
    minimum: int
    maximum: int
    within_30: float = Field(description="Share of 1 that took at most 30 days")


class StepOut(Schema):
    """The time between two stages; null where no lead has both dates."""

    source: str
    target: str
    days: DaysOut | None


class StageOut(Schema):
    """A stage. Conversions are shares of 1."""

    stage: str
    count: int
    dated: int = Field(description="Leads with a date of their own for it; the others skipped it")
    of_previous: float | None
    of_first: float | None
    stopped: int = Field(description="Reached it, not the next one, and are lost or disqualified")


class MoneyOut(Schema):
    """Amounts in one currency, as decimal texts."""

    currency: str
    won_amount: Decimal
    won_deals: int
    revenue: Decimal
    payments: int
    paying: int = Field(description="Deals with at least one payment")


class PartOut(Schema):
    """One value of the split. `key` is what the filter of the same name takes; blank is empty."""

    key: str
    label: str
    counts: list[int]
    overall: float | None
    medians: list[float | None] = Field(
        description="Median days of each step, then from the first stage to the last"
    )
    money: list[MoneyOut]
    young: bool = Field(description="This cohort is younger than nine deals in ten take: it will still grow")


class FunnelOut(Schema):
    """The answer."""

    since: date | None
    until: date | None
    view: str
    stages: list[StageOut]
    steps: list[StepOut]
    through: StepOut
    money: list[MoneyOut]
    split: str | None
    parts: list[PartOut]
    values: int = Field(description="Values of the split, the blank left out")
    hidden: int = Field(description="Values that did not fit into `parts`")
    young_from: date | None = Field(
        description="Leads that entered on this day or later are too young to be judged"
    )


@router.get("/funnel", response=FunnelOut, summary="Stages, conversion, time and money")
def funnel(request: HttpRequest, question: Query[FunnelQuestion]) -> dict[str, Any]:
    """How many leads reached each stage, which share went on, how long it took and what came of it.

    The figures are those of the funnel page: counted over everything committed by now.
    """
    asked = question.model_dump(by_alias=True)
    params = {name: value if isinstance(value, list) else [value] for name, value in asked.items()}
    try:
        spec = parse(params, company_today())
    except SpecError as error:
        message = translated(error.problem)
        field = FieldProblem(field=error.field, message=message, code="invalid")
        raise Refused(422, "invalid", message, [field]) from None
    return _told(queries.funnel(spec, today=company_today(), limit=LIMIT))


def _told(answer: Funnel) -> dict[str, Any]:
    names, spec = Names(), answer.spec
    return {
        "since": spec.since, "until": spec.until, "view": spec.view.value,
        "stages": [
            {
                "stage": figure.stage.value, "count": figure.count, "dated": figure.dated,
                "of_previous": figure.of_previous, "of_first": figure.of_first, "stopped": figure.stopped,
            }
            for figure in answer.stages
        ],
        "steps": [_step(step) for step in answer.steps],
        "through": _step(answer.through),
        "money": [_money(money) for money in answer.money],
        "split": spec.split.value if spec.split else None,
        "parts": [_part(part, names, answer) for part in answer.parts],
        "values": answer.values, "hidden": answer.hidden, "young_from": answer.young_from,
    }  # fmt: skip


def _part(part: Part, names: Names, answer: Funnel) -> dict[str, Any]:
    assert answer.spec.split is not None  # noqa: S101 (parts come of a split)
    return {
        "key": part.key, "label": names.of(answer.spec.split, part.key), "counts": list(part.counts),
        "overall": part.overall, "medians": list(part.medians), "money": [_money(money) for money in part.money],
        "young": part.young,
    }  # fmt: skip


def _step(step: Step) -> dict[str, Any]:
    return {
        "source": step.source.value,
        "target": step.target.value,
        "days": _days(step.days) if step.days else None,
    }


def _days(days: Days) -> dict[str, Any]:
    return {name: getattr(days, name) for name in DaysOut.model_fields}


def _money(money: Money) -> dict[str, Any]:
    return {name: getattr(money, name) for name in MoneyOut.model_fields}
