"""What is allowed: whether this person may be written to or called, and why, on the page and at a glance."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from huoju.core.ui.parts import Figure
from huoju.hub.consent.policy import CHANNEL_LABELS, REASON_LABELS, Channel, Purpose, Verdict
from huoju.hub.consent.queries import may_contact_how

from .panels import Profile

ORDER = (Channel.PHONE, Channel.EMAIL, Channel.SMS, Channel.WECHAT)


class Answer(NamedTuple):
    """Yes or no for one channel, with the reason in words."""

    channel: str
    allowed: bool
    reason: str


def _verdicts(profile: Profile) -> dict[tuple[Channel, Purpose], Verdict]:
    """What the page shows of it, asked once a page."""
    if "allowed" not in profile.memo:
        asked = [(channel, purpose) for purpose in (Purpose.MARKETING, Purpose.INQUIRY) for channel in ORDER]
        profile.memo["allowed"] = may_contact_how(profile.id, asked, timezone.now())
    found: dict[tuple[Channel, Purpose], Verdict] = profile.memo["allowed"]
    return found


def _answers(profile: Profile) -> list[Answer]:
    verdicts = [(each, _verdicts(profile)[each, Purpose.MARKETING]) for each in ORDER]
    return [
        Answer(_(CHANNEL_LABELS[channel]), verdict.allowed, _(REASON_LABELS[verdict.reason]))
        for channel, verdict in verdicts
    ]


def allowed_panel(request: HttpRequest, profile: Profile) -> Mapping[str, Any]:  # noqa: ARG001
    """News and offers: yes or no for each channel, with the reason; and how their own questions may be answered."""
    verdicts = _verdicts(profile)
    open_ = [_(CHANNEL_LABELS[each]) for each in ORDER if verdicts[each, Purpose.INQUIRY].allowed]
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
