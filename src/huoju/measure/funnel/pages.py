"""The funnel's screens: the report, the leads behind each of its figures, the simulator."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from huoju.core import export
from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.ui import formats
from huoju.core.ui.home import CardContent
from huoju.core.ui.parts import Figure
from huoju.core.ui.respond import is_fragment, respond
from huoju.measure.warehouse.operations import LoadingError
from huoju.qualify.leads import queries as leads_queries
from huoju.qualify.leads.policy import FUNNEL, Stage

from . import display, queries
from .days import company_today
from .display import DIMENSION_LABELS, RANGE_LABELS, VIEW_LABELS, Names
from .policy.figures import Funnel, change
from .policy.spec import (
    CUSTOM,
    FILTERS,
    SPLITS,
    Dimension,
    FunnelSpec,
    Range,
    SpecError,
    View,
    escape,
    parse,
    to_params,
)
from .waiting import or_progress

_PANEL = tuple(each for each in FILTERS if each is not Dimension.STAGE)
_WEEKS_UP_TO = 120
"""Windows of up to so many days are drawn by week, longer ones by month."""


def _asked(request: HttpRequest) -> FunnelSpec:
    params = dict(request.GET.lists())
    params.setdefault("split", [Dimension.CHANNEL.value])
    try:
        return parse(params, company_today())
    except SpecError as error:
        # An old bookmark, a hand-made address: the usual question is a better answer than an error page.
        text = _("The address asked for something unknown (%(field)s); this is the usual report.")
        messages.warning(request, text % {"field": error.field})
        return parse({"split": [Dimension.CHANNEL.value]}, company_today())


@requires(Action.SEE_REPORTS)
@or_progress
def funnel(request: HttpRequest) -> HttpResponseBase:
    """The report, a part of it, or a file of its table (`export=csv|xlsx`)."""
    spec, today = _asked(request), company_today()
    sees = queries.sees_of(current_user(request))
    names = Names()
    if kind := request.GET.get("export"):
        answer = queries.funnel(spec, sees=sees, today=today, limit=10_000)
        return _file(request, kind, answer, names)
    days = _days(spec)
    trend = Dimension.WEEK if days is not None and days <= _WEEKS_UP_TO else Dimension.MONTH
    report = queries.report(spec, sees=sees, today=today, trend=trend)
    answer = report.now
    currency = display.main_currency(answer)
    charts = [display.trend_chart(answer, report.trend, trend, today), display.split_chart(answer, names)]
    page = {
        "title": _("Funnel"),
        "report_template": "funnel/_report.html",
        "spec": spec,
        "answer": answer,
        "figures": _figures(answer, report.before, currency),
        "bands": display.bands(answer),
        "times": [*answer.steps, *([answer.through] if len(answer.steps) > 1 else [])],
        "charts": [chart for chart in charts if chart is not None],
        "rows": display.table(answer, names, currency),
        "currency": currency,
        "dimension": DIMENSION_LABELS[spec.split] if spec.split else "",
        "chips": _chips(spec, names),
        "catalogue": queries.CATALOGUE,
        "empty": not any(figure.count for figure in answer.stages),
        "clear_url": display.address(replace(spec, filters={})),
        "everything_url": display.address(replace(spec, filters={}, since=None, until=None, range=Range.ALL)),
        "young_days": (today - answer.young_from).days + 1 if answer.young_from else None,
        "can_export": current_user(request).may(Action.EXPORT),
        **_controls(spec),
    }
    response = respond(request, "funnel/funnel.html", page, fragment="funnel/_report.html")
    if is_fragment(request):
        response["HX-Push-Url"] = display.address(spec)
    return response


def home_card(request: HttpRequest) -> CardContent | None:
    """The start page's figures: the last 90 days beside the 90 before. None as long as no lead came."""
    today = company_today()
    spec = parse({"range": [Range.QUARTER.value], "view": [View.PERIOD.value]}, today)
    sees = queries.sees_of(current_user(request))
    try:
        report = queries.report(spec, sees=sees, today=today, trend=Dimension.WEEK)
    except LoadingError as loading:
        return CardContent("funnel/_home.html", {"url": display.address(spec), "loading": loading.message})
    if not any(figure.count for figure in report.now.stages):
        return None
    figures = _figures(report.now, report.before, display.main_currency(report.now))
    trend = display.trend_chart(report.now, report.trend, Dimension.WEEK, today)
    card = {"figures": figures, "trend": trend, "url": display.address(spec)}
    return CardContent("funnel/_home.html", card, wide=True, charts=True)


def _days(spec: FunnelSpec) -> int | None:
    return (spec.until - spec.since).days + 1 if spec.since and spec.until else None


def _controls(spec: FunnelSpec) -> dict[str, object]:
    """What the bar of the filters draws."""
    return {
        "views": [(view.value, label, view is spec.view) for view, label in VIEW_LABELS.items()],
        "ranges": [
            *((each.value, label, each is spec.range) for each, label in RANGE_LABELS.items()),
            (CUSTOM, _("From … to …"), spec.range is None),
        ],
        "splits": [(each.value, DIMENSION_LABELS[each], each is spec.split) for each in SPLITS],
        "stages": [
            (stage.value, display.stage_label(stage), stage in spec.stages) for stage in FUNNEL
        ],
        "hidden": [
            (dimension.value, escape(value)) for dimension, values in spec.filters.items() for value in values
        ],
        "filter_query": _encoded(to_params(spec)),
        "filter_count": sum(map(len, spec.filters.values())),
    }  # fmt: skip


def _encoded(params: Sequence[tuple[str, str]]) -> str:
    query = QueryDict(mutable=True)
    for name, value in params:
        query.appendlist(name, value)
    return query.urlencode()


def _figures(answer: Funnel, before: Funnel | None, currency: str) -> list[Figure]:
    language = get_language() or settings.LANGUAGE_CODE
    spec = answer.spec
    first, last = answer.stages[0], answer.stages[-1]
    days = answer.through.days
    money, earlier = answer.amounts_in(currency), before.amounts_in(currency) if before else None
    others = len(answer.money) - (1 if any(one.currency == currency for one in answer.money) else 0)
    more = _("and other currencies") if others else ""
    within = formats.percent(days.within_30) if days else ""
    return [
        Figure(
            label=display.stage_label(first.stage),
            value=formats.number(first.count),
            url=display.drill(spec, first.stage),
            change=change(first.count, before.stages[0].count) if before else None,
        ),
        Figure(
            label=display.stage_label(last.stage),
            value=formats.number(last.count),
            url=display.drill(spec, last.stage),
            change=change(last.count, before.stages[-1].count) if before else None,
        ),
        Figure(
            label=_("Conversion"),
            value=formats.percent(answer.overall) if answer.overall is not None else "—",
            note=f"{display.stage_label(first.stage)} → {display.stage_label(last.stage)}",
            # A cohort that is still growing always converts worse than a grown one: that is no news.
            change=change(answer.overall, before.overall) if before and not answer.young else None,
        ),
        Figure(
            label=_("Median days"),
            value=formats.number(days.median) if days else "—",
            note=_("%(share)s within 30 days") % {"share": within} if days else "",
        ),
        Figure(
            label=_("Won amount"),
            value=formats.compact_money(money.won_amount, currency, language),
            note=more,
            url=display.drill(spec, Stage.WON) if Stage.WON in spec.stages else "",
            change=change(money.won_amount, earlier.won_amount) if earlier else None,
        ),
        Figure(
            label=_("Revenue"),
            value=formats.compact_money(money.revenue, currency, language),
            note=_("%(deals)s paying deals, %(payments)s payments")
            % {"deals": formats.number(money.paying), "payments": formats.number(money.payments)},
            change=change(money.revenue, earlier.revenue) if earlier else None,
        ),
    ]


def _chips(spec: FunnelSpec, names: Names) -> list[tuple[object, str, str]]:
    """Label, value and the address without it, of each filter."""
    return [
        (
            DIMENSION_LABELS[dimension],
            names.of(dimension, value),
            display.address(_without(spec, dimension, value)),
        )
        for dimension, values in spec.filters.items()
        for value in values
    ]


def _without(spec: FunnelSpec, dimension: Dimension, value: str) -> FunnelSpec:
    left = tuple(other for other in spec.filters[dimension] if other != value)
    rest = {each: values for each, values in spec.filters.items() if each is not dimension}
    return replace(spec, filters={**rest, dimension: left} if left else rest)


@requires(Action.SEE_REPORTS)
def filters(request: HttpRequest) -> HttpResponse:
    """The panel of filters: the values that there are, most frequent first, with those of the address ticked."""
    spec = _asked(request)
    names = Names()
    found = queries.list_values(_PANEL, sees=queries.sees_of(current_user(request)), limit=60)
    groups = []
    for dimension in _PANEL:
        chosen = spec.filters.get(dimension, ())
        values = list(dict.fromkeys([*chosen, *found[dimension]]))
        if [value for value in values if value]:
            choices = [(escape(value), names.of(dimension, value), value in chosen) for value in values]
            groups.append((dimension.value, DIMENSION_LABELS[dimension], choices, bool(chosen)))
    stages = spec.filters.get(Dimension.STAGE, ())
    choices = [(stage.value, str(display.stage_label(stage)), stage.value in stages) for stage in Stage]
    groups.append((Dimension.STAGE.value, DIMENSION_LABELS[Dimension.STAGE], choices, bool(stages)))
    return render(request, "funnel/_filters.html", {"groups": groups})


@requires(Action.SEE_REPORTS)
@or_progress
def leads(request: HttpRequest) -> HttpResponse:
    """The leads that a figure counts, newest first. `at` names the stage, `short_of` the one they did not reach."""
    spec, user = _asked(request), current_user(request)
    spec = replace(spec, split=None)
    try:
        stage = Stage(request.GET.get("at", spec.stages[0]))
        short_of = Stage(request.GET["short_of"]) if request.GET.get("short_of") else None
    except ValueError as error:
        raise Http404 from error
    if stage not in spec.stages or short_of not in (None, dict(pairwise(spec.stages)).get(stage)):
        raise Http404
    sees = queries.sees_of(user)
    found = queries.list_leads(spec, stage, sees=sees, stopped_before=short_of, after=_after(request))
    shown = leads_queries.visible_to(user).select_related("person", "company", "channel", "owner")
    by_id = shown.in_bulk([lead_id for lead_id, _day in found.leads])
    query = request.GET.copy()
    query.pop("after", None)
    following = ""
    if found.after is not None:
        query["after"] = f"{found.after[0].isoformat()}.{found.after[1]}"
        following = f"?{query.urlencode()}"
    names = Names()
    title = display.stage_label(stage)
    return respond(
        request,
        "funnel/leads.html",
        {
            "title": title if short_of is None else _("%(stage)s: ended here") % {"stage": title},
            "subtitle": _subtitle(spec, found.total),
            "crumbs": [(_("Funnel"), display.address(spec)), (title, "")],
            "rows": [(by_id[lead_id], day) for lead_id, day in found.leads if lead_id in by_id],
            "next_url": following,
            "first_page": "after" not in request.GET,
            "first_url": display.drill(spec, stage, short_of=short_of),
            "stage": stage,
            "chips": [(label, value) for label, value, _url in _chips(spec, names)],
        },
    )


def _subtitle(spec: FunnelSpec, total: int) -> str:
    """How many leads, the view and the window in words."""
    if spec.range is not None:
        days = str(RANGE_LABELS[spec.range])
    else:
        days = f"{spec.since.isoformat() if spec.since else '…'} – {spec.until.isoformat() if spec.until else '…'}"
    leads = ngettext("%(n)s lead", "%(n)s leads", total) % {"n": formats.number(total)}
    return f"{leads} · {VIEW_LABELS[spec.view]} · {days}"


def _after(request: HttpRequest) -> tuple[date, int] | None:
    day, _dot, lead_id = request.GET.get("after", "").partition(".")
    try:
        return (date.fromisoformat(day), int(lead_id)) if day else None
    except ValueError as error:
        raise Http404 from error


# --- Files ---------------------------------------------------------------------------------------------------------


def _file(request: HttpRequest, kind: str, answer: Funnel, names: Names) -> HttpResponseBase:
    if not current_user(request).may(Action.EXPORT):
        raise PermissionDenied
    header, rows = (_split_rows if answer.spec.split else _stage_rows)(answer, names)
    disposition = export.attachment(_("funnel"), kind)
    match kind:
        case "csv":
            response: HttpResponseBase = StreamingHttpResponse(
                export.iter_csv(header, rows), content_type=export.CSV_TYPE
            )
        case "xlsx":
            file = io.BytesIO()
            export.write_xlsx(file, header, rows, sheet=_("Funnel"))
            response = HttpResponse(file.getvalue(), content_type=export.XLSX_TYPE)
        case _:
            raise Http404
    response["Content-Disposition"] = disposition
    return response


def _stage_rows(answer: Funnel, _names: Names) -> tuple[list[str], Iterator[list[export.Cell]]]:
    header = [
        *(_("Stage"), _("Leads"), _("With a date"), _("From previous stage"), _("From first stage"), _("Ended here")),
        *(_("Days from previous: median"), _("mean"), _("P25"), _("P75"), _("P90"), _("minimum"), _("maximum")),
        *(_("within 30 days"), _("leads with both dates")),
    ]  # fmt: skip

    def rows() -> Iterator[list[export.Cell]]:
        for at, figure in enumerate(answer.stages):
            days = answer.steps[at - 1].days if at else None
            yield [
                *(str(display.stage_label(figure.stage)), figure.count, figure.dated),
                *(figure.of_previous, figure.of_first, figure.stopped),
                *(
                    (days.median, days.mean, days.p25, days.p75, days.p90, days.minimum, days.maximum)
                    if days
                    else [None] * 7
                ),
                *((days.within_30, days.n) if days else (None, None)),
            ]

    return header, rows()


def _split_rows(answer: Funnel, names: Names) -> tuple[list[str], Iterator[list[export.Cell]]]:
    spec, dimension = answer.spec, answer.spec.split
    assert dimension is not None  # noqa: S101 (the caller looked)
    stages = [str(display.stage_label(stage)) for stage in spec.stages]
    pairs = list(pairwise(stages))
    if len(pairs) > 1:
        pairs.append((stages[0], stages[-1]))
    header = [
        str(DIMENSION_LABELS[dimension]),
        *stages,
        *(_("%(from)s → %(to)s: conversion") % {"from": source, "to": target} for source, target in pairs),
        *(_("%(from)s → %(to)s: median days") % {"from": source, "to": target} for source, target in pairs),
        *(_("Currency"), _("Won amount"), _("Won deals"), _("Revenue"), _("Payments"), _("Paying deals")),
    ]

    def rows() -> Iterator[list[export.Cell]]:
        for part in answer.parts:
            rates = part.rates if len(pairs) == 1 else (*part.rates, part.overall)
            figures: list[export.Cell] = [names.of(dimension, part.key), *part.counts, *rates, *part.medians]
            for number, money in enumerate(part.money or [None]):
                amounts: list[export.Cell] = (
                    [money.currency, money.won_amount, money.won_deals, money.revenue, money.payments, money.paying]
                    if money
                    else [None] * 6
                )  # fmt: skip
                # A further currency is a further row; its counts are blank so that columns can be summed.
                yield [*(figures if not number else [figures[0], *[None] * (len(figures) - 1)]), *amounts]

    return header, rows()
