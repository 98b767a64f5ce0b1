"""The lists of people and of tags as tables."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from huoju.core.places import region_name
from huoju.core.ui.columns import DayColumn, NumberColumn, PersonColumn, StageColumn

from .queries import show_golden


def person_url(person: Any) -> str:
    """A person's page."""
    return reverse("profile:person", args=[person.pk])


class _WholeColumn(PersonColumn):
    """The row itself is the person: called by whatever is known, when there is no name."""

    def render(self, value: Any, record: Any) -> str:  # noqa: ARG002
        """Avatar and name."""
        return super().render(str(record), record)


class PeopleTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """People; which columns are shown is the user's choice."""

    name = _WholeColumn(verbose_name=_("Full name"), url=person_url, empty_values=())
    company = tables.Column(verbose_name=_("Company"), accessor="company")
    title = tables.Column(verbose_name=_("Job title"))
    stage = StageColumn(verbose_name=_("Stage"))
    score = NumberColumn(verbose_name=_("Score"))
    tags = tables.Column(verbose_name=_("Tags"), accessor="shown_tags")
    region = tables.Column(verbose_name=_("Region"))
    country = tables.Column(verbose_name=_("Country"))
    language = tables.Column(verbose_name=_("Language"))
    created_at = DayColumn(verbose_name=_("Known since"))

    def __init__(self, data: Any, **kwargs: Any) -> None:
        show_golden(data)
        super().__init__(data, **kwargs)

    def render_region(self, value: str) -> str:
        """Its name."""
        return region_name(value)

    def render_tags(self, value: list[list[str]]) -> str:
        """Each in its colour."""
        if not value:
            return ""  # an empty cell: cards leave it out
        return format_html(
            '<span class="hj-tags">{}</span>',
            format_html_join(
                "", '<span class="hj-tag hj-tag-{}">{}</span>', [(each[1], each[0]) for each in value]
            ),
        )
