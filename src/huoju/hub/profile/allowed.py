"""What is allowed: whether this person may be written to or called, and why, on the page and at a glance."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from huoju.core.ui.parts import Figure
from huoju.hub.consent.policy import CHANNEL_LABELS, REASON_LABELS, Channel, Purpose
from huoju.hub.consent.queries import may_contact

from .panels import Profile

ORDER = (Channel.PHONE, Channel.EMAIL, Channel.SMS, Channel.WECHAT)


class Answer(NamedTuple):
    """Yes or no for one channel, with the reason in words."""

    channel: str
    allowed: bool
    reason: str


def _answers(profile: Profile) -> list[Answer]:
    """One question a channel, asked once a page."""
    if "allowed" not in profile.memo:
        now = timezone.now()
        verdicts = [(each, may_contact(profile.id, each, Purpose.MARKETING, now)) for each in ORDER]
        profile.memo["allowed"] = [
            Answer(_(CHANNEL_LABELS[channel]), verdict.allowed, _(REASON_LABELS[verdict.reason]))
            for channel, verdict in verdicts
        ]
    found: list[Answer] = profile.memo["allowed"]
    return found


def allowed_panel(request: HttpRequest, profile: Profile) -> Mapping[str, Any]:  # noqa: ARG001
    """News and offers: yes or no for each channel, with the reason; and how their own questions may be answered."""
    now = timezone.now()
    open_ = [
        _(CHANNEL_LABELS[each])
        for each in ORDER
        if may_contact(profile.id, each, Purpose.INQUIRY, now).allowed
    ]
    return {"answers": _answers(profile), "inquiry": open_}


def allowed_glance(request: HttpRequest, profile: Profile) -> Mapping[str, Any]:  # noqa: ARG001
    """The channels that are open for news and offers."""
    answers = _answers(profile)
    open_ = [each.channel for each in answers if each.allowed]
    closed = [each.channel for each in answers if not each.allowed]
    if not open_:
        return {"figure": Figure(label=_("News and offers allowed"), value=_("none"), note=answers[0].reason)}
    note = _("not by %(channels)s") % {"channels": ", ".join(closed)} if closed else ""
    return {"figure": Figure(label=_("News and offers allowed"), value=" · ".join(open_), note=note)}
