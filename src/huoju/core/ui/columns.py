"""Columns for the tables of lists (django-tables2): each draws one kind of value as everywhere else."""

from collections.abc import Callable
from typing import Any

import django_tables2 as tables
from django.utils.html import format_html

from .templatetags import ui

_RIGHT = {"td": {"class": "hj-right hj-number"}, "th": {"class": "hj-right"}}


class NumberColumn(tables.Column):  # type: ignore[misc]  # django-tables2 has no types
    """A number, right-aligned."""

    def __init__(self, *args: Any, places: int | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", _RIGHT)
        super().__init__(*args, **kwargs)
        self.places = places

    def render(self, value: Any) -> str:
        """`12,345`."""
        return ui.number(value, self.places)


class MoneyColumn(tables.Column):  # type: ignore[misc]  # django-tables2 has no types
    """An amount, right-aligned; `currency` names the record's attribute with the code."""

    def __init__(self, *args: Any, currency: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("attrs", _RIGHT)
        super().__init__(*args, **kwargs)
        self.currency = currency

    def render(self, value: Any, record: Any) -> str:
        """`¥1,234`."""
        return ui.money(value, getattr(record, self.currency, "") if self.currency else "")


class StageColumn(tables.Column):  # type: ignore[misc]  # django-tables2 has no types
    """A stage badge."""

    def render(self, record: Any, bound_column: Any) -> str:
        """The stage in its colour. (`value` would be the label of the choice, not its code.)"""
        return ui.stage_badge(bound_column.accessor.resolve(record))


class AgoColumn(tables.Column):  # type: ignore[misc]  # django-tables2 has no types
    """A moment as "5 minutes ago", exact on hover."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", {"td": {"class": "hj-nowrap hj-soft"}})
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> str:
        """The time."""
        return ui.ago(value)


class DayColumn(tables.Column):  # type: ignore[misc]  # django-tables2 has no types
    """A date."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", {"td": {"class": "hj-nowrap"}})
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> str:
        """`2026-03-09`."""
        return ui.day(value)


class PersonColumn(tables.Column):  # type: ignore[misc]  # django-tables2 has no types
    """A name with its avatar; `url` makes it the link to the record."""

    def __init__(self, *args: Any, url: Callable[[Any], str | None] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url = url

    def render(self, value: Any, record: Any) -> str:
        """Avatar and name."""
        name = str(value)
        url = self.url(record) if self.url else None
        text = format_html('<a class="hj-link" href="{}">{}</a>', url, name) if url else name
        return format_html('<span class="hj-who">{}<span>{}</span></span>', ui.avatar(name, "xs"), text)


class TitleColumn(tables.Column):  # type: ignore[misc]  # django-tables2 has no types
    """The record's name, linked."""

    def __init__(self, *args: Any, url: Callable[[Any], str | None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url = url

    def render(self, value: Any, record: Any) -> str:
        """The link."""
        return format_html('<a class="hj-link" href="{}">{}</a>', self.url(record), value)


class BadgeColumn(tables.Column):  # type: ignore[misc]  # django-tables2 has no types
    """A word in a colour: `look(value)` gives label and colour."""

    def __init__(self, *args: Any, look: Callable[[Any], tuple[Any, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.look = look

    def render(self, value: Any) -> str:
        """The badge."""
        return ui.badge(*self.look(value))
