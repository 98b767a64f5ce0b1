"""The forms of the wizard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .dates import DateOrder
from .delimited import ENCODINGS
from .files import Column, ReadOptions
from .mapping import ColumnRule, Mapping
from .models import Import
from .registry import ImportTarget, Kind, MatchOn, Mode, OnBadValue, Options, list_targets
from .suggestions import Suggestion

CONSTANTS = 3
# What the fields of a wing are about.
WINGS = {
    "hub": _("Who it is"),
    "acquire": _("Where from"),
    "qualify": _("The lead"),
    "convert": _("Sales"),
}


class UploadForm(forms.Form):
    """A file, and what its rows are."""

    target = forms.ChoiceField(label=_("What is in the file?"))
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV, TSV, XLSX or Parquet; UTF-8 or GB18030; columns in any order. Up to a million rows."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.parquet"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        targets = list_targets()
        field = self.fields["target"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- for the type checker
        field.choices = [(target.code, target.label) for target in targets]
        if len(targets) == 1:
            field.widget = forms.HiddenInput()
            field.initial = targets[0].code


class ReadingForm(forms.Form):
    """How the file is read, where we guessed wrong."""

    encoding = forms.ChoiceField(label=_("Encoding"), required=False)
    delimiter = forms.ChoiceField(
        label=_("Delimiter"),
        required=False,
        choices=[(",", _("Comma")), (";", _("Semicolon")), ("\t", _("Tab")), ("|", _("Vertical bar"))],
    )
    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    header_row = forms.IntegerField(
        label=_("Row of the header"), min_value=0, max_value=100, help_text=_("0: the file has no header.")
    )

    def __init__(self, *args: Any, record: Import, sheets: Sequence[str], **kwargs: Any) -> None:
        kwargs.setdefault("initial", record.reading)
        super().__init__(*args, **kwargs)
        encoding, sheet = self.fields["encoding"], self.fields["sheet"]
        assert isinstance(encoding, forms.ChoiceField)  # noqa: S101 -- for the type checker
        assert isinstance(sheet, forms.ChoiceField)  # noqa: S101 -- for the type checker
        encoding.choices = list(ENCODINGS.items())
        sheet.choices = [(name, name) for name in sheets]
        if record.reading.get("encoding") is None:
            del self.fields["encoding"], self.fields["delimiter"]
        if not sheets:
            del self.fields["sheet"]

    def reading(self) -> ReadOptions:
        """The options that the form asks for."""
        data = self.cleaned_data
        return ReadOptions(
            data.get("encoding") or None,
            data.get("delimiter") or None,
            data.get("sheet") or None,
            data["header_row"],
        )


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column of the file on the mapping page: its samples and the select for its field."""

    column: Column
    samples: list[str]
    select: forms.BoundField
    suggestion: Suggestion | None
    extras: list[str]


class MappingForm(forms.Form):
    """Which column becomes which field, values for all rows, and how the import behaves."""

    mode = forms.ChoiceField(
        label=_("How strict?"),
        choices=[
            (Mode.FRESH.value, _("New leads: the cleaning rules decide")),
            (Mode.HISTORY.value, _("History from another system: take everything, note what the rules say")),
        ],
    )
    match_on = forms.ChoiceField(
        label=_("How are existing ones found?"),
        choices=[
            (MatchOn.IDENTITY.value, _("By mobile, e-mail and other identifiers")),
            (MatchOn.EXTERNAL_ID.value, _("By the id in the source system")),
        ],
    )
    source_system = forms.CharField(
        label=_("Source system"),
        max_length=40,
        required=False,
        help_text=_("A short name of the system that the ids come from, the same for every file from there."),
    )
    create_unknown_owners = forms.BooleanField(
        label=_("Create owners that do not exist, inactive"), required=False
    )
    on_bad_value = forms.ChoiceField(
        label=_("A value cannot be read"),
        choices=[
            (OnBadValue.REJECT.value, _("Reject its row")),
            (OnBadValue.BLANK.value, _("Leave the value out")),
        ],
    )
    dates = forms.ChoiceField(
        label=_("Dates such as 06/02/2018"),
        required=False,
        choices=[
            ("", _("Decide by all values of the column")),
            (DateOrder.DAY_FIRST.value, _("Day first: 6 February")),
            (DateOrder.MONTH_FIRST.value, _("Month first: 2 June")),
        ],
    )

    def __init__(
        self,
        data: Any = None,
        *,
        target: ImportTarget,
        columns: Sequence[Column],
        sample: Sequence[Sequence[str]],
        mapping: Mapping,
        suggestions: Sequence[Suggestion],
    ) -> None:
        self._target, self._columns, self._mapping = target, columns, mapping
        self._suggestions = {found.column: found for found in suggestions}
        self._sample = sample
        options = mapping.options
        initial: dict[str, Any] = {
            "mode": options.mode.value,
            "match_on": options.match_on.value,
            "source_system": options.source_system,
            "create_unknown_owners": options.create_unknown_owners,
            "on_bad_value": options.on_bad_value.value,
            "dates": next((rule.date.value for rule in mapping.columns if rule.date), ""),
        }
        constants = [rule for rule in mapping.columns if rule.constant is not None]
        for number, rule in enumerate(constants):
            initial[f"constant_field_{number}"] = rule.field
            initial[f"constant_value_{number}"] = rule.constant
        by_column = {source: rule.field for rule in mapping.columns for source in rule.sources}
        for column in columns:
            initial[f"column_{column.index}"] = by_column.get(column.name, "")
        super().__init__(data, initial=initial)
        choices = _choices(target)
        for column in columns:
            self.fields[f"column_{column.index}"] = forms.ChoiceField(
                label=column.name, required=False, choices=[("", _("Do not import")), *choices]
            )
        self._slots = max(CONSTANTS, len(constants) + 1)
        for number in range(self._slots):
            self.fields[f"constant_field_{number}"] = forms.ChoiceField(
                label=_("Field"), required=False, choices=[("", "—"), *choices]
            )
            self.fields[f"constant_value_{number}"] = forms.CharField(
                label=_("Value"), max_length=200, required=False
            )
        for bound in self.fields.values():
            kind = "form-select" if isinstance(bound.widget, forms.Select) else "form-control"
            if isinstance(bound.widget, forms.CheckboxInput):
                kind = "form-check-input"
            bound.widget.attrs.setdefault("class", kind)
            bound.widget.attrs.setdefault("aria-label", bound.label)

    @property
    def column_rows(self) -> list[ColumnRow]:
        """The columns as the template draws them."""
        rules = {source: rule for rule in self._mapping.columns for source in rule.sources}
        return [
            ColumnRow(
                column,
                _distinct(row[column.index] for row in self._sample),
                self[f"column_{column.index}"],
                self._suggestions.get(column.name),
                _extras(rules.get(column.name)),
            )
            for column in self._columns
        ]

    @property
    def constant_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The slots for values that all rows get."""
        return [
            (self[f"constant_field_{slot}"], self[f"constant_value_{slot}"]) for slot in range(self._slots)
        ]

    def mapping(self) -> Mapping:
        """The mapping that the form describes.

        What the form cannot show (tables of values, separators, defaults) stays as it was for a field that stays on its
        columns. Two columns with one field are joined.
        """
        data = self.cleaned_data
        sources: dict[str, list[str]] = {}
        for column in self._columns:
            if field := data.get(f"column_{column.index}"):
                sources.setdefault(field, []).append(column.name)
        before = {rule.field: rule for rule in self._mapping.columns}
        kinds = {field.key: field.kind for field in self._target.fields}
        order = DateOrder(data["dates"]) if data.get("dates") else None
        rules = []
        for field, names in sources.items():
            rule = before.get(field)
            if rule is None or set(rule.sources) != set(names):
                rule = ColumnRule(field=field, sources=tuple(names))
            if kinds.get(field) is Kind.DATE:
                rule = replace(rule, date=order)
            rules.append(rule)
        for slot in range(self._slots):
            field, value = data.get(f"constant_field_{slot}"), data.get(f"constant_value_{slot}")
            if field and value:
                rules.append(ColumnRule(field=field, constant=value))
        options = Options(
            mode=Mode(data["mode"]),
            match_on=MatchOn(data["match_on"]),
            create_unknown_owners=data["create_unknown_owners"],
            source_system=data["source_system"].strip(),
            on_bad_value=OnBadValue(data["on_bad_value"]),
        )
        return Mapping(self._target.code, tuple(rules), options)


def _choices(target: ImportTarget) -> list[tuple[str, list[tuple[str, Any]]]]:
    """The fields for a select, under the headings of their wings."""
    groups: dict[str, list[tuple[str, Any]]] = {}
    for field in target.fields:
        label = f"{field.label} *" if field.required else field.label
        groups.setdefault(str(WINGS.get(field.wing, field.wing)), []).append((field.key, label))
    return list(groups.items())


def _distinct(values: Any, count: int = 3) -> list[str]:
    found: list[str] = []
    for value in values:
        text = " ".join(str(value).split())[:60]
        if text and text not in found:
            found.append(text)
            if len(found) == count:
                break
    return found


def _extras(rule: ColumnRule | None) -> list[str]:
    """What a remembered mapping does beyond the select."""
    if rule is None:
        return []
    found = []
    if rule.values:
        found.append(str(_("table of %(count)s values")) % {"count": len(rule.values)})
    if len(rule.sources) > 1:
        found.append(str(_("joined: %(columns)s")) % {"columns": " + ".join(rule.sources)})
    if rule.default:
        found.append(str(_("if blank: %(value)s")) % {"value": rule.default})
    return found
