"""Filters of the lists of segments and members."""

from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .asking import company_zone
from .models import Membership, Segment


class SegmentFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Segments by name and status; archived ones only when asked for."""

    q = django_filters.CharFilter(label=_("Search segments"), method="search")
    state = django_filters.ChoiceFilter(label=_("Status"), choices=Segment.State, empty_label=_("Any status"))
    archived = django_filters.BooleanFilter(label=_("Archived"))

    class Meta:
        model = Segment
        fields: list[str] = []

    def search(self, rows: QuerySet[Segment], name: str, value: str) -> QuerySet[Segment]:
        """By part of the name or the description."""
        return rows.filter(Q(name__icontains=value) | Q(description__icontains=value))

    def filter_queryset(self, rows: QuerySet[Segment]) -> Any:
        """Without archived ones, unless the filter speaks of them."""
        found = super().filter_queryset(rows)
        return found if self.form.cleaned_data.get("archived") is not None else found.filter(archived=False)


class MemberFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Members by name, now or at the end of an earlier day."""

    q = django_filters.CharFilter(label=_("Search people"), method="search")
    at = django_filters.DateFilter(
        label=_("As of"),
        method="as_of",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    class Meta:
        model = Membership
        fields: list[str] = []

    def search(self, rows: QuerySet[Membership], name: str, value: str) -> QuerySet[Membership]:
        """By part of the person's or the company's name."""
        return rows.filter(Q(profile__name__icontains=value) | Q(profile__company__name__icontains=value))

    def as_of(self, rows: QuerySet[Membership], name: str, value: date) -> QuerySet[Membership]:
        """Who was in when the day ended."""
        end = datetime.combine(value + timedelta(days=1), time(), tzinfo=company_zone())
        return rows.filter(Q(left_at=None) | Q(left_at__gte=end), entered_at__lt=end)

    def filter_queryset(self, rows: QuerySet[Membership]) -> Any:
        """Those who are in now, unless a day is asked for."""
        found = super().filter_queryset(rows)
        return found if self.form.cleaned_data.get("at") else found.filter(left_at=None)
