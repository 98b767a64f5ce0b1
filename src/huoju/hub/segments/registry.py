"""What definitions may ask of the log: kinds of facts with the fields that matter. Filled by `site/wiring.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from huoju.core.facts.kinds import kind_of
from huoju.core.ui.parts import Label

from .policy.vocabulary import ValueType

type Choices = Callable[[], Sequence[tuple[str, Label]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadField:
    """A field of a fact's payload that may be asked for. `whole`: it holds a whole number (an id)."""

    name: str
    label: Label
    type: ValueType = ValueType.TEXT
    whole: bool = False
    choices: Choices | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A kind of fact that a person is the subject of: "submitted a form". `group` is the heading it stands under."""

    payload: type[Any]
    label: Label
    group: Label = ""
    fields: tuple[PayloadField, ...] = ()
    names: Mapping[str, PayloadField] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", {each.name: each for each in self.fields})

    @property
    def kind(self) -> str:
        """The kind's name."""
        return kind_of(self.payload).name


_activities: dict[str, Activity] = {}
_derived: set[str] = set()
_births: dict[str, type[Any]] = {}
_upheavals: dict[str, type[Any]] = {}


def register_activities(*activities: Activity) -> None:
    """Let definitions ask for these facts. Registering one again replaces it."""
    _activities.update({activity.kind: activity for activity in activities})


def register_births(*payloads: type[Any]) -> None:
    """Say after which facts a person may be there who was not there before."""
    _births.update((kind_of(payload).name, payload) for payload in payloads)


def all_activities() -> dict[str, Activity]:
    """Every registered activity by its kind, in the order of registration."""
    return dict(_activities)


def births() -> frozenset[str]:
    """The kinds of facts after which there may be a new person."""
    return frozenset(_births)


def birth_payloads() -> list[type[Any]]:
    """The payload classes of `births`."""
    return list(_births.values())


def register_upheavals(*payloads: type[Any]) -> None:
    """Say after which facts anything that is known of a person may be something else (an erasure)."""
    _upheavals.update((kind_of(payload).name, payload) for payload in payloads)


def upheavals() -> dict[str, type[Any]]:
    """The payload classes of such facts by their kinds."""
    return dict(_upheavals)


def register_derived(*sources: str) -> None:
    """Say which trait sources are written by readers of the log, who may come to a fact later than segments do."""
    _derived.update(sources)


def derived() -> frozenset[str]:
    """The codes of such sources."""
    return frozenset(_derived)
