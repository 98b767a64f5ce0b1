"""Codes of a company's fields in the language of the request."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from huoju.core.geo import COUNTRIES, REGIONS

from .policy import INDUSTRIES


def region_name(code: str) -> str:
    """Guangdong or 广东 for `44`; an unknown code as it is."""
    region = REGIONS.get(code)
    return region.name(get_language() or "en") if region else code


def industry_name(code: str) -> str:
    """The industry's name; an unknown code (of an imported history) as it is."""
    industry = INDUSTRIES.get(code)
    return industry.name(get_language() or "en") if industry else code


def country_name(code: str) -> str:
    """The country's name; an unknown code as it is."""
    country = COUNTRIES.get(code)
    return country.name(get_language() or "en") if country else code


def origin_text(origin: str) -> str:
    """Who said what a field says, as a short note: "by hand", "from the name"; empty where it came with the company."""
    if origin.startswith("user:"):
        return _("set by hand")
    notes = {
        "derived:name": _("from the name"),
        "derived:uscc": _("from the registration number"),
        "derived:people": _("from its people"),
    }
    if origin in notes:
        return notes[origin]
    if origin.startswith("import:"):
        return _("from import %(number)s") % {"number": origin.partition(":")[2]}
    return _("from a lead") if origin else ""
