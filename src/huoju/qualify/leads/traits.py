"""What leads say of their persons."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from huoju.acquire.campaigns import queries as campaigns
from huoju.core.access import queries as access
from huoju.core.lake.tables import LakeTable
from huoju.core.places import list_provinces
from huoju.core.ui.parts import Label
from huoju.hub.companies.queries import list_industries, list_sizes
from huoju.hub.profile.registry import Trait, TraitSource, ValueType

from .facts import (
    LeadAssigned,
    LeadCaptured,
    LeadRestored,
    LeadStageChanged,
    LeadUpdated,
    LeadWithdrawn,
)
from .models import GRADE_CHOICES, STAGE_CHOICES

_MOMENT = "timestamp('UTC')"
_TIMES = ("captured_at", "mql_at", "sql_at", "opportunity_at", "poc_at", "won_at", "lost_at")

LEADS = LakeTable(
    name="leads",
    relation="leads_lead",
    columns={
        **dict.fromkeys(("id", "person_id", "company_id", "channel_id", "campaign_id"), "int64"),
        **dict.fromkeys(("owner_id", "sdr_id"), "int64"),
        **dict.fromkeys(("stage", "grade", "keyword", "landing_page", "product", "region"), "string"),
        **dict.fromkeys(("province", "industry", "size", "segment", "band"), "string"),
        "score": "int64",
        **dict.fromkeys(("stage_at", *_TIMES, "assigned_at", "created_at"), _MOMENT),
    },
    sources={"province": "CASE WHEN region ~ '^[0-9]{4,6}$' THEN left(region, 2) ELSE region END"},
)
"""One row a lead; ids of channel, campaign and people as they are."""

_LATEST = ("captured_at", "id")
"""Of several leads of one profile the latest interest counts."""


def _channels() -> Sequence[tuple[str, Label]]:
    return [(str(pk), name) for pk, name in campaigns.channel_labels().items()]


def _campaigns() -> Sequence[tuple[str, Label]]:
    named = campaigns.list_campaigns(archived=None).order_by("-created_at").values_list("pk", "name")[:500]
    return [(str(pk), name) for pk, name in named]


def _people() -> Sequence[tuple[str, Label]]:
    return [(str(pk), name) for pk, name in access.list_owner_names()]


def _bands() -> Sequence[tuple[str, Label]]:
    return [(band, band) for band in "ABCD"]


def _time(column: str, label: Label) -> Trait:
    return Trait(code=f"lead.{column}", label=label, type=ValueType.TIME, column=column)


def _text(column: str, label: Label) -> Trait:
    return Trait(code=f"lead.{column}", label=label, type=ValueType.TEXT, column=column)


LEAD = TraitSource(
    code="lead",
    label=_("Lead"),
    table=LEADS,
    latest=_LATEST,
    changed_by=(LeadCaptured, LeadStageChanged, LeadAssigned, LeadUpdated, LeadRestored, LeadWithdrawn),
    traits=(
        Trait(
            code="lead.stage",
            label=_("Stage"),
            type=ValueType.CHOICE,
            column="stage",
            choices=lambda: STAGE_CHOICES,
        ),
        Trait(
            code="lead.grade",
            label=_("Lead grade"),
            type=ValueType.CHOICE,
            column="grade",
            choices=lambda: GRADE_CHOICES,
        ),
        Trait(
            code="lead.channel",
            label=_("Channel"),
            type=ValueType.CHOICE,
            column="channel_id",
            choices=_channels,
        ),
        Trait(
            code="lead.campaign",
            label=_("Campaign"),
            type=ValueType.CHOICE,
            column="campaign_id",
            choices=_campaigns,
        ),
        Trait(code="lead.owner", label=_("Owner"), type=ValueType.CHOICE, column="owner_id", choices=_people),
        Trait(
            code="lead.sdr", label=_("Telemarketer"), type=ValueType.CHOICE, column="sdr_id", choices=_people
        ),
        Trait(
            code="lead.region",
            label=_("Region"),
            type=ValueType.CHOICE,
            column="province",
            choices=list_provinces,
        ),
        Trait(
            code="lead.industry",
            label=_("Industry"),
            type=ValueType.CHOICE,
            column="industry",
            choices=list_industries,
        ),
        Trait(
            code="lead.size",
            label=_("Company size"),
            type=ValueType.CHOICE,
            column="size",
            choices=list_sizes,
        ),
        _text("product", _("Product line")),
        _text("segment", _("Business segment")),
        _text("keyword", _("Keyword")),
        _text("landing_page", _("Landing page")),
        _time("captured_at", _("First contact")),
        _time("stage_at", _("In this stage since")),
        _time("mql_at", _("MQL at")),
        _time("sql_at", _("SQL at")),
        _time("opportunity_at", _("Opportunity at")),
        _time("poc_at", _("POC at")),
        _time("won_at", _("Won at")),
        _time("lost_at", _("Lost at")),
    ),
)
"""The latest lead's own data."""


def scores(changed_by: Sequence[type[Any]]) -> TraitSource:
    """The latest lead's score. `changed_by`: the kinds that score it anew, many more than change its data."""
    return TraitSource(
        code="score",
        label=_("Score"),
        table=LEADS,
        latest=_LATEST,
        changed_by=tuple(changed_by),
        traits=(
            Trait(code="lead.score", label=_("Score"), type=ValueType.NUMBER, column="score"),
            Trait(
                code="lead.band",
                label=_("Grade"),
                type=ValueType.CHOICE,
                column="band",
                choices=_bands,
            ),
        ),
    )
