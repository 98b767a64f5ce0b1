"""Filters of the list of leads."""

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huoju.acquire.campaigns import queries as campaigns
from huoju.core.access import queries as access
from huoju.core.among import within
from huoju.core.geo import codes_within
from huoju.core.places import list_provinces
from huoju.core.search import queries as search_queries
from huoju.hub.companies.queries import list_industries, list_sizes

from .models import STAGE_CHOICES, Lead
from .search import LEADS

NONE = "-"
"""The value that stands for "has none": a blank channel is not the channel "unknown"."""
LEFT = "left"
"""The owner that stands for everybody who cannot sign in any more."""


def _channels() -> list[tuple[str, str]]:
    return [(NONE, str(_("(blank)"))), *((str(pk), name) for pk, name in campaigns.channel_labels().items())]


def _campaigns() -> list[tuple[str, str]]:
    named = campaigns.list_campaigns(archived=None).order_by("-created_at").values_list("pk", "name")[:500]
    return [(NONE, str(_("(blank)"))), *((str(pk), name) for pk, name in named)]


def _people() -> list[tuple[str, str]]:
    return [(NONE, str(_("(nobody)"))), *((str(pk), name) for pk, name in access.list_owner_names())]


def _owners() -> list[tuple[str, str]]:
    return [(LEFT, str(_("(has left)"))), *_people()]


class LeadFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Every dimension that reports split by, so that a figure of a report and its list of leads agree."""

    q = django_filters.CharFilter(label=_("Search leads"), method="search")
    stage = django_filters.MultipleChoiceFilter(label=_("Stage"), choices=STAGE_CHOICES, distinct=False)
    channel = django_filters.MultipleChoiceFilter(label=_("Channel"), choices=_channels, method="by_id")
    campaign = django_filters.MultipleChoiceFilter(label=_("Campaign"), choices=_campaigns, method="by_id")
    owner = django_filters.MultipleChoiceFilter(label=_("Owner"), choices=_owners, method="by_owner")
    sdr = django_filters.MultipleChoiceFilter(label=_("Telemarketer"), choices=_people, method="by_id")
    region = django_filters.MultipleChoiceFilter(
        label=_("Region"), choices=list_provinces, method="by_region"
    )
    industry = django_filters.MultipleChoiceFilter(
        label=_("Industry"), choices=list_industries, distinct=False
    )
    size = django_filters.MultipleChoiceFilter(label=_("Company size"), choices=list_sizes, distinct=False)
    product = django_filters.CharFilter(label=_("Product line"))
    band = django_filters.MultipleChoiceFilter(
        label=_("Grade"), choices=[(band, band) for band in "ABCD"], distinct=False
    )
    captured_at = django_filters.DateFromToRangeFilter(label=_("First contact"))
    warnings = django_filters.BooleanFilter(label=_("Data warnings"), method="by_warning")

    class Meta:
        model = Lead
        fields: list[str] = []

    def search(self, rows: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        """By part of the person's name, company, mail, phone, or the lead's number: what the global search finds."""
        found = search_queries.matching(LEADS, value)
        return rows.none() if found is None else rows.filter(within(found, column="object_id"))

    def by_id(self, rows: QuerySet[Lead], name: str, values: list[str]) -> QuerySet[Lead]:
        """One of the ids, or none at all."""
        ids = [int(value) for value in values if value != NONE]
        if not values:
            return rows
        chosen = Q(**{f"{name}_id__in": ids})
        return rows.filter(chosen | Q(**{f"{name}_id__isnull": True}) if NONE in values else chosen)

    def by_owner(self, rows: QuerySet[Lead], name: str, values: list[str]) -> QuerySet[Lead]:
        """As `by_id`, and all who have left at once."""
        if LEFT in values:
            values = [*(value for value in values if value != LEFT), *map(str, access.list_left())]
            return self.by_id(rows, name, values) if values else rows.none()
        return self.by_id(rows, name, values)

    def by_region(self, rows: QuerySet[Lead], name: str, values: list[str]) -> QuerySet[Lead]:
        """Provinces with their cities: `44` finds 4403 as well."""
        return rows.filter(region__in=codes_within(values)) if values else rows

    def by_warning(self, rows: QuerySet[Lead], name: str, value: bool) -> QuerySet[Lead]:
        """With, or without, something odd in the data."""
        return rows.exclude(warnings=[]) if value else rows.filter(warnings=[])
