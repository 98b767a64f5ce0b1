"""The first step: a submission in normal form."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from huoju.core.geo import Region, country_of, region_of
from huoju.core.text import clean_lines, has_han
from huoju.hub.companies.policy import (
    SIZE_FLOORS,
    CompanyName,
    Unusable,
    industry_of,
    normalise_company,
    size_of,
    title_of,
)
from huoju.hub.identity.policy import (
    Email,
    EmailProblem,
    Phone,
    PhoneProblem,
    normalise_email,
    normalise_name,
    normalise_phone,
)

from .model import Candidate, Submission

_LONGEST_MESSAGE = 5_000
_PHONE_CHARS = frozenset("0123456789+ -()")


def _country_code(text: str) -> str:
    country = country_of(text) if text else None
    return country.code if country is not None else ""


def normalise(raw: Submission, default_country: str = "CN") -> Candidate:
    """`raw` in normal form. Telephone numbers without a calling code are read as those of the country that
    the row names, else of `default_country`."""
    named_country = _country_code(raw.country)
    phone: Phone | PhoneProblem | None = None
    if raw.phone:
        phone = normalise_phone(raw.phone, named_country or default_country)
    email: Email | EmailProblem | None = normalise_email(raw.email) if raw.email else None
    company = normalise_company(raw.company) if raw.company else None
    size = size_of(raw.company_size) if raw.company_size else None
    region: Region | None = region_of(raw.region) if raw.region else None
    usable = company if isinstance(company, CompanyName) else None
    if region is None and usable is not None:
        region = usable.region
    good_phone = phone if isinstance(phone, Phone) else None
    message = clean_lines(raw.message[:_LONGEST_MESSAGE]) if raw.message else ""
    return Candidate(
        raw,
        normalise_name(raw.name) if raw.name else None,
        good_phone,
        email if isinstance(email, Email) else None,
        usable,
        title_of(raw.title) if raw.title else None,
        size.value if size is not None else "",
        SIZE_FLOORS[size] if size is not None else 0,
        industry_of(raw.industry) if raw.industry else "",
        region,
        named_country or _likely_country(good_phone, region),
        message,
        raw.language or _likely_language(raw.name, message),
        company if isinstance(company, Unusable) else None,
        phone if isinstance(phone, PhoneProblem) else None,
        email if isinstance(email, EmailProblem) else None,
    )


def _likely_country(phone: Phone | None, region: Region | None) -> str:
    if phone is not None:
        return phone.country
    if region is not None:
        return {"71": "TW", "81": "HK", "82": "MO"}.get(region.province, "CN")
    return ""


def _likely_language(name: str, message: str) -> str:
    text = message or name
    if not text:
        return ""
    return "en" if text.isascii() or not has_han(text) else "zh-hans"


def phone_was_mended(raw: str, phone: Phone) -> bool:
    """Whether more than the customary spaces, dashes and +86 had to be dealt with."""
    return bool(phone.others or phone.extension) or not _PHONE_CHARS.issuperset(raw)


def email_was_mended(raw: str, email: Email) -> bool:
    """Whether more than case and outer spaces had to be dealt with."""
    return raw.strip().lower() != email.address


# --- Submissions as rows (quarantine keeps what came in) ----------------------------------------------------


def submission_as_json(raw: Submission) -> dict[str, object]:
    """`raw` in the form in which a row keeps it; empty fields are left out."""
    row: dict[str, object] = {}
    for item in fields(raw):
        value = getattr(raw, item.name)
        if isinstance(value, datetime):
            row[item.name] = value.isoformat()
        elif value:
            row[item.name] = [list(pair) for pair in value] if isinstance(value, tuple) else value
    return row


def submission_from_json(row: Mapping[str, object]) -> Submission:
    """The submission kept as `row`; unknown fields are ignored. Raises ValueError if it is malformed."""
    values: dict[str, object] = {}
    for item in fields(Submission):
        value = row.get(item.name)
        if value is None:
            continue
        if item.name == "submitted_at":
            values[item.name] = datetime.fromisoformat(str(value))
        elif item.name == "external_ids":
            if not isinstance(value, list):
                raise ValueError("external_ids must be a list")
            values[item.name] = tuple((str(system), str(code)) for system, code in value)
        else:
            if not isinstance(value, str):
                raise ValueError(f"{item.name} must be text")
            values[item.name] = value
    return Submission(**values)  # type: ignore[arg-type]
