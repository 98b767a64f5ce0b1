"""Companies: names and their keys, registration numbers, domains, industries, sizes, and job titles. Pure."""

from .brands import NameParts, brand_of, parts_of
from .names import (
    CompanyName,
    Unusable,
    company_domain,
    domain_of,
    normalise_company,
    normalise_uscc,
)
from .signs import region_of_uscc, trade_of
from .titles import FUNCTION_LABELS, SENIORITY_LABELS, Function, Seniority, Title, title_of
from .vocabulary import INDUSTRIES, SIZE_FLOORS, Industry, SizeBand, band_for, industry_of, size_of

__all__ = [
    "FUNCTION_LABELS",
    "INDUSTRIES",
    "SENIORITY_LABELS",
    "SIZE_FLOORS",
    "CompanyName",
    "Function",
    "Industry",
    "NameParts",
    "Seniority",
    "SizeBand",
    "Title",
    "Unusable",
    "band_for",
    "brand_of",
    "company_domain",
    "domain_of",
    "industry_of",
    "normalise_company",
    "normalise_uscc",
    "parts_of",
    "region_of_uscc",
    "size_of",
    "title_of",
    "trade_of",
]
