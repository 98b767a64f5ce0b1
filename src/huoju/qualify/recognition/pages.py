"""The pages of the MQL criteria, and why a lead is an MQL or not yet."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from huoju.core.access.gate import current_user, requires
from huoju.core.access.models import User
from huoju.core.access.policy import Action, Role
from huoju.core.access.rulepages import RulePages
from huoju.core.errors import UserError
from huoju.core.ui.respond import redirect_to
from huoju.core.ui.ruleform import Conditions, Field, Rows, Shape
from huoju.qualify.leads.operations import Refused
from huoju.qualify.leads.policy import REFUSAL_LABELS, Stage, next_stages
from huoju.qualify.leads.queries import get_lead_for
from huoju.qualify.scoring.queries import list_fields, list_names

from . import operations
from .policy import MqlRules
from .queries import RULES, backtest, explain

EXAMPLES = 10


def shape() -> Shape:
    """What the editor of the criteria shows."""
    fields = list_fields()
    options = {known.name: dict(known.options) for known in fields}
    # A channel may be called like a kind; a rule that names the one covers the other too.
    sources = list((options["source_kind"] | options["source"]).items())
    criterion = Shape(
        fields=[
            Field(name="code", label="", kind="code"),
            Field(name="label", label=_("Criterion"), kind="label", size="lg"),
        ],
        conditions=[Conditions(name="any_of", label=_("Met when any of these holds"), known=fields)],
    )
    rule = Shape(
        fields=[
            Field(name="code", label="", kind="code"),
            Field(name="label", label=_("Rule"), kind="label", size="lg"),
            Field(name="min_score", label=_("Score at least"), kind="whole", size="sm", default=0),
            Field(name="products", label=_("Only these product lines"), kind="choices"),
            Field(name="sources", label=_("Only these channels or kinds"), kind="choices", options=sources),
        ],
        rows=[
            Rows(
                name="criteria", label=_("All of these must be met"), row=criterion, add=_("Add a criterion")
            ),
        ],
    )
    return Shape(
        rows=[
            Rows(
                name="rules", label=_("Rules"), row=rule, add=_("Add a rule"),
                note=_("The first rule that covers a lead's product line and channel judges it."),
            )
        ]
    )  # fmt: skip


def preview(rules: MqlRules, now: datetime) -> Mapping[str, Any]:
    """The back-test, ready to show."""
    test = backtest(rules)
    shown = [*test.more[:EXAMPLES], *test.fewer[:EXAMPLES]]
    names = list_names([change.lead_id for change in shown])
    labels = {
        criterion.code: _(criterion.label)
        for rule in rules.rules
        for criterion in rule.criteria
        if criterion.label
    }
    return {
        "test": test,
        "more": [(names.get(change.lead_id, ""), change) for change in test.more[:EXAMPLES]],
        "fewer": [
            (
                names.get(change.lead_id, ""),
                change,
                [labels.get(code, code) for code in change.verdict.missing],
            )
            for change in test.fewer[:EXAMPLES]
        ],
    }


PAGES = RulePages(
    namespace="recognition",
    title=gettext_lazy("MQL criteria"),
    text=gettext_lazy("Which leads marketing recognises and hands to sales."),
    book=RULES,
    shape=shape,
    save=operations.save_version,
    activate=operations.activate,
    preview=preview,
    preview_template="recognition/_backtest.html",
    root="rules",
)


def _may_mark(user: User, stage: str) -> bool:
    return user.may(Action.EDIT_LEADS) and Stage.MQL in next_stages(Stage(stage), mover=Role(user.role))


def mark_panel(request: HttpRequest, lead: Any) -> Mapping[str, Any] | None:
    """The button by which marketing or telemarketing recognises a lead, on top of its page."""
    if not _may_mark(current_user(request), lead.stage):
        return None
    explained = explain(lead.pk)
    missing = [_(each.label) for each in explained.verdict.trace if not each.met] if explained else []
    return {"lead": lead, "missing": missing}


@requires(Action.EDIT_LEADS)
@require_POST
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Recognise one lead by hand (一键标记)."""
    user = current_user(request)
    try:
        get_lead_for(user, pk)
    except ObjectDoesNotExist:
        raise Http404 from None
    (answer,) = operations.mark(
        lead_ids=[pk], role=Role(user.role), actor=f"user:{user.pk}", now=timezone.now()
    )
    if isinstance(answer, Refused):
        raise UserError(_(REFUSAL_LABELS[answer.reason]), code=answer.reason.value)
    messages.success(request, _("The lead is an MQL now; routing gives it to a sales person."))
    return redirect_to(request, reverse("leads:lead", args=[pk]))


def mql_panel(request: HttpRequest, lead: Any) -> Mapping[str, Any] | None:
    """Why it is an MQL, or what is missing: for the lead's page."""
    explained = explain(lead.pk)
    if explained is None or not explained.verdict.rule:
        return None
    rule = next(each for each in explained.rules.rules if each.code == explained.verdict.rule)
    return {"verdict": explained.verdict, "rule": rule, "lead": lead}
