"""Writes of channels and campaigns."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from huoju.core.facts.operations import NewFact, append_one

from .facts import CampaignCreated
from .models import Campaign, Channel, ChannelKind
from .policy import CAMPAIGN_CODE_LENGTH, CHANNEL_CODE_LENGTH, code_for, fold, tidy
from .queries import channel_index

CHANNEL_NAME_LENGTH = 80


# --- Channels -----------------------------------------------------------------------------------------------


def ensure_channels(names: Iterable[str]) -> dict[str, int]:
    """The channels called `names` (codes or names, as an import spells them), made where missing.

    Returns the channel's id for every name given; blank names are left out. Names that differ only in case or width are
    one channel. Safe against another process that does the same: the code is unique and follows from the name.
    """
    names = list(names)
    wanted = _wanted(names)
    index = channel_index()
    missing = {key: name for key, name in wanted.items() if index.find(key) is None}
    if missing:
        rows = [
            {"code": code_for(key, CHANNEL_CODE_LENGTH), "name": name[:CHANNEL_NAME_LENGTH]}
            for key, name in missing.items()
        ]
        with connection.cursor() as cursor:
            # Sorted, so that two imports with common names wait for each other instead of deadlocking.
            cursor.execute(
                """INSERT INTO campaigns_channel (code, name, kind, utm_aliases, archived)
                   SELECT code, name, %s, '[]', false FROM jsonb_to_recordset(%s::jsonb) AS r(code text, name text)
                   ORDER BY code COLLATE "C" ON CONFLICT (code) DO NOTHING""",
                [ChannelKind.FREE.value, json.dumps(rows)],
            )
        index = channel_index()
    return {name: found for name in names if (found := index.find(name)) is not None}


def _wanted(names: Iterable[str]) -> dict[str, str]:
    """The names by their folded form, without the blank ones; the first spelling is kept."""
    wanted: dict[str, str] = {}
    for name in names:
        if key := fold(name):
            wanted.setdefault(key, tidy(name))
    return wanted


@transaction.atomic
def save_channel(
    *, channel: Channel | None, name: str, code: str, kind: str, utm_aliases: Iterable[str]
) -> Channel:
    """Make or change a channel. A code in use cannot be given twice; the code of an existing channel stays."""
    # Two who give the same alias to different channels at one instant: the second finds it taken.
    list(Channel.objects.select_for_update().order_by("pk").values_list("pk"))
    channel = channel or Channel(code=code_for(code or name, CHANNEL_CODE_LENGTH))
    channel.name, channel.kind = name, kind
    channel.utm_aliases = sorted({fold(alias) for alias in utm_aliases} - {""})
    channel.full_clean()
    taken = _aliases_taken(channel)
    if taken:
        raise ValidationError({"utm_aliases": _("Already means another channel: %s") % ", ".join(taken)})
    channel.save()
    return channel


def _aliases_taken(channel: Channel) -> list[str]:
    others = Channel.objects.exclude(pk=channel.pk).values_list("utm_aliases", flat=True)
    return sorted(set(channel.utm_aliases) & {alias for aliases in others for alias in aliases})


def archive_channel(*, channel: Channel, archived: bool) -> Channel:
    """Put a channel away (or take it back): it is no longer offered, its leads keep it."""
    channel.archived = archived
    channel.save(update_fields=["archived"])
    return channel


# --- Campaigns ----------------------------------------------------------------------------------------------


@transaction.atomic
def create_campaign(
    *,
    name: str,
    code: str,
    channel: Channel,
    utm_source: str = "",
    utm_medium: str = "",
    product: str = "",
    budget: Decimal | None = None,
    currency: str = "",
    starts_on: date | None = None,
    ends_on: date | None = None,
    owner_id: int | None = None,
    state: str = Campaign.State.RUNNING,
    actor: str,
    now: datetime,
) -> Campaign:
    """Start a campaign; its code is the `utm_campaign` of its links. A blank `code` is made from the name."""
    campaign = Campaign(
        name=name,
        code=code_for(code or name, CAMPAIGN_CODE_LENGTH),
        channel=channel,
        utm_source=utm_source,
        utm_medium=utm_medium,
        product=product,
        budget=budget,
        currency=currency or settings.CURRENCY,
        starts_on=starts_on,
        ends_on=ends_on,
        owner_id=owner_id,
        state=state,
        created_at=now,
    )
    campaign.full_clean()
    campaign.save()
    _tell_created(campaign.pk, campaign.code, channel.pk, actor=actor, now=now)
    return campaign


def _tell_created(campaign_id: int, code: str, channel_id: int, *, actor: str, now: datetime) -> None:
    payload = CampaignCreated(campaign_id=campaign_id, code=code, channel_id=channel_id)
    append_one(
        NewFact(payload=payload, occurred_at=now, shard_key=code), actor=actor, source="campaigns", now=now
    )


def update_campaign(*, campaign: Campaign) -> Campaign:
    """Keep the changes made to `campaign`. Its code stays: links with it are out in the world."""
    campaign.full_clean()
    campaign.save()
    return campaign


def archive_campaign(*, campaign: Campaign, archived: bool) -> Campaign:
    """Put a campaign away (or take it back): it is no longer offered, its links still count for it."""
    campaign.archived = archived
    campaign.save(update_fields=["archived"])
    return campaign
