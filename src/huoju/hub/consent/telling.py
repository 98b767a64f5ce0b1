"""How the facts of consent read on a timeline."""

from django.utils.translation import gettext as _

from huoju.core.facts.telling import Names, Told, register_teller
from huoju.core.ui.parts import Tone

from .facts import ConsentGiven
from .policy import CHANNEL_LABELS, PURPOSE_LABELS, Answer, Channel, Purpose


def channel_label(code: str) -> str:
    """The label of a channel; the code itself where it is none of ours."""
    return _(CHANNEL_LABELS[Channel(code)]) if code in Channel else code


def purpose_label(code: str) -> str:
    """The label of a purpose; the code itself where it is none of ours."""
    return _(PURPOSE_LABELS[Purpose(code)]) if code in Purpose else code


def _given(payload: ConsentGiven, _names: Names) -> Told:
    values = {
        "channel": channel_label(payload.channel),
        "purpose": purpose_label(payload.purpose),
    }
    texts: dict[Answer, tuple[str, str, Tone]] = {
        Answer.GIVEN: (_("Agreed to “%(purpose)s” by %(channel)s"), "shield-check", ""),
        Answer.CONFIRMED: (_("Confirmed “%(purpose)s” by %(channel)s"), "shield-check", "success"),
        Answer.PENDING: (
            _("Asked for “%(purpose)s” by %(channel)s; not confirmed yet"),
            "shield-question",
            "",
        ),
        Answer.DECLINED: (_("Declined “%(purpose)s” by %(channel)s"), "shield-off", "warning"),
        Answer.WITHDRAWN: (_("Took back “%(purpose)s” by %(channel)s"), "shield-off", "warning"),
    }
    text, icon, tone = texts[Answer(payload.state)]
    return Told(text % values, icon, tone=tone)


def register() -> None:
    """Called once by the wiring."""
    register_teller(ConsentGiven, _given)
