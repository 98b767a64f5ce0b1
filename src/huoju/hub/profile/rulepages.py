"""The pages of the survivorship rules."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.access.rulepages import RulePages
from huoju.core.ui.ruleform import Field as Input
from huoju.core.ui.ruleform import Rows, Shape

from . import operations
from .display import shown_value
from .policy import CRITERION_LABELS, FIELD_LABELS, Survivorship, choose
from .queries import RULES, list_candidates, list_disputed

LOOKED_AT = 2000
EXAMPLES = 10


def shape() -> Shape:
    """What the editor shows."""
    criteria = [(code.value, _(label)) for code, label in CRITERION_LABELS.items()]
    fields = [(code.value, _(label)) for code, label in FIELD_LABELS.items()]
    criterion = Shape(
        fields=[Input(name="by", label=_("Show the value that was"), kind="choice", options=criteria)]
    )
    order = Rows(name="order", label=_("In this order"), row=criterion, add=_("Add a criterion"))
    field = Shape(fields=[Input(name="field", label=_("Field"), kind="choice", options=fields)], rows=[order])
    sources = Input(
        name="trusted", label=_("Trusted sources (form, api, import, import:7 …)"), kind="choices"
    )
    return Shape(
        fields=[sources],
        rows=[
            order,
            Rows(
                name="fields", label=_("Fields with an order of their own"), row=field, add=_("Add a field")
            ),
        ],
    )


def spread(rules: Any) -> dict[str, Any]:
    """Rules as the form shows them: a row a criterion."""
    return {
        **rules,
        "order": [{"by": each} for each in rules["order"]],
        "fields": [
            {**row, "order": [{"by": each} for each in row["order"]]} for row in rules.get("fields", ())
        ],
    }


def gather(content: dict[str, Any]) -> Any:
    """The rules that the form stands for."""
    return {
        **content,
        "order": [each["by"] for each in content["order"]],
        "fields": [{**row, "order": [each["by"] for each in row["order"]]} for row in content["fields"]],
    }


def preview(rules: Survivorship, now: datetime) -> Mapping[str, Any]:
    """Whom these rules would show differently, among the first with several values."""
    ids = list_disputed(after=0, limit=LOOKED_AT)
    active, changes = RULES.active(), []
    for (person_id, name), candidates in list_candidates(ids).items():
        before, after = choose(name, candidates, active), choose(name, candidates, rules)
        if before and after and before.chosen.value != after.chosen.value:
            changes.append(
                {
                    "person_id": person_id,
                    "field": _(FIELD_LABELS[name]),
                    "before": shown_value(name, before.chosen.value),
                    "after": shown_value(name, after.chosen.value),
                    "why": _(CRITERION_LABELS[after.why]),
                }
            )
    return {"people": len(ids), "count": len(changes), "examples": changes[:EXAMPLES]}


PAGES = RulePages(
    namespace="profile",
    title=gettext_lazy("Survivorship rules"),
    text=gettext_lazy("Which value a profile shows where forms, files and people say different things."),
    book=RULES,
    shape=shape,
    save=operations.save_version,
    activate=operations.activate,
    preview=preview,
    preview_template="profile/_preview.html",
    spread=spread,
    gather=gather,
)
