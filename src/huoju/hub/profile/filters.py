"""Filters of the list of people."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.among import within
from huoju.core.geo import codes_within
from huoju.core.places import list_provinces
from huoju.core.search import queries as search

from . import queries
from .jobs import PEOPLE
from .registry import all_sources, found_ids

_STAGE, _OWNER = "lead.stage", "lead.owner"


def _choices(code: str) -> list[tuple[str, str]]:
    """The choices of a trait; none as long as nobody registered it."""
    traits = [trait for source in all_sources() for trait in source.traits if trait.code == code]
    return [(value, str(label)) for trait in traits if trait.choices for value, label in trait.choices()]


class PeopleFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Who they are, where they stand, how they are tagged."""

    q = django_filters.CharFilter(label=_("Search people"), method="search")
    tag = django_filters.MultipleChoiceFilter(label=_("Tag"), choices=queries.tag_options, method="by_tag")
    stage = django_filters.MultipleChoiceFilter(
        label=_("Stage of a lead"), choices=lambda: _choices(_STAGE), method="by_trait"
    )
    owner = django_filters.MultipleChoiceFilter(
        label=_("Owner of a lead"), choices=lambda: _choices(_OWNER), method="by_trait"
    )
    region = django_filters.MultipleChoiceFilter(
        label=_("Region"), choices=list_provinces, method="by_region"
    )
    company = django_filters.CharFilter(label=_("Company"), method="by_company")
    title = django_filters.CharFilter(label=_("Job title"), method="by_title")
    created_at = django_filters.DateFromToRangeFilter(label=_("Known since"), method="by_age")

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """By what the global search knows of them or of their leads."""
        found = [each for each in (found_ids(value), search.matching(PEOPLE, value)) if each is not None]
        return queries.found_in(rows, found)

    def by_tag(self, rows: QuerySet[Any], name: str, values: list[str]) -> QuerySet[Any]:
        """With one of the tags now."""
        ids = [int(value) for value in values]
        return queries.tagged(rows, ids, now=timezone.now()) if ids else rows

    def by_trait(self, rows: QuerySet[Any], name: str, values: list[str]) -> QuerySet[Any]:
        """Of whom some lead has one of the values."""
        code = {"stage": _STAGE, "owner": _OWNER}[name]
        return queries.having(rows, code, values, user=self.request.user) if values else rows

    def by_company(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """At a company that the search finds by it: by part of its name."""
        found = search.matching("company", value)
        if found is None:
            return rows.none()
        return queries.surviving(rows, "company_id", within(found, column="object_id", of="company_id"))

    def by_region(self, rows: QuerySet[Any], name: str, values: list[str]) -> QuerySet[Any]:
        """Provinces with their cities."""
        inside = Q(region__in=codes_within(values))
        return queries.surviving(rows, "region", inside) if values else rows

    def by_title(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """With a part of the job title that is shown."""
        return queries.surviving(rows, "title", Q(title__icontains=value))

    def by_age(self, rows: QuerySet[Any], name: str, value: slice) -> QuerySet[Any]:
        """Known between two days, either of which may be open."""
        bounds = {"created_at__gte": value.start, "created_at__lte": value.stop}
        condition = Q(**{lookup: bound for lookup, bound in bounds.items() if bound is not None})
        return queries.surviving(rows, "created_at", condition) if condition else rows
