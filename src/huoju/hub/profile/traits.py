"""What the rooms of the hub know of persons and companies."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from huoju.core.geo import COUNTRIES, PROVINCES
from huoju.core.lake.tables import LakeTable
from huoju.core.ui.parts import Label
from huoju.hub.companies.policy import INDUSTRIES, SizeBand
from huoju.hub.identity.facts import PersonMerged, PersonUnmerged

from .facts import FieldChanged
from .registry import Trait, TraitSource, TraitType

MOMENT = "timestamp('UTC')"
PROVINCE = "CASE WHEN region ~ '^[0-9]{4,6}$' THEN left(region, 2) ELSE region END"
"""A city counts in its province."""

IDENTITY_ALIAS = LakeTable(
    name="identity_alias",
    relation="identity_alias",
    key="person_id",
    columns={"person_id": "int64", "profile_id": "int64"},
)
"""Merged persons only: who is not here is their own profile."""

PERSONS = LakeTable(
    name="persons",
    relation="identity_person",
    columns={
        "id": "int64",
        "company_id": "int64",
        "title": "string",
        "region": "string",
        "province": "string",
        "country": "string",
        "language": "string",
        "source": "string",
        "named": "boolean",
        "has_mobile": "boolean",
        "has_email": "boolean",
        "created_at": MOMENT,
    },
    sources={
        "province": PROVINCE,
        "named": "name <> ''",
        "has_mobile": "mobile <> ''",
        "has_email": "email <> ''",
    },
)
"""No names, numbers or addresses: whether there are some is all that analysis needs."""

COMPANIES = LakeTable(
    name="companies",
    relation="companies_company",
    columns={
        "id": "int64",
        "name": "string",
        "industry": "string",
        "region": "string",
        "province": "string",
        "country": "string",
        "size": "string",
        "registered": "boolean",
        "parent_id": "int64",
        "grouped": "boolean",
        "heads_group": "boolean",
        "source": "string",
        "created_at": MOMENT,
    },
    sources={"province": PROVINCE, "registered": "uscc IS NOT NULL", "grouped": "parent_id IS NOT NULL"},
)

COMPANIES_ALIAS = LakeTable(
    name="companies_alias",
    relation="companies_alias",
    key="company_id",
    columns={"company_id": "int64", "main_id": "int64"},
)
"""Merged companies only: who is not here is a company of its own."""

TAG_ASSIGNMENTS = LakeTable(
    name="tag_assignments",
    relation="profile_tagassignment",
    columns={
        "id": "int64",
        "person_id": "int64",
        "tag_id": "int64",
        "source": "string",
        "at": MOMENT,
        "expires_at": MOMENT,
    },
)
"""A tag is in force while `expires_at` is NULL or in the future."""


def provinces() -> list[tuple[str, Label]]:
    """Every province by its code."""
    return [(region.code, region.name(get_language() or "en")) for region in PROVINCES]


def countries() -> list[tuple[str, Label]]:
    """Every country by its code."""
    return [(code, country.name(get_language() or "en")) for code, country in COUNTRIES.items()]


def industries() -> list[tuple[str, Label]]:
    """Every industry by its code."""
    return [(code, industry.name(get_language() or "en")) for code, industry in INDUSTRIES.items()]


def sizes() -> list[tuple[str, Label]]:
    """The bands of company sizes."""
    return [(band.value, band.value) for band in SizeBand]


def _languages() -> list[tuple[str, Label]]:
    return [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]


def persons(changed_by: Sequence[type[Any]]) -> TraitSource:
    """What is known of the person. `changed_by`: the kinds above that make persons or fill their fields."""
    return TraitSource(
        code="person",
        label=_("Person"),
        table=PERSONS,
        owner="id",
        changed_by=(FieldChanged, PersonMerged, PersonUnmerged, *changed_by),
        traits=(
            Trait(code="person.title", label=_("Job title"), type=TraitType.TEXT, column="title"),
            Trait(
                code="person.region",
                label=_("Region"),
                type=TraitType.CHOICE,
                column="province",
                choices=provinces,
            ),
            Trait(code="person.city", label=_("City (code)"), type=TraitType.TEXT, column="region"),
            Trait(
                code="person.country",
                label=_("Country"),
                type=TraitType.CHOICE,
                column="country",
                choices=countries,
            ),
            Trait(
                code="person.language",
                label=_("Language"),
                type=TraitType.CHOICE,
                column="language",
                choices=_languages,
            ),
            Trait(
                code="person.source", label=_("First heard of through"), type=TraitType.TEXT, column="source"
            ),
            Trait(code="person.named", label=_("Has a name"), type=TraitType.BOOLEAN, column="named"),
            Trait(
                code="person.has_mobile",
                label=_("Has a mobile number"),
                type=TraitType.BOOLEAN,
                column="has_mobile",
            ),
            Trait(
                code="person.has_email",
                label=_("Has an e-mail address"),
                type=TraitType.BOOLEAN,
                column="has_email",
            ),
            Trait(code="person.created_at", label=_("Known since"), type=TraitType.TIME, column="created_at"),
        ),
    )


def companies(changed_by: Sequence[type[Any]]) -> TraitSource:
    """What is known of the company. `changed_by`: the kinds that change companies, or whose person's company."""
    return TraitSource(
        code="company",
        label=_("Company"),
        table=COMPANIES,
        about="company",
        owner="id",
        changed_by=tuple(changed_by),
        traits=(
            Trait(code="company.name", label=_("Company"), type=TraitType.TEXT, column="name"),
            Trait(
                code="company.industry",
                label=_("Industry"),
                type=TraitType.CHOICE,
                column="industry",
                choices=industries,
            ),
            Trait(
                code="company.region",
                label=_("Region"),
                type=TraitType.CHOICE,
                column="province",
                choices=provinces,
            ),
            Trait(
                code="company.country",
                label=_("Country"),
                type=TraitType.CHOICE,
                column="country",
                choices=countries,
            ),
            Trait(
                code="company.size",
                label=_("Company size"),
                type=TraitType.CHOICE,
                column="size",
                choices=sizes,
            ),
            Trait(
                code="company.registered",
                label=_("Has a registration number"),
                type=TraitType.BOOLEAN,
                column="registered",
            ),
            Trait(
                code="company.heads_group",
                label=_("Heads a group"),
                type=TraitType.BOOLEAN,
                column="heads_group",
            ),
            Trait(
                code="company.grouped",
                label=_("Belongs to a group"),
                type=TraitType.BOOLEAN,
                column="grouped",
            ),
        ),
    )


LAKE_TABLES = (IDENTITY_ALIAS, PERSONS, COMPANIES, COMPANIES_ALIAS, TAG_ASSIGNMENTS)
"""What flows to the lake from the rooms of the hub below this one, and from this one."""
