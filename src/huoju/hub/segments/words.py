"""A definition in words, and everything that the editor offers, in the language of the page."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from huoju.core.ui.parts import Label
from huoju.hub.profile.queries import tag_options
from huoju.hub.profile.registry import all_sources

from .models import PersonList, Segment
from .policy.definition import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Definition,
    FactCondition,
    ListCondition,
    NotOf,
    Op,
    SegmentCondition,
    SequenceCondition,
    TagCondition,
    TraitCondition,
    Value,
)
from .policy.vocabulary import OPERATORS, TIMELESS
from .registry import Choices, all_activities

OP_LABELS: dict[Op, Label] = {
    Op.IS: gettext_lazy("is"),
    Op.IS_NOT: gettext_lazy("is not"),
    Op.ONE_OF: gettext_lazy("is one of"),
    Op.NONE_OF: gettext_lazy("is none of"),
    Op.CONTAINS: gettext_lazy("contains"),
    Op.STARTS_WITH: gettext_lazy("starts with"),
    Op.AT_LEAST: gettext_lazy("is at least"),
    Op.AT_MOST: gettext_lazy("is at most"),
    Op.BETWEEN: gettext_lazy("is between"),
    Op.BEFORE: gettext_lazy("is before"),
    Op.AFTER: gettext_lazy("is after"),
    Op.WITHIN_LAST: gettext_lazy("is within the last days:"),
    Op.LONGER_AGO: gettext_lazy("is longer ago than days:"),
    Op.WITHIN_NEXT: gettext_lazy("is within the next days:"),
    Op.IS_SET: gettext_lazy("is known"),
    Op.IS_EMPTY: gettext_lazy("is not known"),
}


def _options(choices: Choices | None) -> list[list[str]]:
    return [[str(value), str(label)] for value, label in choices()] if choices else []


def catalogue(own: int | None = None) -> dict[str, Any]:
    """What the editor offers, as JSON. `own` is the segment that is edited: it cannot be part of itself."""
    segments = Segment.objects.filter(archived=False).exclude(pk=own or 0).order_by("name")
    return {
        "ops": {op.value: str(label) for op, label in OP_LABELS.items()},
        "operators": {type_.value: [op.value for op in ops] for type_, ops in OPERATORS.items()},
        "timeless": [op.value for op in TIMELESS],
        "traits": [
            {
                "code": trait.code,
                "label": str(trait.label),
                "group": str(source.label),
                "type": trait.type.value,
                "choices": _options(trait.choices),
            }
            for source in all_sources()
            for trait in source.traits
        ],
        "facts": [
            {
                "code": kind,
                "label": str(activity.label),
                "group": str(activity.group),
                "fields": [
                    {
                        "code": each.name,
                        "label": str(each.label),
                        "type": each.type.value,
                        "choices": _options(each.choices),
                    }
                    for each in activity.fields
                ],
            }
            for kind, activity in all_activities().items()
        ],
        "tags": [list(option) for option in tag_options()],
        "segments": [[str(pk), name] for pk, name in segments.values_list("pk", "name")],
        "lists": [
            [str(pk), name] for pk, name in PersonList.objects.order_by("name").values_list("pk", "name")
        ],
    }


class _Names:
    """What codes and ids are called; each kind looked up once, when first asked for."""

    def __init__(self) -> None:
        self.traits = {trait.code: trait for source in all_sources() for trait in source.traits}
        self._known: dict[str, dict[str, str]] = {}

    def of(self, what: str, choices: Choices, value: object) -> str:
        if what not in self._known:
            self._known[what] = {str(code): str(label) for code, label in choices()}
        return self._known[what].get(str(value), str(value))

    def segment(self, pk: int) -> str:
        rows = Segment.objects.values_list("pk", "name")
        return self.of("segment", lambda: [(str(key), name) for key, name in rows], pk)

    def list(self, pk: int) -> str:
        rows = PersonList.objects.values_list("pk", "name")
        return self.of("list", lambda: [(str(key), name) for key, name in rows], pk)

    def tag(self, pk: int) -> str:
        return self.of("tag", tag_options, pk)


def describe(definition: Definition) -> str:
    """The definition as a sentence."""
    return _say(definition.where, _Names(), outermost=True)


def _say(condition: Condition, names: _Names, *, outermost: bool = False) -> str:
    match condition:
        case AllOf() | AnyOf():
            parts = [_say(part, names, outermost=len(condition.of) == 1) for part in condition.of]
            joined = (_(" and ") if isinstance(condition, AllOf) else _(" or ")).join(parts)
            return joined if outermost or len(parts) == 1 else _("(%(text)s)") % {"text": joined}
        case NotOf():
            return _("not (%(text)s)") % {"text": _say(condition.of, names, outermost=True)}
        case TraitCondition():
            trait = names.traits.get(condition.trait)
            label = str(trait.label) if trait else condition.trait
            value = _value(condition.value, condition.trait, trait.choices if trait else None, names)
            return _join(label, condition.op, value)
        case FactCondition():
            return _fact(condition, names)
        case SequenceCondition():
            return _sequence(condition, names)
        case TagCondition():
            return _("has the tag “%(name)s”") % {"name": names.tag(condition.tag)}
        case SegmentCondition():
            return _("is in the segment “%(name)s”") % {"name": names.segment(condition.segment)}
        case ListCondition():
            return _("is on the list “%(name)s”") % {"name": names.list(condition.list)}


def _join(label: str, op: Op, value: str) -> str:
    return (
        _("%(label)s %(op)s %(value)s") % {"label": label, "op": OP_LABELS[op], "value": value}
        if value
        else (_("%(label)s %(op)s") % {"label": label, "op": OP_LABELS[op]})
    )


def _value(value: Value, what: str, choices: Choices | None, names: _Names) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    shown = [
        names.of(what, choices, each) if choices else str(each)
        for each in (value if isinstance(value, list) else [value])
    ]
    return _(", ").join(
        f"“{each}”" if isinstance(each, str) and not each.replace("-", "").isdigit() else each
        for each in shown
    )


def _happened(kind: str, where: Sequence[Comparison], names: _Names) -> str:
    activity = all_activities().get(kind)
    label = str(activity.label) if activity else kind
    tests = []
    for test in where:
        field = activity.names.get(test.field) if activity else None
        value = _value(test.value, f"{kind}.{test.field}", field.choices if field else None, names)
        tests.append(_join(str(field.label) if field else test.field, test.op, value))
    return (
        _("“%(label)s” with %(tests)s") % {"label": label, "tests": _(" and ").join(tests)}
        if tests
        else (_("“%(label)s”") % {"label": label})
    )


def _fact(condition: FactCondition, names: _Names) -> str:
    what = _happened(condition.fact, condition.where, names)
    low, high = condition.at_least, condition.at_most
    if high == 0:
        text = _("never %(what)s") % {"what": what}
    elif high is None:
        text = ngettext("%(what)s at least %(low)d time", "%(what)s at least %(low)d times", low) % {
            "what": what,
            "low": low,
        }
    elif low == 0:
        text = ngettext("%(what)s at most %(high)d time", "%(what)s at most %(high)d times", high) % {
            "what": what,
            "high": high,
        }
    else:
        text = _("%(what)s %(low)d to %(high)d times") % {"what": what, "low": low, "high": high}
    if condition.days:
        days = ngettext("in the last %(n)d day", "in the last %(n)d days", condition.days) % {
            "n": condition.days
        }
        return _("%(text)s %(when)s") % {"text": text, "when": days}
    if condition.since and condition.until:
        when = _("from %(since)s to %(until)s") % {
            "since": _day(condition.since),
            "until": _day(condition.until),
        }
    elif condition.since:
        when = _("since %(since)s") % {"since": _day(condition.since)}
    elif condition.until:
        when = _("until %(until)s") % {"until": _day(condition.until)}
    else:
        return text
    return _("%(text)s %(when)s") % {"text": text, "when": when}


def _day(day: date) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")


def _sequence(condition: SequenceCondition, names: _Names) -> str:
    steps = []
    for number, step in enumerate(condition.steps):
        what = _happened(step.fact, step.where, names)
        if number and step.within_days:
            after = ngettext(
                "then within %(n)d day %(what)s", "then within %(n)d days %(what)s", step.within_days
            )
            steps.append(after % {"n": step.within_days, "what": what})
        else:
            steps.append(_("then %(what)s") % {"what": what} if number else what)
    text = _(", ").join(steps)
    if condition.days:
        days = ngettext("in the last %(n)d day", "in the last %(n)d days", condition.days) % {
            "n": condition.days
        }
        return _("%(text)s %(when)s") % {"text": text, "when": days}
    return text
