"""Lists of campaigns and channels as tables."""

from collections.abc import Mapping
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from huoju.core.ui.columns import BadgeColumn, DayColumn, MoneyColumn, NumberColumn, TitleColumn
from huoju.core.ui.templatetags import ui

from .models import Campaign, Channel
from .queries import LeadFigures, lead_figures

STATE_LOOKS = {
    Campaign.State.PLANNED: (Campaign.State.PLANNED.label, "info"),
    Campaign.State.RUNNING: (Campaign.State.RUNNING.label, "success"),
    Campaign.State.DONE: (Campaign.State.DONE.label, "secondary"),
}


def campaign_url(campaign: Campaign) -> str:
    """A campaign's page."""
    return reverse("campaigns:campaign", args=[campaign.pk])


def channel_url(channel: Channel) -> str:
    """Where a channel is changed."""
    return reverse("campaigns:channel", args=[channel.pk])


class CampaignTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Campaigns with what they brought."""

    name = TitleColumn(verbose_name=_("Name"), url=campaign_url)
    channel = tables.Column(verbose_name=_("Channel"))
    state = tables.Column(verbose_name=_("Status"))
    leads = NumberColumn(verbose_name=_("Leads"), accessor="pk")
    mqls = NumberColumn(verbose_name=_("MQL"), accessor="pk")
    won = NumberColumn(verbose_name=_("Won"), accessor="pk")
    starts_on = DayColumn(verbose_name=_("Starts"))
    ends_on = DayColumn(verbose_name=_("Ends"))
    budget = MoneyColumn(verbose_name=_("Budget"), currency="currency")
    owner = tables.Column(verbose_name=_("Owner"))
    product = tables.Column(verbose_name=_("Product line"))
    code = tables.Column(verbose_name=_("UTM campaign"))
    created_at = DayColumn(verbose_name=_("Created"))

    def __init__(self, data: Any, **kwargs: Any) -> None:
        # The figures of the page's campaigns together, one query.
        figures = lead_figures([campaign.pk for campaign in data])
        self.figures: Mapping[int, LeadFigures] = figures or {}
        super().__init__(data, **kwargs)

    def render_state(self, record: Campaign) -> str:
        """A badge."""
        return ui.badge(*STATE_LOOKS[Campaign.State(record.state)])

    def render_leads(self, record: Campaign) -> str:
        """How many leads it brought."""
        return f"{self._of(record).leads:,}"

    def render_mqls(self, record: Campaign) -> str:
        """How many of them ever became MQL."""
        return f"{self._of(record).mqls:,}"

    def render_won(self, record: Campaign) -> str:
        """How many of them were won."""
        return f"{self._of(record).won:,}"

    def _of(self, record: Campaign) -> LeadFigures:
        return self.figures.get(record.pk, LeadFigures())


class ChannelTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Channels with the UTM values that mean them."""

    name = TitleColumn(verbose_name=_("Name"), url=channel_url, accessor="display_name")
    kind = tables.Column(verbose_name=_("Kind"), accessor="get_kind_display")
    code = tables.Column(verbose_name=_("Code"))
    utm_aliases = tables.Column(verbose_name=_("UTM values"), orderable=False)
    archived = BadgeColumn(
        verbose_name=_("Status"),
        look=lambda archived: (_("Archived"), "secondary") if archived else (_("In use"), "success"),
    )

    def render_utm_aliases(self, value: list[str]) -> str:
        """Each in a box; the first ones, where there are many."""
        shown = [*value[:6], f"+{len(value) - 6}"] if len(value) > 6 else value
        boxes = format_html_join(" ", '<code class="hj-badge">{}</code>', ((alias,) for alias in shown))
        return format_html("<span>{}</span>", boxes)  # one thing, where cells are drawn as cards
