"""Codes of a lead's dimensions in the language of the request."""

from django.utils.translation import get_language

from huoju.core.geo import REGIONS
from huoju.hub.companies.policy import INDUSTRIES


def region_name(code: str) -> str:
    """Guangdong or 广东 for `44`; an unknown code as it is."""
    region = REGIONS.get(code)
    return region.name(get_language() or "en") if region else code


def industry_name(code: str) -> str:
    """The industry's name; an unknown code (of an imported history) as it is."""
    industry = INDUSTRIES.get(code)
    return industry.name(get_language() or "en") if industry else code
