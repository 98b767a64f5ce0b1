"""Rules as forms: a shape says which fields and rows a set of rules has; the form shows it, reads it back, adds and
removes rows. No script: buttons post the form, the answer is the form again.

Content is JSON as rule rows keep it: an object whose values are texts, numbers, lists of texts, or lists of objects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from django.http import QueryDict
from django.utils.translation import gettext as _

from huoju.core.conditions import OP_LABELS, Op

from .parts import Label

type Kind = Literal["text", "label", "code", "whole", "number", "choice", "choices"]
type Options = Sequence[tuple[str, Label]]
type Content = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input. `default` is what a new row has.

    `choices` is a list of texts (of numbers, with `numbers`), picked from `options` or, without any, typed with commas
    between them. `label` is a text that may be a message id: shown translated, kept as it was unless somebody changes
    it. `code` is hidden and names the row; a new row gets one by itself.
    """

    name: str
    label: Label
    kind: Kind = "text"
    options: Options = ()
    default: Any = ""
    numbers: bool = False
    size: Literal["sm", "op", "md", "lg"] = "md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A field of the record that conditions may ask about."""

    name: str
    label: Label
    kind: Literal["text", "number", "flag", "choice"] = "text"
    options: Options = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """A list of conditions over `known` fields, kept under `name`. `none` says what an empty list means."""

    name: str
    label: Label
    known: Sequence[Known]
    none: Label = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A list of objects of one shape, kept under `name`, in an order that may matter."""

    name: str
    label: Label
    row: "Shape"
    add: Label
    note: Label = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What an object consists of. A name with a dot (`silence.points`) lies in an inner object."""

    fields: Sequence[Field] = ()
    conditions: Sequence[Conditions] = ()
    rows: Sequence[Rows] = ()


# --- reading ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Read:
    """What a form said, and what of it is no value of its kind."""

    content: Content
    errors: list[str] = field(default_factory=list)


def read(shape: Shape, data: QueryDict, prefix: str = "") -> Read:
    """The content that the form posted."""
    result = Read({})
    for each in shape.fields:
        _put(result.content, each.name, _read_field(each, data, prefix + each.name, result.errors))
    for conditions in shape.conditions:
        path = prefix + conditions.name
        result.content[conditions.name] = [
            _read_condition(conditions, data, f"{path}.{index}.", result.errors)
            for index in data.getlist(path)
        ]
    for rows in shape.rows:
        path = prefix + rows.name
        result.content[rows.name] = []
        for index in data.getlist(path):
            row = read(rows.row, data, f"{path}.{index}.")
            result.content[rows.name].append(row.content)
            result.errors += row.errors
        _name_new(rows, result.content[rows.name])
    return result


def _name_new(rows: Rows, contents: list[Content]) -> None:
    """Give rows without a code one that no other row has."""
    for each in rows.row.fields:
        if each.kind == "code":
            taken = {row[each.name] for row in contents}
            fresh = (code for n in count(1) if (code := f"{rows.name}_{n}") not in taken)
            for row in contents:
                row[each.name] = row[each.name] or next(fresh)


def _put(content: Content, name: str, value: Any) -> None:
    outer, _dot, inner = name.partition(".")
    if inner:
        content.setdefault(outer, {})[inner] = value
    else:
        content[outer] = value


def _get(content: Mapping[str, Any], name: str) -> Any:
    outer, _dot, inner = name.partition(".")
    return (content.get(outer) or {}).get(inner) if inner else content.get(outer)


def _read_field(each: Field, data: QueryDict, name: str, errors: list[str]) -> Any:
    if each.kind == "choices":
        texts = data.getlist(name) if each.options else _split(data.get(name, ""))
        return [int(text) for text in texts if text.isdigit()] if each.numbers else texts
    text = data.get(name, "").strip()
    if each.kind == "label" and (shipped := data.get(name + "~", "")) and text == _(shipped):
        return shipped
    if each.kind in ("whole", "number"):
        return _read_number(text, str(each.label), errors, whole=each.kind == "whole")
    return text


def _read_number(text: str, label: str, errors: list[str], *, whole: bool) -> int | float | str:
    try:
        value = float(text)
    except ValueError:
        errors.append(_("%(label)s: “%(text)s” is not a number") % {"label": label, "text": text})
        return text
    if value.is_integer():
        return int(value)
    if whole or value != value:  # NaN is not itself
        errors.append(_("%(label)s: “%(text)s” is not a whole number") % {"label": label, "text": text})
        return text
    return value


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("，", ",").replace("、", ",").split(",") if part.strip()]


def _read_condition(conditions: Conditions, data: QueryDict, prefix: str, errors: list[str]) -> Content:
    name = data.get(prefix + "field", "")
    op = data.get(prefix + "op", Op.IS.value)
    known = next((each for each in conditions.known if each.name == name), None)
    texts = [text.strip() for text in data.getlist(prefix + "value") if text.strip()]
    return {"field": name, "op": op, "value": _condition_value(known, op, texts, errors)}


def _condition_value(known: Known | None, op: str, texts: list[str], errors: list[str]) -> Any:
    if op in (Op.KNOWN, Op.UNKNOWN):
        return None
    if op in (Op.IN, Op.NOT_IN):
        return texts if known is not None and known.options else _split(",".join(texts))
    text = texts[0] if texts else ""
    if known is not None and known.kind == "flag":
        return text == "true"
    if op in (Op.AT_LEAST, Op.AT_MOST) or (known is not None and known.kind == "number"):
        return _read_number(text, str(known.label if known else ""), errors, whole=False)
    return text


# --- buttons ------------------------------------------------------------------------------------------------


def change(shape: Shape, content: Content, do: str) -> None:
    """Carry out a button of the form on the content: `add:fit`, `remove:fit.2`, `up:rules.1.criteria.3`.

    What points nowhere (a form that was changed in another tab) does nothing.
    """
    what, _colon, path = do.partition(":")
    parts = path.split(".")
    index = int(parts.pop()) if what in ("remove", "up") and parts[-1].isdigit() else None
    place = _find(shape, content, parts)
    if place is None:
        return
    rows, blank = place
    if what == "add":
        rows.append(blank)
    elif index is not None and index < len(rows):
        if what == "remove":
            del rows[index]
        elif what == "up" and index > 0:
            rows[index - 1], rows[index] = rows[index], rows[index - 1]


def _find(shape: Shape, content: Content, parts: Sequence[str]) -> tuple[list[Any], Content] | None:
    name, rest = parts[0], parts[1:]
    for conditions in shape.conditions:
        if conditions.name == name and not rest:
            first = conditions.known[0].name
            return content.setdefault(name, []), {"field": first, "op": Op.IS.value, "value": ""}
    for rows in shape.rows:
        if rows.name != name:
            continue
        found: list[Any] = content.setdefault(name, [])
        if not rest:
            return found, blank_row(rows.row)
        if rest[0].isdigit() and int(rest[0]) < len(found) and len(rest) > 1:
            return _find(rows.row, found[int(rest[0])], rest[1:])
    return None


def blank_row(shape: Shape) -> Content:
    """A new row."""
    content: Content = {}
    for each in shape.fields:
        _put(content, each.name, [] if each.kind == "choices" else each.default)
    content |= {conditions.name: [] for conditions in shape.conditions}
    content |= {rows.name: [] for rows in shape.rows}
    return content


# --- showing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input with its value; `options` are value, label and whether it is chosen."""

    name: str
    label: Label
    kind: str
    value: str = ""
    options: Sequence[tuple[str, Label, bool]] = ()
    size: str = "md"
    shipped: str = ""  # what a translated text was before
    redraw: bool = False  # choosing something else changes what stands beside it

    @property
    def is_blank(self) -> bool:
        """Whether nothing is typed or chosen."""
        return not self.value and not any(chosen for _value, _label, chosen in self.options)

    @property
    def id(self) -> str:
        """The id of the element."""
        return "rule-" + self.name.replace(".", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One row: where it is, its inputs, and the lists in it."""

    path: str
    index: int
    inputs: Sequence[Input]
    lists: Sequence["RowsView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsView:
    """A list of rows. `conditions` stand in a line each."""

    path: str
    label: Label
    rows: Sequence[RowView]
    add: Label
    note: Label = ""
    is_conditions: bool = False
    none: Label = ""


def show(shape: Shape, content: Mapping[str, Any], prefix: str = "", index: int = 0) -> RowView:
    """The content as inputs."""
    lists: list[RowsView] = []
    for conditions in shape.conditions:
        path = prefix + conditions.name
        lists.append(
            RowsView(
                path=path,
                label=conditions.label,
                add=_("Add a condition"),
                is_conditions=True,
                none=conditions.none,
                rows=[
                    RowView(
                        path=f"{path}.{n}", index=n, inputs=_show_condition(conditions, row, f"{path}.{n}."), lists=[]
                    )
                    for n, row in enumerate(content.get(conditions.name) or [])
                ],
            )
        )  # fmt: skip
    for rows in shape.rows:
        path = prefix + rows.name
        views = [show(rows.row, row, f"{path}.{n}.", n) for n, row in enumerate(content.get(rows.name) or [])]
        lists.append(
            RowsView(
                path=path,
                label=rows.label,
                add=rows.add,
                note=rows.note,
                rows=views,
            )
        )
    inputs = [_show_field(each, _get(content, each.name), prefix + each.name) for each in shape.fields]
    return RowView(path=prefix.rstrip("."), index=index, inputs=inputs, lists=lists)


def _show_field(each: Field, value: Any, name: str) -> Input:
    if each.kind in ("choice", "choices") and each.options:
        chosen = {str(item) for item in value or ()} if each.kind == "choices" else {str(value)}
        options = [(code, label, code in chosen) for code, label in each.options]
        return Input(name=name, label=each.label, kind=each.kind, options=options, size=each.size)
    text = ", ".join(map(str, value or ())) if each.kind == "choices" else _text(value)
    if each.kind == "label":
        shown = _(text) if text else ""
        return Input(name=name, label=each.label, kind="text", value=shown, shipped=text, size=each.size)
    kind = "text" if each.kind == "choices" else each.kind
    return Input(name=name, label=each.label, kind=kind, value=text, size=each.size)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _show_condition(conditions: Conditions, row: Mapping[str, Any], prefix: str) -> list[Input]:
    name, op, value = str(row.get("field", "")), str(row.get("op", "")), row.get("value")
    known = next((each for each in conditions.known if each.name == name), None)
    fields = [(each.name, each.label, each.name == name) for each in conditions.known]
    if known is None and name:
        fields.append((name, name, True))
    ops = [(each.value, _(OP_LABELS[each]), each.value == op) for each in _ops_for(known)]
    if op in Op and not any(chosen for _value, _label, chosen in ops):
        ops.append((op, _(OP_LABELS[Op(op)]), True))
    inputs = [
        Input(name=prefix + "field", label=_("Field"), kind="choice", options=fields, redraw=True),
        Input(name=prefix + "op", label=_("Comparison"), kind="choice", options=ops, redraw=True, size="op"),
    ]
    if op not in (Op.KNOWN, Op.UNKNOWN):
        inputs.append(_show_value(known, op, value, prefix + "value"))
    return inputs


def _ops_for(known: Known | None) -> Sequence[Op]:
    match known.kind if known else "text":
        case "flag":
            return (Op.IS,)
        case "number":
            return (Op.AT_LEAST, Op.AT_MOST, Op.IS)
        case "choice":
            return (Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN, Op.KNOWN, Op.UNKNOWN)
        case _:
            return (Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN, Op.CONTAINS, Op.KNOWN, Op.UNKNOWN)


def _show_value(known: Known | None, op: str, value: Any, name: str) -> Input:
    label = _("Value")
    if known is not None and known.kind == "flag":
        options: list[tuple[str, Label, bool]] = [
            ("true", _("yes"), value is True),
            ("false", _("no"), value is not True),
        ]
        return Input(name=name, label=label, kind="choice", options=options, size="sm")
    many = op in (Op.IN, Op.NOT_IN)
    if known is not None and known.options:
        chosen = {str(item) for item in value} if isinstance(value, list | tuple) else {str(value)}
        options = [(code, text, code in chosen) for code, text in known.options]
        # What a rule names and nobody knows any more (a channel that is gone) stays visible.
        options += [
            (code, code, True)
            for code in sorted(chosen - {code for code, _label, _on in options} - {"", "None"})
        ]
        return Input(name=name, label=label, kind="choices" if many else "choice", options=options)
    if isinstance(value, list | tuple):
        return Input(name=name, label=label, kind="text", value=", ".join(map(str, value)))
    is_number = known is not None and known.kind == "number"
    return Input(name=name, label=label, kind="number" if is_number else "text", value=_text(value))
