"""Which facts count as which activities.

Scoring rules speak of activities ("asked for a demo"), the log of facts (`lead.captured` with purpose `trial`). Rooms
above this one register theirs in `site/wiring.py`; what is not registered does not count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from huoju.core.facts.kinds import kind_of
from huoju.qualify.leads.facts import LeadCaptured, LeadTouched

from .policy import PURPOSE_ACTIVITIES

type Activities = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """A kind of fact about a person that counts as activity.

    The values of the payload fields `by`, joined with "/", choose the activities; `otherwise` are those of a value that
    `activities` does not name. A fact may count as several activities (came again, and asked for a demo).
    """

    fact: type[Any]
    by: tuple[str, ...] = ()
    activities: Mapping[str, Activities] = field(default_factory=dict)
    otherwise: Activities = ()

    @property
    def kind(self) -> str:
        """The name of the fact's kind."""
        return kind_of(self.fact).name

    def activities_of(self, key: str) -> Activities:
        """What a fact with this key counts as."""
        return self.activities.get(key, self.otherwise)


_FORMS: dict[str, Activities] = {purpose: (code,) for purpose, code in PURPOSE_ACTIVITIES.items()}
_FORM: Activities = ("form.submitted",)
_CAME: dict[str, Activities] = {
    **{f"{via}/{purpose}": done for via in ("form", "api") for purpose, done in _FORMS.items()},
    # A row of a file tells that we know somebody, not that they did something.
    **{f"{via}/{purpose}": () for via in ("import", "hand") for purpose in ("", *_FORMS)},
}

CAPTURED = Signal(LeadCaptured, ("via", "purpose"), _CAME, _FORM)
TOUCHED = Signal(
    LeadTouched,
    ("via", "purpose"),
    {key: ("lead.touched", *done) for key, done in _CAME.items()},
    ("lead.touched", *_FORM),
)

_signals: dict[str, Signal] = {CAPTURED.kind: CAPTURED, TOUCHED.kind: TOUCHED}


def register(*signals: Signal) -> None:
    """Let further facts count; the same kind again replaces what it counts as."""
    for signal in signals:
        _signals[signal.kind] = signal


def all_signals() -> dict[str, Signal]:
    """Every signal by the name of its kind."""
    return dict(_signals)
