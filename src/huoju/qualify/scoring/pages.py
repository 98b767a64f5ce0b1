"""The pages of the scoring rules, and why a lead has its score."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.access.rulepages import RulePages
from huoju.core.ui.ruleform import Conditions, Field, Rows, Shape

from . import operations
from .policy import DEFAULT_RULES, Band, ScoreRules
from .queries import RULES, backtest, explain, list_names
from .vocabulary import list_fields


def shape() -> Shape:
    """What the editor of the scoring rules shows."""
    fit = Shape(
        fields=[
            Field(name="code", label="", kind="code"),
            Field(name="label", label=_("Entry"), kind="label", size="lg"),
            Field(name="points", label=_("Points"), kind="whole", size="sm", default=5),
        ],
        conditions=[
            Conditions(name="when", label=_("For leads that meet all of these"), known=list_fields())
        ],
    )
    activities = [(line.kind, _(line.label)) for line in DEFAULT_RULES.engagement]
    engagement = Shape(
        fields=[
            Field(
                name="kind", label=_("Activity"), kind="choice", options=activities, default="form.submitted"
            ),
            Field(name="label", label=_("Entry"), kind="label"),
            Field(name="points", label=_("Points"), kind="number", size="sm", default=5),
            Field(name="half_life_days", label=_("Halves in days"), kind="number", size="sm", default=30),
            Field(name="cap", label=_("At most"), kind="number", size="sm", default=10),
        ]
    )
    bands = Shape(
        fields=[
            Field(
                name="band", label=_("Band"), kind="choice", options=[(band.value, band.value) for band in Band],
                size="sm", default="C",
            ),
            Field(name="min_fit", label=_("Fit at least"), kind="whole", size="sm", default=0),
            Field(name="min_engagement", label=_("Engagement at least"), kind="whole", size="sm", default=0),
        ]
    )  # fmt: skip
    return Shape(
        fields=[
            Field(name="fit_cap", label=_("Fit: upper limit"), kind="whole", size="sm", default=50),
            Field(name="engagement_cap", label=_("Engagement: upper limit"), kind="whole", size="sm", default=50),
            Field(name="silence.after_days", label=_("Silence: after days"), kind="number", size="sm", default=30),
            Field(name="silence.points", label=_("Silence: points"), kind="whole", size="sm", default=-5),
            Field(name="silence.times", label=_("Silence: at most times"), kind="whole", size="sm", default=3),
        ],
        rows=[
            Rows(name="fit", label=_("Fit: who they are"), row=fit, add=_("Add a line")),
            Rows(
                name="engagement", label=_("Engagement: what they do"), row=engagement, add=_("Add an activity"),
                note=_("Points halve over time; all activities of one kind together never earn more than their limit."),
            ),
            Rows(
                name="bands", label=_("Bands"), row=bands, add=_("Add a band"),
                note=_("The first line that a score reaches decides; a lead that reaches none is in band D."),
            ),
        ],
    )  # fmt: skip


def preview(rules: ScoreRules, now: datetime) -> Mapping[str, Any]:
    """The back-test, ready to show."""
    test = backtest(rules, now=now)
    names = list_names([each.lead_id for each in test.examples])
    return {"test": test, "examples": [(names.get(each.lead_id, ""), each) for each in test.examples]}


PAGES = RulePages(
    namespace="scoring",
    title=gettext_lazy("Scoring rules"),
    text=gettext_lazy(
        "How many points a lead has: fit (who they are) plus engagement (what they do), decaying over time."
    ),
    book=RULES,
    shape=shape,
    save=operations.save_version,
    activate=operations.activate,
    preview=preview,
    preview_template="scoring/_backtest.html",
)


def score_panel(request: HttpRequest, lead: Any) -> Mapping[str, Any] | None:
    """Why this score: for the lead's page."""
    explained = explain(lead.pk)
    return None if explained is None else {"explained": explained}
