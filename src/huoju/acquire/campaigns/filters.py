"""Filters of the lists of campaigns and channels."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .models import Campaign, Channel, ChannelKind
from .queries import list_channels


def _channel_choices() -> list[tuple[int, str]]:
    return [(channel.pk, str(channel)) for channel in list_channels(archived=None)]


class CampaignFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Campaigns by name, channel, state; archived ones only when asked for."""

    q = django_filters.CharFilter(label=_("Search campaigns"), method="search")
    channel = django_filters.ChoiceFilter(
        label=_("Channel"), choices=_channel_choices, empty_label=_("Any channel")
    )
    state = django_filters.ChoiceFilter(
        label=_("Status"), choices=Campaign.State, empty_label=_("Any status")
    )
    archived = django_filters.BooleanFilter(label=_("Archived"))

    class Meta:
        model = Campaign
        fields: list[str] = []

    def search(self, rows: QuerySet[Campaign], name: str, value: str) -> QuerySet[Campaign]:
        """By part of the name or the code."""
        return rows.filter(Q(name__icontains=value) | Q(code__icontains=value))

    def filter_queryset(self, rows: QuerySet[Campaign]) -> Any:
        """Without archived ones, unless the filter speaks of them."""
        found = super().filter_queryset(rows)
        return found if self.form.cleaned_data.get("archived") is not None else found.filter(archived=False)


class ChannelFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Channels by name and kind."""

    q = django_filters.CharFilter(label=_("Search channels"), method="search")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=ChannelKind, empty_label=_("Any kind"))
    archived = django_filters.BooleanFilter(label=_("Archived"))

    class Meta:
        model = Channel
        fields: list[str] = []

    def search(self, rows: QuerySet[Channel], name: str, value: str) -> QuerySet[Channel]:
        """By part of the name (as shown, too) or the code."""
        shown = [
            channel.pk
            for channel in list_channels(archived=None)
            if value.casefold() in str(channel).casefold()
        ]
        return rows.filter(Q(pk__in=shown) | Q(name__icontains=value) | Q(code__icontains=value))
