"""Reads of channels and campaigns, and the resolution of sources."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext, override

from .models import DEFAULT_CHANNEL_NAMES, Campaign, Channel, channel_label
from .policy import (
    CAMPAIGN_CODE_LENGTH,
    CHANNEL_CODE_LENGTH,
    CHANNEL_OF_MEDIUM,
    KEYWORD_LENGTH,
    Medium,
    Source,
    SourceHint,
    alias_keys,
    classify,
    code_for,
    fold,
    landing_page,
    utm_of_page,
)


@dataclass(frozen=True, slots=True)
class LeadFigures:
    """What a campaign brought: leads, and how many of them ever became MQL and won."""

    leads: int = 0
    mqls: int = 0
    won: int = 0


type LeadCounter = Callable[[Sequence[int]], Mapping[int, LeadFigures]]

_lead_counter: list[LeadCounter] = []


def register_lead_counter(counter: LeadCounter) -> None:
    """Say who counts the leads of campaigns: the wing above, which this one does not know."""
    _lead_counter[:] = [counter]


def lead_figures(campaign_ids: Sequence[int]) -> Mapping[int, LeadFigures] | None:
    """What each campaign brought; None as long as nobody counts."""
    return _lead_counter[0](campaign_ids) if _lead_counter and campaign_ids else None


# --- Lists --------------------------------------------------------------------------------------------------


def list_channels(*, archived: bool | None = False) -> list[Channel]:
    """Channels in the order of their default, then by name; `archived` None lists all."""
    order = {code: index for index, code in enumerate(DEFAULT_CHANNEL_NAMES)}
    channels = Channel.objects.all() if archived is None else Channel.objects.filter(archived=archived)
    return sorted(channels, key=lambda channel: (order.get(channel.code, len(order)), channel.name))


def channel_labels() -> dict[int, str]:
    """What every channel is called on screen, by id, in the language of the request."""
    rows = Channel.objects.values_list("id", "code", "name")
    return {pk: channel_label(code, name) for pk, code, name in rows}


def list_channel_options() -> dict[str, str]:
    """What every channel in use is called on screen, by code."""
    rows = Channel.objects.filter(archived=False).values_list("code", "name")
    return {code: channel_label(code, name) for code, name in rows}


def source_codes(campaign_ids: Iterable[int]) -> tuple[dict[int, tuple[str, str]], dict[int, str]]:
    """What rules call sources: code and kind of every channel, and the codes of the campaigns, by id. Two queries."""
    channels = {pk: (code, kind) for pk, code, kind in Channel.objects.values_list("id", "code", "kind")}
    wanted = list(campaign_ids)
    named = Campaign.objects.filter(pk__in=wanted).values_list("pk", "code") if wanted else ()
    return channels, dict(named)


def list_campaigns(*, archived: bool | None = False) -> QuerySet[Campaign]:
    """Campaigns, newest first, with channel and owner; `archived` None lists all."""
    campaigns = Campaign.objects.select_related("channel", "owner")
    return campaigns if archived is None else campaigns.filter(archived=archived)


# --- Names --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChannelIndex:
    """Every channel by what it may be called. A code beats a name, a name beats a default's name in a language."""

    by_code: Mapping[str, int]
    by_name: Mapping[str, int]
    by_alias: Mapping[str, int]

    def find(self, text: str) -> int | None:
        """The channel that `text` (a code or a name, as people spell it) means."""
        key = fold(text)
        if not key:
            return None
        for code in (key, code_for(key, CHANNEL_CODE_LENGTH)):
            if code in self.by_code:
                return self.by_code[code]
        return self.by_name.get(key)

    def find_utm(self, source: str, medium: str) -> int | None:
        """The channel that stands for these UTM values."""
        for alias in alias_keys(source, medium):
            if alias in self.by_alias:
                return self.by_alias[alias]
        return self.find(source)


def channel_index() -> ChannelIndex:
    """All channels, read now: one query. Archived ones stay, since old links and files still name them."""
    by_code: dict[str, int] = {}
    by_name: dict[str, int] = {}
    by_alias: dict[str, int] = {}
    rows = Channel.objects.order_by("-archived", "-id").values_list("id", "code", "name", "utm_aliases")
    translated: dict[str, int] = {}
    for pk, code, name, aliases in rows:
        by_code[code] = pk
        by_name[fold(name)] = pk
        translated |= dict.fromkeys(_default_names().get(code, ()), pk)
        by_alias |= dict.fromkeys(aliases, pk)
    return ChannelIndex(by_code, translated | by_name, by_alias)


@cache
def _default_names() -> dict[str, tuple[str, ...]]:
    """The names of the default channels in every language: a file may call the website 官网."""
    found: dict[str, list[str]] = {code: [] for code in DEFAULT_CHANNEL_NAMES}
    for language, _label in settings.LANGUAGES:
        with override(language):
            for code, name in DEFAULT_CHANNEL_NAMES.items():
                found[code].append(fold(gettext(name)))
    return {code: tuple(names) for code, names in found.items()}


def find_campaigns(names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Campaign and channel ids by the folded form of `names` (codes or names); unknown ones are absent. One query."""
    keys = {fold(name) for name in names} - {""}
    if not keys:
        return {}
    codes = {key: (key, code_for(key, CAMPAIGN_CODE_LENGTH)) for key in keys}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT code, lower(name), id, channel_id FROM campaigns_campaign
               WHERE code = ANY(%s) OR lower(name) = ANY(%s) ORDER BY id DESC""",
            [list({code for pair in codes.values() for code in pair}), list(keys)],
        )
        rows = cursor.fetchall()
    by_code = {code: (pk, channel_id) for code, _name, pk, channel_id in rows}
    by_name = {name: (pk, channel_id) for _code, name, pk, channel_id in rows}
    return {
        key: found
        for key, (exact, derived) in codes.items()
        if (found := by_code.get(exact) or by_code.get(derived) or by_name.get(key))
    }


# --- Sources ------------------------------------------------------------------------------------------------


def resolve_sources(rows: Sequence[SourceHint]) -> list[Source]:
    """Where each interest came from, by what is known of it, the surest first.

    - Campaign: the one written down (code or name), else `utm_campaign`, else the form's own.
    - Channel: the one written down, else the campaign's, else the one whose UTM values match, else the kind of
      place that the referrer is. A visit without referrer counts as direct (`website`) only if its page is known and
      its link was not tagged; where nothing is known, the channel stays None.

    At most three queries, however many rows.
    """
    if not rows:
        return []
    index = channel_index()
    utms = {page: utm_of_page(page) for page in {row.page for row in rows if row.page and "?" in row.page}}
    tagged = [row.utm or utms.get(row.page, {}) for row in rows]
    campaigns = find_campaigns(
        {row.campaign for row in rows} | {utm.get("utm_campaign", "") for utm in tagged}
    )
    own_ids = {row.campaign_id for row in rows if row.campaign_id is not None}
    own = dict(Campaign.objects.filter(pk__in=own_ids).values_list("id", "channel_id")) if own_ids else {}

    resolved: list[Source] = []
    for row, utm in zip(rows, tagged, strict=True):
        campaign_id, channel_id = (
            campaigns.get(fold(row.campaign))
            or campaigns.get(fold(utm.get("utm_campaign", "")))
            or ((row.campaign_id, own[row.campaign_id]) if row.campaign_id in own else (None, None))
        )
        medium, searched = classify(row.referrer, row.page)
        channel_id = (
            index.find(row.channel)
            or channel_id
            or index.find_utm(utm.get("utm_source", ""), utm.get("utm_medium", ""))
            or _classified(medium, row, tagged=bool(utm), index=index)
        )
        keyword = utm.get("utm_term", "").strip() or searched
        resolved.append(Source(channel_id, campaign_id, keyword[:KEYWORD_LENGTH], landing_page(row.page)))
    return resolved


def _classified(medium: Medium, row: SourceHint, *, tagged: bool, index: ChannelIndex) -> int | None:
    if medium is Medium.DIRECT and (tagged or not row.page.startswith(("http://", "https://"))):
        return None
    return index.by_code.get(CHANNEL_OF_MEDIUM[medium])
