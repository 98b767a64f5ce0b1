"""Drawing the cells of a table (django-tables2): what a column says of itself is asked once, not for each cell."""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django_tables2.utils import Accessor

type Draw = Callable[[Any], Any]
"""Of a row of the table: what stands in the cell."""


def draw_rows(table: Any) -> list[SafeString]:
    """The cells of each row of `table`."""
    columns = [(_head(column, at), _drawing(column)) for at, column in enumerate(table.columns)]
    return [
        SafeString("".join([f"{head}{conditional_escape(draw(row))}</td>" for head, draw in columns]))
        for row in table.rows
    ]


def _head(column: Any, at: int) -> str:
    classes = f"{column.attrs['td'].get('class', '')}{'' if at else ' hj-first'}"
    return format_html('<td class="{}" data-label="{}">', classes, column.header)


def _drawing(column: Any) -> Draw:
    """As `BoundRow.get_cell` draws the column's cells, for columns without links of django-tables2's own."""
    if column.link:
        name: str = column.name
        return lambda row: row.get_cell(name)
    given = {"column": column.column, "bound_column": column, "table": column._table}
    parameters = signature(column.render).parameters
    takes_all = any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values())
    constant = {name: value for name, value in given.items() if takes_all or name in parameters}
    by_row = [name for name in ("value", "record", "bound_row") if takes_all or name in parameters]
    read = _reading(Accessor(column.accessor))
    empty, default, render = column.column.empty_values, column.default, column.render

    def draw(row: Any) -> Any:
        record = row.record
        value = read(record)
        if value in empty:
            return default
        varying = {"value": value, "record": record, "bound_row": row}
        return render(**constant, **{name: varying[name] for name in by_row})

    return draw


def _reading(accessor: Any) -> Draw:
    """The value of a record: its label where the field has choices, None where there is nothing on the way."""
    labels: dict[type[Any], str] = {}

    def read(record: Any) -> Any:
        if not isinstance(record, Model):
            return _resolved(accessor, record)
        kind = type(record)
        if kind not in labels:
            labels[kind] = _labelled(accessor, record)
        value: Any = record
        *way, last = accessor.bits
        for name in way:
            value = getattr(value, name, None)
        if value is None:
            return None
        if label := labels[kind]:
            return getattr(value, label)()
        value = getattr(value, last, None)
        return value() if callable(value) else value

    return read


def _labelled(accessor: Any, record: Any) -> str:
    try:
        field = accessor.get_field(record)
    except FieldDoesNotExist:
        return ""
    return f"get_{accessor.bits[-1]}_display" if getattr(field, "choices", ()) else ""


def _resolved(accessor: Any, record: Any) -> Any:
    try:
        return accessor.resolve(record)
    except (AttributeError, LookupError, TypeError, ValueError):
        return None  # a record without it has an empty cell
