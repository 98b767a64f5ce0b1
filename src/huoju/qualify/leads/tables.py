"""The list of leads as a table."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from huoju.core.places import region_name
from huoju.core.ui.columns import DayColumn, NumberColumn, PersonColumn, StageColumn
from huoju.core.ui.links import link_of
from huoju.hub.companies.queries import industry_name

from .models import Lead


def lead_url(lead: Lead) -> str:
    """A lead's page."""
    return reverse("leads:lead", args=[lead.pk])


class LeadTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Leads; which columns are shown is the user's choice."""

    name = PersonColumn(verbose_name=_("Full name"), url=lead_url, accessor="person")
    company = tables.Column(verbose_name=_("Company"), accessor="company")
    title = tables.Column(verbose_name=_("Job title"), accessor="person__title")
    stage = StageColumn(verbose_name=_("Stage"))
    score = NumberColumn(verbose_name=_("Score"))
    band = tables.Column(verbose_name=_("Grade"))
    channel = tables.Column(verbose_name=_("Channel"), accessor="channel")
    campaign = tables.Column(verbose_name=_("Campaign"), accessor="campaign")
    region = tables.Column(verbose_name=_("Region"))
    industry = tables.Column(verbose_name=_("Industry"))
    size = tables.Column(verbose_name=_("Company size"))
    product = tables.Column(verbose_name=_("Product line"))
    owner = tables.Column(verbose_name=_("Owner"), accessor="owner")
    captured_at = DayColumn(verbose_name=_("First contact"))
    mql_at = DayColumn(verbose_name=_("MQL at"))
    sql_at = DayColumn(verbose_name=_("SQL at"))
    won_at = DayColumn(verbose_name=_("Won at"))

    def render_company(self, value: object, record: Lead) -> str:
        """Its name, with the company's page behind it."""
        url = None if record.company_id is None else link_of("company", record.company_id)
        return format_html('<a href="{}">{}</a>', url, value) if url else str(value)

    def render_region(self, value: str) -> str:
        """Its name."""
        return region_name(value)

    def render_industry(self, value: str) -> str:
        """Its name."""
        return industry_name(value)

    def render_band(self, value: str) -> str:
        """A letter in its colour."""
        return format_html('<span class="hj-badge band-{}">{}</span>', value.lower(), value)
