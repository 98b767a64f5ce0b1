"""The page of the search for persons that may be one: what it found, how right it was, from where on it asks."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.errors import UserError
from huoju.core.rules import InvalidRulesError, translated
from huoju.core.ui.formats import number, percent
from huoju.core.ui.parts import Chart, Figure, Label, Progress
from huoju.core.ui.respond import redirect_to, respond
from huoju.hub.identity.policy import AGREEMENT_LABELS, Agreement

from . import operations, queries, running
from .forms import ThresholdForm
from .models import MatchingRun
from .policy import PERSONS, Band, Judged, Trial, bands, recommend, trial
from .policy.figures import ENOUGH
from .queries import MODELS, Model

FIELD_LABELS: dict[str, Label] = {
    "name": gettext_lazy("Full name"),
    "company": gettext_lazy("Company"),
    "mobile": gettext_lazy("Mobile"),
    "email": gettext_lazy("E-mail"),
    "title": gettext_lazy("Job title"),
    "region": gettext_lazy("Region"),
}
STEP_LABELS: dict[str, Label] = {
    "": gettext_lazy("Waiting"),
    "read": gettext_lazy("Reading persons"),
    "train": gettext_lazy("Learning weights"),
    "compare": gettext_lazy("Comparing pairs"),
    "write": gettext_lazy("Writing suggestions"),
}
LEVEL_LABELS: dict[str, Label] = {
    "written": gettext_lazy("written alike"),
    "toned": gettext_lazy("same sound and tones"),
    "sound": gettext_lazy("same sound, or pinyin"),
    "turned": gettext_lazy("family and given name turned round"),
    "typo": gettext_lazy("one letter or digit apart"),
    "box": gettext_lazy("mail box spells the other's name"),
    "short": gettext_lazy("family name with a title or an initial"),
    "family": gettext_lazy("same family name only"),
    "given": gettext_lazy("same given name only"),
    "full": gettext_lazy("same full name"),
    "domain": gettext_lazy("same mail domain"),
    "brand": gettext_lazy("same short name"),
    "part": gettext_lazy("part of the other, or one character apart"),
    "exact": gettext_lazy("the same"),
    "tail": gettext_lazy("same last four digits"),
    "local": gettext_lazy("same box at another service"),
    "letters": gettext_lazy("same letters, other digits"),
    "kind": gettext_lazy("same function and level"),
    "function": gettext_lazy("same function"),
    "province": gettext_lazy("same province"),
    "other": gettext_lazy("different"),
}


@dataclass(frozen=True, slots=True)
class Weighing:
    """One line of the table of weights."""

    field: str
    level: str
    agreement: str
    weight: float
    m: float
    u: str
    tone: str


_TONES = {"exact": "success", "close": "info", "weak": "warning", "different": "secondary"}


@requires(Action.MERGE_PEOPLE)
def matching(request: HttpRequest) -> HttpResponse:
    """All about the search. `?threshold=70` tries a threshold (in percent) on what is known."""
    model = MODELS.active()
    run, finished = queries.last_run(), queries.last_finished()
    judged, counts = queries.judged_pairs(), queries.counts_of(finished)
    form = ThresholdForm(
        request.GET if "threshold" in request.GET else None, initial=_percent(model.threshold)
    )
    tried = form.cleaned_data["threshold"] / 100 if form.is_bound and form.is_valid() else None
    recommended = recommend(judged)
    context = {
        "title": _("Same-person search"),
        "subtitle": _(
            "Who may be one person under two spellings: people are asked, nobody is merged by itself."
        ),
        "missing": _missing(),
        "run": run,
        "progress": _progress(run) if run and run.under_way else None,
        "finished": finished,
        "figures": _figures(model, finished, judged),
        "chart": _chart(bands(judged, counts)) if finished or judged else None,
        "form": form,
        "trials": _trials(model, tried, recommended, judged, counts),
        "enough": ENOUGH,
        "model": model,
        "weights": _weighings(model),
        "runs": queries.list_runs(),
        "crowded": sum(finished.crowds.values()) if finished else 0,
        "may_set": current_user(request).may(Action.SET_RULES),
    }
    return respond(request, "matching/matching.html", context, status=422 if form.errors else 200)


def _missing() -> str:
    try:
        running.load_engine()
    except running.MatcherMissingError as error:
        return str(error)
    return ""


def _percent(threshold: float) -> dict[str, float]:
    return {"threshold": round(threshold * 100, 1)}


def _figures(model: Model, finished: MatchingRun | None, judged: list[Judged]) -> list[Figure]:
    known = trial(model.threshold, judged, {})
    decided = known.right + known.wrong
    return [
        Figure(label=_("Persons compared"), value=number(finished.persons) if finished else "–"),
        Figure(label=_("Pairs looked at"), value=number(finished.candidates) if finished else "–"),
        Figure(label=_("New suggestions"), value=number(finished.suggested) if finished else "–"),
        Figure(
            label=_("Precision"),
            value="–" if known.precision is None else percent(known.precision, 0),
            note=_("%(done)s of %(total)s decisions")
            % {"done": number(known.right), "total": number(decided)}
            if decided
            else _("no decisions yet"),
        ),
        Figure(
            label=_("Recall"),
            value="–" if known.recall is None else percent(known.recall, 0),
            note=_("of the pairs known to be one"),
        ),
    ]


def _chart(found: list[Band]) -> Chart:
    labels = [
        _("%(low)s to %(high)s") % {"low": percent(b.low, 0), "high": percent(b.high, 0)} for b in found
    ]
    option: dict[str, Any] = {
        "legend": {},
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "category",
            "data": labels,
            "name": _("Probability"),
            "nameLocation": "middle",
            "nameGap": 28,
        },
        "yAxis": [
            {"type": "value", "format": "compact"},
            {"type": "value", "format": "compact", "minInterval": 1},
        ],
        "series": [
            {"type": "bar", "name": _("Pairs of the last search"), "data": [band.pairs for band in found]},
            {
                "type": "bar",
                "stack": "said",
                "yAxisIndex": 1,
                "name": _("Confirmed"),
                "data": [band.right for band in found],
            },
            {
                "type": "bar",
                "stack": "said",
                "yAxisIndex": 1,
                "name": _("Refused"),
                "data": [band.wrong for band in found],
            },
        ],
    }
    title = _("Pairs by probability, and what people decided")
    summary = "; ".join(
        f"{label}: {band.pairs} / {band.right} / {band.wrong}"
        for label, band in zip(labels, found, strict=True)
    )
    return Chart(code="matching-bands", option=option, title=title, summary=summary)


def _trials(
    model: Model, tried: float | None, recommended: float | None, judged: list[Judged], counts: Any
) -> list[tuple[str, Trial, bool]]:
    """What thresholds would have done: the one in force, the one that is tried, the recommended one; usable or not."""
    rows = [(_("In force"), trial(model.threshold, judged, counts), False)]
    if tried is not None and tried != model.threshold:
        rows.append((_("Tried"), trial(tried, judged, counts), True))
    if recommended is not None and recommended != model.threshold:
        rows.append((_("Recommended"), trial(recommended, judged, counts), True))
    return rows


def _weighings(model: Model) -> list[Weighing]:
    return [
        Weighing(
            field=str(FIELD_LABELS[comparison.code]),
            level=str(LEVEL_LABELS[code]),
            agreement=_(AGREEMENT_LABELS[Agreement(degree)]),
            weight=share.weight,
            m=share.m,
            u=percent(share.u)
            if share.u >= 0.001
            else _("1 in %(many)s") % {"many": number(round(1 / share.u))},
            tone=_TONES[degree],
        )
        for comparison in PERSONS.comparisons
        for code, share in model.weights.shares[comparison.code].items()
        for degree in (PERSONS.degree(comparison.code, code),)
    ]


def _progress(run: MatchingRun) -> Progress:
    return Progress(
        url=reverse("matching:progress", args=[run.pk]),
        done=run.done,
        total=run.total or None,
        label=STEP_LABELS.get(run.step, ""),
    )


@requires(Action.MERGE_PEOPLE)
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar, asked for every second; the whole page again once the run is over."""
    run = queries.get_run(pk)
    if run is None:
        raise Http404
    if not run.under_way:
        return redirect_to(request, reverse("matching:matching"))
    return respond(request, "ui/_progress.html", {"progress": _progress(run)})


@requires(Action.MERGE_PEOPLE)
@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Begin a run."""
    user = current_user(request)
    train = request.POST.get("train") == "yes" and user.may(Action.SET_RULES)
    operations.request_run(actor=f"user:{user.pk}", train=train, now=timezone.now())
    messages.success(request, _("The search has begun."))
    return redirect_to(request, reverse("matching:matching"))


@requires(Action.SET_RULES)
@require_POST
def threshold(request: HttpRequest) -> HttpResponse:
    """Suggest from another probability on."""
    form = ThresholdForm(request.POST)
    if not form.is_valid():
        raise UserError(" ".join(str(each) for each in form.errors["threshold"]))
    wanted = form.cleaned_data["threshold"] / 100
    try:
        operations.set_threshold(threshold=wanted, user_id=current_user(request).pk, now=timezone.now())
    except InvalidRulesError as error:
        raise UserError("; ".join(translated(each) for each in error.errors)) from error
    messages.success(request, _("Suggestions are made from %(share)s on.") % {"share": percent(wanted)})
    return redirect_to(request, reverse("matching:matching"))
