"""The simulator's screen: the company's own rates, a what-if, and the step that pays most."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.ui import formats
from huoju.core.ui.parts import Figure, Label
from huoju.core.ui.respond import is_fragment, respond
from huoju.qualify.leads.policy import FUNNEL

from . import display, queries
from .days import company_today
from .forms import EFFORT_FIELDS, HANDLING_FIELDS, RATE_FIELDS, SimulatorForm
from .policy.figures import Funnel
from .policy.simulator import STEPS, Scenario, best, improve, rounded, simulate
from .policy.spec import DEFAULT_RANGE, FunnelSpec, window
from .waiting import or_progress

_TEXTBOOK = {"impressions": "10000000", "price": "0.005", "value": "50000", "better": "10"}
_EFFORT = "10000"
_HANDLING = dict(zip(HANDLING_FIELDS, ("0", "1", "15", "40", "300", "3000", "0"), strict=True))
"""What a call, a visit, a trial roughly cost, until the user says better."""
_ASSUMED = {"rate_click": Decimal(2), "rate_lead": Decimal(5)}
"""Per cent, until impressions and clicks are measured."""


@dataclass(frozen=True, slots=True)
class Line:
    """A step as the page draws it."""

    code: str
    label: Label
    source: Label
    rate: object
    effort: object
    handling: object
    volume: str
    customers: str
    cost: str
    gain: str
    best: bool
    measured: bool


def _label(code: str) -> Label:
    if code == "click":
        return _("Click")
    return display.stage_label(next(stage for stage in FUNNEL if stage.value == code))


@requires(Action.SEE_REPORTS)
@or_progress
def simulator(request: HttpRequest) -> HttpResponseBase:
    """What the steps make of impressions, and which one, improved, gains most per yuan. All inputs in the address."""
    since, until = window(DEFAULT_RANGE, company_today())
    spec = FunnelSpec(since=since, until=until, range=DEFAULT_RANGE)
    answer = queries.funnel(spec, sees=queries.sees_of(current_user(request)), today=company_today())
    own = _own(answer)
    form = SimulatorForm({**own, **{name: value for name, value in request.GET.items() if value}})
    lines: list[Line] = []
    figures: list[Figure] = []
    if form.is_valid():
        lines, figures = _calculated(form.cleaned_data, form, own)
    context = {
        "title": _("Simulator"),
        "subtitle": _("What a chain of steps makes of impressions, and which step is worth improving."),
        "crumbs": [(_("Funnel"), reverse("funnel:funnel")), (_("Simulator"), "")],
        "form": form,
        "inputs": [form[name] for name in _TEXTBOOK],
        "lines": lines,
        "figures": figures,
        "first_volume": formats.number(form.cleaned_data["impressions"]) if form.is_valid() else "",
        "presets": [
            (_("Our own rates"), reverse("funnel:simulator")),
            (_("10% at each step"), _preset("10")),
            (_("20% at each step"), _preset("20")),
        ],
        "currency": settings.CURRENCY,
    }
    response = respond(
        request,
        "funnel/simulator.html",
        context,
        fragment="funnel/_simulator.html",
        status=200 if form.is_valid() else 422,
    )
    if is_fragment(request):
        response["HX-Push-Url"] = request.get_full_path()
    return response


def _own(answer: Funnel) -> dict[str, object]:
    """The inputs as the company's own figures of the last year suggest them."""
    inputs: dict[str, object] = {**_TEXTBOOK, **_ASSUMED}
    for figure in answer.stages[1:]:
        rate = figure.of_previous
        inputs[f"rate_{figure.stage.value}"] = (
            round(Decimal(100 * rate), 2) if rate is not None else Decimal(10)
        )
    money = answer.amounts_in(settings.CURRENCY)
    if money.won_deals:
        inputs["value"] = round(money.won_amount / money.won_deals, 2)
    return inputs | dict.fromkeys(EFFORT_FIELDS, _EFFORT) | _HANDLING


def _preset(percent: str) -> str:
    """The textbook's chain: equal steps, nothing but impressions costs."""
    inputs = _TEXTBOOK | dict.fromkeys(RATE_FIELDS, percent) | dict.fromkeys(HANDLING_FIELDS, "0")
    return f"{reverse('funnel:simulator')}?{urlencode(inputs)}"


def _calculated(
    inputs: Mapping[str, Decimal], form: SimulatorForm, own: Mapping[str, object]
) -> tuple[list[Line], list[Figure]]:
    scenario = Scenario(
        impressions=int(inputs["impressions"]),
        price=inputs["price"],
        rates=tuple(Fraction(inputs[name]) / 100 for name in RATE_FIELDS),
        handling=tuple(inputs[name] or Decimal(0) for name in HANDLING_FIELDS),
        value=inputs["value"],
    )
    outcome = simulate(scenario)
    better = Fraction(inputs["better"]) / 100
    improvements = improve(scenario, better, [inputs[name] or Decimal(0) for name in EFFORT_FIELDS])
    winner = best(improvements)
    lines = [
        Line(
            code,
            _label(code),
            _label(STEPS[at - 1]) if at else _("Impression"),
            form[RATE_FIELDS[at]],
            form[EFFORT_FIELDS[at]],
            form[HANDLING_FIELDS[at]],
            _count(outcome.volumes[at + 1]),
            _count(improvements[at].customers),
            _amount(improvements[at].cost_per_customer),
            _amount(improvements[at].per_yuan),
            winner is not None and winner.step == at,
            RATE_FIELDS[at] not in _ASSUMED and Decimal(str(own[RATE_FIELDS[at]])) == inputs[RATE_FIELDS[at]],
        )
        for at, code in enumerate(STEPS)
    ]
    language = get_language() or settings.LANGUAGE_CODE
    each = outcome.cost_per_customer
    figures = [
        Figure(label=_("Customers"), value=_count(outcome.customers)),
        Figure(
            label=_("Cost per customer"),
            value=_amount(each),
        ),
        Figure(
            label=_("Cost"),
            value=formats.compact_money(rounded(outcome.cost), settings.CURRENCY, language),
        ),
        Figure(
            label=_("Worth improving most"),
            value=f"{lines[winner.step].source} → {lines[winner.step].label}" if winner else "—",
            note=_("%(gain)s for each yuan") % {"gain": _amount(winner.per_yuan)}
            if winner and winner.per_yuan is not None
            else "",
        ),
    ]
    return lines, figures


def _amount(value: Fraction | None) -> str:
    return "—" if value is None else formats.money(rounded(value), settings.CURRENCY)


def _count(value: Fraction) -> str:
    """Items: whole above ten, else with what is behind the point."""
    return formats.number(rounded(value, 0 if value >= 10 or value.denominator == 1 else 2))
