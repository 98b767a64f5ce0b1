"""The list of companies as a table."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huoju.core.places import country_name, region_name
from huoju.core.ui.columns import DayColumn, TitleColumn

from .display import industry_name
from .models import Company


def company_url(company: Company) -> str:
    """A company's page."""
    return reverse("companies:company", args=[company.pk])


class CompanyTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Companies; which columns are shown is the user's choice."""

    name = TitleColumn(verbose_name=_("Company"), url=company_url)
    brand = tables.Column(verbose_name=_("Short name"))
    industry = tables.Column(verbose_name=_("Industry"))
    region = tables.Column(verbose_name=_("Region"))
    size = tables.Column(verbose_name=_("Company size"))
    country = tables.Column(verbose_name=_("Country"))
    uscc = tables.Column(verbose_name=_("Unified social credit code"))
    parent = tables.Column(verbose_name=_("Parent company"), accessor="parent__name")
    source = tables.Column(verbose_name=_("Source"))
    created_at = DayColumn(verbose_name=_("Created"))

    def render_region(self, value: str) -> str:
        """Its name."""
        return region_name(value)

    def render_industry(self, value: str) -> str:
        """Its name."""
        return industry_name(value)

    def render_country(self, value: str) -> str:
        """Its name."""
        return country_name(value)
