"""Filters of the lists of forms and submissions."""

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .models import Form, Submission


class FormFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Forms by name, purpose, state."""

    q = django_filters.CharFilter(label=_("Search forms"), method="search")
    purpose = django_filters.ChoiceFilter(
        label=_("Purpose"), choices=Form.Purpose, empty_label=_("Any purpose")
    )
    published = django_filters.BooleanFilter(label=_("Published"))

    class Meta:
        model = Form
        fields: list[str] = []

    def search(self, rows: QuerySet[Form], name: str, value: str) -> QuerySet[Form]:
        """By part of the name or the address."""
        return rows.filter(Q(name__icontains=value) | Q(slug__icontains=value))


class SubmissionFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Submissions by form, way and day."""

    form = django_filters.ModelChoiceFilter(
        label=_("Form"), queryset=Form.objects.all(), empty_label=_("Any form")
    )
    via = django_filters.ChoiceFilter(label=_("By"), choices=Submission.Via, empty_label=_("Any way"))
    received_at = django_filters.DateFromToRangeFilter(label=_("Received"))

    class Meta:
        model = Submission
        fields: list[str] = []
