"""Names of places in the language of the request, for screens. What places there are: `core.geo`, which is pure."""

from operator import itemgetter

from django.utils.translation import get_language

from .geo import COUNTRIES, PROVINCES, REGIONS


def language() -> str:
    """The language of the request; English where none is set."""
    return get_language() or "en"


def region_name(code: str) -> str:
    """Guangdong or 广东 for `44`; an unknown code as it is."""
    region = REGIONS.get(code)
    return region.name(language()) if region else code


def country_name(code: str) -> str:
    """China or 中国 for `CN`; an unknown code as it is."""
    country = COUNTRIES.get(code)
    return country.name(language()) if country else code


def list_provinces() -> list[tuple[str, str]]:
    """Every province, its code and its name."""
    return [(region.code, region.name(language())) for region in PROVINCES]


def list_regions() -> list[tuple[str, str]]:
    """Every province and, after its province, every city: (code, name)."""
    return [
        (code, region_name(code) if len(code) == 2 else f"{region_name(code[:2])} · {region_name(code)}")
        for code in sorted(REGIONS)
    ]


def list_countries() -> list[tuple[str, str]]:
    """Every country, its code and its name, by name."""
    return sorted(((code, country_name(code)) for code in COUNTRIES), key=itemgetter(1))
