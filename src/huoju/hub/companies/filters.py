"""Filters of the list of companies."""

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from huoju.core.among import within
from huoju.core.geo import codes_within
from huoju.core.places import list_countries, list_provinces
from huoju.core.search import queries as search

from .display import list_industries, list_sizes
from .models import Company
from .search import COMPANIES


class CompanyFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Companies by name, place, trade, size, and place in a group."""

    q = django_filters.CharFilter(label=_("Search companies"), method="search")
    industry = django_filters.MultipleChoiceFilter(
        label=_("Industry"), choices=list_industries, distinct=False
    )
    region = django_filters.MultipleChoiceFilter(
        label=_("Region"), choices=list_provinces, method="by_region"
    )
    size = django_filters.MultipleChoiceFilter(label=_("Company size"), choices=list_sizes, distinct=False)
    country = django_filters.ChoiceFilter(label=_("Country"), choices=list_countries, empty_label=_("Any"))
    group = django_filters.ChoiceFilter(
        label=_("Company group"),
        choices=[("head", _("Heads a group")), ("member", _("Belongs to a group"))],
        method="by_group",
        empty_label=_("Any"),
    )
    uscc = django_filters.BooleanFilter(label=_("Has a registration number"), method="by_number")
    created_at = django_filters.DateFromToRangeFilter(label=_("Created"))

    class Meta:
        model = Company
        fields: list[str] = []

    def search(self, rows: QuerySet[Company], name: str, value: str) -> QuerySet[Company]:
        """By part of a name, pinyin, registration number, domain: what the global search finds."""
        found = search.matching(COMPANIES, value)
        return rows.none() if found is None else rows.filter(within(found, column="object_id"))

    def by_region(self, rows: QuerySet[Company], name: str, values: list[str]) -> QuerySet[Company]:
        """Provinces with their cities."""
        return rows.filter(region__in=codes_within(values)) if values else rows

    def by_group(self, rows: QuerySet[Company], name: str, value: str) -> QuerySet[Company]:
        """Heads of groups, or what belongs to one."""
        return rows.filter(heads_group=True) if value == "head" else rows.exclude(parent=None)

    def by_number(self, rows: QuerySet[Company], name: str, value: bool) -> QuerySet[Company]:
        """With, or without, a registration number."""
        return rows.filter(uscc__isnull=not value)
