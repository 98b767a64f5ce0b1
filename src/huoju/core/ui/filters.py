"""The filters of a list as the address and as chips."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.forms import BaseForm, MultiWidget
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Chip:
    """An active filter: its label, what it says, and the names of the inputs that make it up."""

    label: str | Promise
    text: str
    names: tuple[str, ...]


def clean_query(query: QueryDict, drop: Iterable[str] = ()) -> str:
    """The query string without empty values and without `drop`: what belongs into an address."""
    kept = query.copy()
    for name in list(kept):
        values = [value for value in kept.getlist(name) if isinstance(value, str) and value]
        if values and name not in drop:
            kept.setlist(name, values)
        else:
            del kept[name]
    return kept.urlencode()


def chips(form: BaseForm) -> list[Chip]:
    """The filters of `form` that are set, `q` excepted (its box shows it)."""
    form.is_valid()
    found = []
    for name, value in form.cleaned_data.items():
        if name == "q" or value in (None, "", []) or (hasattr(value, "exists") and not value):
            continue
        field = form.fields[name]
        text = _text(field, value)
        if text:
            found.append(Chip(field.label or name, text, _names(name, field)))
    return found


def _text(field: Any, value: Any) -> str:
    if isinstance(value, slice):
        return _range(value.start, value.stop)
    if isinstance(value, (list, tuple)) or hasattr(value, "iterator"):
        return ", ".join(_text(field, item) for item in value)
    if isinstance(value, bool):
        return str(_("Yes")) if value else str(_("No"))
    for key, label in getattr(field, "choices", ()):
        nested = label if isinstance(label, (list, tuple)) else [(key, label)]
        for inner_key, inner_label in nested:
            if str(inner_key) == str(getattr(value, "pk", value)):
                return str(inner_label)
    return _plain(value)


def _range(start: Any, stop: Any) -> str:
    if start is not None and stop is not None:
        return f"{_plain(start)} – {_plain(stop)}"
    if start is not None:
        return _("from %(value)s") % {"value": _plain(start)}
    return _("up to %(value)s") % {"value": _plain(stop)} if stop is not None else ""


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _names(name: str, field: Any) -> tuple[str, ...]:
    widget = field.widget
    if isinstance(widget, MultiWidget):
        return tuple(name + suffix for suffix in cast(Any, widget).widgets_names)
    return (name,)
