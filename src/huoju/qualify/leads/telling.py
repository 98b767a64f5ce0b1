"""How the facts of leads read on a timeline."""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.facts.telling import Names, Told, register_teller
from huoju.core.places import region_name
from huoju.core.ui import stages
from huoju.hub.companies.queries import industry_name

from .facts import (
    ContactRevealed,
    LeadAssigned,
    LeadCaptured,
    LeadRestored,
    LeadStageChanged,
    LeadTouched,
    LeadUpdated,
    LeadWarned,
    LeadWithdrawn,
)
from .labels import FIELD_LABELS, VIA_LABELS, WARNING_LABELS

_NAMED = {"channel_id": "channel", "campaign_id": "campaign", "owner_id": "user", "sdr_id": "user"}
_LOOKS: dict[str, Callable[[str], str]] = {"region": region_name, "industry": industry_name}


def _source(payload: LeadCaptured | LeadTouched, names: Names) -> str:
    parts = (
        VIA_LABELS.get(payload.via, payload.via),
        names.of("channel", payload.channel_id),
        names.of("campaign", payload.campaign_id),
        payload.keyword and f"“{payload.keyword}”",
        payload.landing_page,
    )
    told = " · ".join(str(part) for part in parts if part)
    return f"{told}\n{payload.message}" if payload.message else told


def _captured(payload: LeadCaptured, names: Names) -> Told:
    return Told(gettext_lazy("Became a lead"), "flame", _source(payload, names), "primary")


def _touched(payload: LeadTouched, names: Names) -> Told:
    return Told(gettext_lazy("Showed interest again"), "repeat", _source(payload, names))


def _because(payload: LeadStageChanged, names: Names) -> str:
    """Why, in words: a rule leaves codes, `standard: company, reachable`."""
    words = names.words(payload.rule)
    rule, colon, met = payload.reason.partition(": ")
    if not colon or rule not in words:
        return payload.reason
    reasons = _(", ").join(words.get(f":{code}", code) for code in met.split(", "))
    return _("%(rule)s: %(reasons)s") % {"rule": words[rule], "reasons": reasons}


def _moved(payload: LeadStageChanged, names: Names) -> Told:
    title = _("%(from)s → %(to)s") % {
        "from": stages.look(payload.from_stage).label,
        "to": stages.look(payload.to_stage).label,
    }
    tone = {"won": "success", "lost": "danger", "disqualified": "warning"}.get(payload.to_stage, "info")
    return Told(title, "arrow-right", _because(payload, names), tone)  # type: ignore[arg-type]


def _answer(line: str, words: Mapping[str, str]) -> str:
    """What one rule of routing said: `region:turn`."""
    rule, colon, why = line.partition(":")
    if not words or not colon:
        return line
    return _("%(rule)s: %(reasons)s") % {"rule": words.get(rule, rule), "reasons": words.get(f":{why}", why)}


_WHY_FREE = {
    "left": gettext_lazy("The owner can no longer sign in"),
    "pool": gettext_lazy("Put into the public pool"),
}
"""Why a lead lost its owner, by the rule that its fact names."""


def _assigned(payload: LeadAssigned, names: Names) -> Told:
    words = names.words(payload.rule)
    text = "\n".join(_answer(line, words) for line in payload.trace)
    if payload.owner_id is None:
        why = text or str(_WHY_FREE.get(payload.rule, ""))
        return Told(gettext_lazy("Has no owner any more"), "user-off", why)
    title = _("Given to %(name)s") % {"name": names.of("user", payload.owner_id)}
    return Told(title, "user-check", text)


def _shown(field: str, value: str | int | None, names: Names) -> str:
    """A new value, by its name where the log has a code."""
    if value in (None, ""):
        return "–"
    if isinstance(value, int) and (kind := _NAMED.get(field)):
        return names.of(kind, value)
    look = _LOOKS.get(field, str)
    return look(str(value))


def _updated(payload: LeadUpdated, names: Names) -> Told:
    changes = ", ".join(
        f"{FIELD_LABELS.get(field, field)}: {_shown(field, value, names)}"
        for field, value in payload.changes.items()
    )
    return Told(gettext_lazy("Details changed"), "edit", changes)


def _warned(payload: LeadWarned, _names: Names) -> Told:
    text = ", ".join(str(WARNING_LABELS.get(code, code)) for code in payload.codes)
    return Told(gettext_lazy("Data warning"), "alert-triangle", text, "warning")


def _withdrawn(payload: LeadWithdrawn, _names: Names) -> Told:
    return Told(gettext_lazy("Taken back with its import"), "arrow-back-up", payload.reason)


def _restored(_payload: LeadRestored, _names: Names) -> Told:
    return Told(gettext_lazy("An import's change was rolled back"), "arrow-back-up")


def _revealed(_payload: ContactRevealed, _names: Names) -> Told:
    return Told(gettext_lazy("Looked at the contact data"), "eye")


def register() -> None:
    """Called once by the wiring."""
    register_teller(LeadCaptured, _captured)
    register_teller(LeadTouched, _touched)
    register_teller(LeadStageChanged, _moved)
    register_teller(LeadAssigned, _assigned)
    register_teller(LeadUpdated, _updated)
    register_teller(LeadWarned, _warned)
    register_teller(LeadWithdrawn, _withdrawn)
    register_teller(LeadRestored, _restored)
    register_teller(ContactRevealed, _revealed)
