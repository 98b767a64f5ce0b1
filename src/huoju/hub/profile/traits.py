"""What the rooms of the hub know of persons and companies."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from huoju.core.lake.tables import LakeTable
from huoju.core.places import list_countries, list_provinces
from huoju.core.ui.parts import Label
from huoju.hub.companies.facts import CompanyMerged, CompanyUnmerged
from huoju.hub.companies.queries import list_industries, list_sizes
from huoju.hub.consent.facts import ConsentGiven
from huoju.hub.consent.policy import Channel, Purpose
from huoju.hub.identity.facts import PersonMerged, PersonUnmerged

from .facts import FieldChanged, ProfileCombined
from .registry import Trait, TraitSource, ValueType

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
    person="id",
    sources={
        "province": PROVINCE,
        "named": "name <> ''",
        "has_mobile": "mobile <> ''",
        "has_email": "email <> ''",
    },
)
"""No names, numbers or addresses: whether there are some is all that analysis needs."""

COMBINED = LakeTable(
    name="profile_combined",
    relation="profile_combined",
    key="profile_id",
    columns={
        "profile_id": "int64",
        **dict.fromkeys(("title", "region", "province", "country", "language", "source"), "string"),
        **dict.fromkeys(("named", "has_mobile", "has_email"), "boolean"),
        "created_at": MOMENT,
    },
    sources={"province": PROVINCE},
)
"""Of profiles of several persons: what is shown of them."""

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


def _languages() -> list[tuple[str, Label]]:
    return list(settings.LANGUAGES)


def persons(changed_by: Sequence[type[Any]]) -> TraitSource:
    """What is known of the person. `changed_by`: the kinds above that make persons or fill their fields."""
    return TraitSource(
        code="person",
        label=_("Person"),
        table=PERSONS,
        combined=COMBINED,
        owner="id",
        changed_by=(FieldChanged, ProfileCombined, PersonMerged, PersonUnmerged, *changed_by),
        traits=(
            Trait(code="person.title", label=_("Job title"), type=ValueType.TEXT, column="title"),
            Trait(
                code="person.region",
                label=_("Region"),
                type=ValueType.CHOICE,
                column="province",
                choices=list_provinces,
            ),
            Trait(code="person.city", label=_("City (code)"), type=ValueType.TEXT, column="region"),
            Trait(
                code="person.country",
                label=_("Country"),
                type=ValueType.CHOICE,
                column="country",
                choices=list_countries,
            ),
            Trait(
                code="person.language",
                label=_("Language"),
                type=ValueType.CHOICE,
                column="language",
                choices=_languages,
            ),
            Trait(
                code="person.source", label=_("First heard of through"), type=ValueType.TEXT, column="source"
            ),
            Trait(code="person.named", label=_("Has a name"), type=ValueType.BOOLEAN, column="named"),
            Trait(
                code="person.has_mobile",
                label=_("Has a mobile number"),
                type=ValueType.BOOLEAN,
                column="has_mobile",
            ),
            Trait(
                code="person.has_email",
                label=_("Has an e-mail address"),
                type=ValueType.BOOLEAN,
                column="has_email",
            ),
            Trait(code="person.created_at", label=_("Known since"), type=ValueType.TIME, column="created_at"),
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
        changed_by=(CompanyMerged, CompanyUnmerged, *changed_by),
        traits=(
            Trait(code="company.name", label=_("Company"), type=ValueType.TEXT, column="name"),
            Trait(
                code="company.industry",
                label=_("Industry"),
                type=ValueType.CHOICE,
                column="industry",
                choices=list_industries,
            ),
            Trait(
                code="company.region",
                label=_("Region"),
                type=ValueType.CHOICE,
                column="province",
                choices=list_provinces,
            ),
            Trait(
                code="company.country",
                label=_("Country"),
                type=ValueType.CHOICE,
                column="country",
                choices=list_countries,
            ),
            Trait(
                code="company.size",
                label=_("Company size"),
                type=ValueType.CHOICE,
                column="size",
                choices=list_sizes,
            ),
            Trait(
                code="company.registered",
                label=_("Has a registration number"),
                type=ValueType.BOOLEAN,
                column="registered",
            ),
            Trait(
                code="company.heads_group",
                label=_("Heads a group"),
                type=ValueType.BOOLEAN,
                column="heads_group",
            ),
            Trait(
                code="company.grouped",
                label=_("Belongs to a group"),
                type=ValueType.BOOLEAN,
                column="grouped",
            ),
        ),
    )


_NEWS: dict[Channel, tuple[Label, Label]] = {
    Channel.EMAIL: (_("Said yes to news by e-mail"), _("Answered about news by e-mail at")),
    Channel.SMS: (_("Said yes to news by SMS"), _("Answered about news by SMS at")),
    Channel.PHONE: (_("Said yes to news by phone"), _("Answered about news by phone at")),
    Channel.WECHAT: (_("Said yes to news by WeChat"), _("Answered about news by WeChat at")),
}


def permissions(answers: LakeTable) -> list[TraitSource]:
    """What a person last said about news, by channel; who never answered has no value. `answers` is the table of them.

    What was said is not all that decides whether somebody may be written to: who sends asks consent.
    """
    return [
        TraitSource(
            code=f"news_{channel}",
            label=_("What they said about news"),
            table=answers,
            latest=("at", "id"),
            only={"topic": f"{channel}/{Purpose.MARKETING}"},
            changed_by=(ConsentGiven,),
            traits=(
                Trait(code=f"news_{channel}.yes", label=yes, type=ValueType.BOOLEAN, column="granted"),
                Trait(code=f"news_{channel}.answered_at", label=answered, type=ValueType.TIME, column="at"),
            ),
        )
        for channel, (yes, answered) in _NEWS.items()
    ]


LAKE_TABLES = (IDENTITY_ALIAS, PERSONS, COMBINED, COMPANIES, COMPANIES_ALIAS, TAG_ASSIGNMENTS)
"""What flows to the lake from the rooms of the hub below this one, and from this one."""
