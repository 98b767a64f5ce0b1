"""The pages of the cleaning rules: what the steps know, and what follows from each reason."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.access.rulepages import RulePages
from huoju.core.ui.ruleform import Field, Rows, Shape

from . import operations
from .policy import CODES, PARAMETERS, STEP_LABELS, RuleSet, Step, Verdict
from .queries import RULES, try_rules

EXAMPLES = 10
OFF = "off"
"""Instead of a verdict: nobody asks."""


def shape() -> Shape:
    """What the editor of the cleaning rules shows: the parameters of every step, and what is not as usual."""
    colon = _("%(step)s: %(what)s")
    parameters = [
        Field(
            name=f"{step.value}.{name}", label=colon % {"step": _(STEP_LABELS[step]), "what": _(label)},
            kind="choices", size="lg",
        )
        for step, known in PARAMETERS.items()
        for name, label in known.items()
    ]  # fmt: skip
    subjects: list[tuple[str, str]] = []
    for step in Step:
        name = _(STEP_LABELS[step])
        subjects.append((step.value, colon % {"step": name, "what": _("everything")}))
        subjects += [
            (f"{step.value}/{code.value}", colon % {"step": name, "what": _(info.label)})
            for code, info in CODES.items()
            if info.step is step
        ]
    effects = [
        (OFF, _("Do not ask")),
        (Verdict.REPAIR.value, _("Only remark on it")),
        (Verdict.QUARANTINE.value, _("Hold back for review")),
        (Verdict.DROP.value, _("Throw out")),
    ]
    row = Shape(
        fields=[
            Field(name="about", label=_("Reason"), kind="choice", options=subjects, default=Step.PHONE.value,
                  size="lg"),
            Field(name="effect", label=_("What follows"), kind="choice", options=effects,
                  default=Verdict.QUARANTINE.value),
        ]
    )  # fmt: skip
    return Shape(
        fields=parameters,
        rows=[
            Rows(
                name="reasons", label=_("What follows from a reason"), row=row, add=_("Add a reason"),
                note=_("Only what is not as usual; where two lines speak of the same reason, the later one decides."),
            )
        ],
    )  # fmt: skip


def spread(rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Rule rows as the editor shows them: the parameters of each step together, then the reasons in their order."""
    content: dict[str, Any] = {"reasons": []}
    for rule in rules:
        step, code = str(rule.get("step") or ""), rule.get("code")
        for name, values in (rule.get("params") or {}).items():
            kept = content.setdefault(step, {}).setdefault(name, [])
            kept += [value for value in values if value not in kept]
        effect = OFF if rule.get("enabled") is False else rule.get("verdict")
        if effect:
            about = f"{step}/{code}" if code else step
            content["reasons"].append({"about": about, "effect": effect})
    return content


def gather(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The rule rows that the editor's content stands for."""
    rules: list[dict[str, Any]] = []
    for step in PARAMETERS:
        params = {name: values for name, values in (content.get(step.value) or {}).items() if values}
        if params:
            rules.append(_row(step.value, params=params))
    for reason in content["reasons"]:
        step_name, _slash, code = reason["about"].partition("/")
        effect = reason["effect"]
        rules.append(
            _row(step_name, code=code, enabled=effect != OFF, verdict=None if effect == OFF else effect)
        )
    return rules


def _row(
    step: str,
    *,
    code: str = "",
    enabled: bool = True,
    verdict: str | None = None,
    params: dict[str, list[str]] | None = None,
) -> dict[str, Any]:
    return {
        "step": step,
        "code": code or None,
        "enabled": enabled,
        "verdict": verdict,
        "params": params or {},
    }


def preview(rules: RuleSet, now: datetime) -> Mapping[str, Any]:
    """The back-test, ready to show."""
    test = try_rules(rules)
    counts = [(_(CODES[each.code].label), each) for each in test.codes]
    return {"test": test, "counts": counts, "examples": test.leads[:EXAMPLES]}


PAGES = RulePages(
    namespace="cleaning",
    title=gettext_lazy("Cleaning rules"),
    text=gettext_lazy("What may become a lead, what waits for review, and what is thrown out."),
    book=RULES,
    shape=shape,
    save=operations.save_version,
    activate=operations.activate,
    preview=preview,
    preview_template="cleaning/_backtest.html",
    root="rules",
    spread=spread,
    gather=gather,
)
