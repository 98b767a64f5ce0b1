"""Codes of a company's fields in the language of the request."""

from django.utils.translation import gettext as _

from huoju.core.places import language

from .policy import INDUSTRIES, SizeBand


def industry_name(code: str) -> str:
    """The industry's name; an unknown code (of an imported history) as it is."""
    industry = INDUSTRIES.get(code)
    return industry.name(language()) if industry else code


def list_industries() -> list[tuple[str, str]]:
    """Every industry, its code and its name."""
    return [(code, industry.name(language())) for code, industry in INDUSTRIES.items()]


def list_sizes() -> list[tuple[str, str]]:
    """Every band of company sizes, its code twice: it reads the same in every language."""
    return [(band.value, band.value) for band in SizeBand]


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
