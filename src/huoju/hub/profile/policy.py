"""Types of values, and survivorship 取值规则: which of several values of a field is the golden one. Pure.

Rules are a list of criteria in order, for all fields or for one. The first criterion that a value meets decides, and of
those that meet it the newest (for `first`: the oldest) is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from huoju.core.problems import Problem
from huoju.core.text import msgid

HAND = "hand"
"""The source of a value that a user set."""


class ValueType(StrEnum):
    """What a trait's value, or a field of a fact, is; decides which questions may be asked of it."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    CHOICE = "choice"
    LIST = "list"


class Field(StrEnum):
    """The golden fields of a person."""

    NAME = "name"
    TITLE = "title"
    MOBILE = "mobile"
    EMAIL = "email"
    REGION = "region"
    COUNTRY = "country"
    LANGUAGE = "language"


FIELD_LABELS: dict[Field, str] = {
    Field.NAME: msgid("Full name"),
    Field.TITLE: msgid("Job title"),
    Field.MOBILE: msgid("Mobile"),
    Field.EMAIL: msgid("E-mail"),
    Field.REGION: msgid("Region"),
    Field.COUNTRY: msgid("Country"),
    Field.LANGUAGE: msgid("Language"),
}


class Criterion(StrEnum):
    """A reason to show a value rather than another."""

    HAND = "hand"  # somebody set it here
    VERIFIED = "verified"  # proven, as by a code sent to it
    TRUSTED = "trusted"  # from a trusted source
    NEWEST = "newest"
    FIRST = "first"


CRITERION_LABELS: dict[Criterion, str] = {
    Criterion.HAND: msgid("set by hand"),
    Criterion.VERIFIED: msgid("verified"),
    Criterion.TRUSTED: msgid("newest from a trusted source"),
    Criterion.NEWEST: msgid("newest of all"),
    Criterion.FIRST: msgid("first heard"),
}

DEFAULT_ORDER = (Criterion.HAND, Criterion.VERIFIED, Criterion.TRUSTED, Criterion.FIRST)


class Candidate(NamedTuple):
    """A value that somebody gave. `person_id` is the member of the profile it was given for."""

    value: str
    source: str
    actor: str
    at: datetime
    verified: bool = False
    person_id: int = 0
    id: int = 0


class Golden(NamedTuple):
    """The value that is shown, and the criterion that it is shown for."""

    chosen: Candidate
    why: Criterion


@dataclass(frozen=True, slots=True)
class Survivorship:
    """One version of the rules. `trusted` are sources by their beginning ("import:7", "form")."""

    version: int
    order: tuple[Criterion, ...] = DEFAULT_ORDER
    trusted: tuple[str, ...] = ()
    fields: dict[Field, tuple[Criterion, ...]] = field(default_factory=dict)

    def order_for(self, name: Field) -> tuple[Criterion, ...]:
        """The criteria that decide about a field."""
        return self.fields.get(name) or self.order


def kind_of_source(source: str) -> str:
    """What a source is an instance of: "import" for "import:7"."""
    return source.partition(":")[0]


def choose(name: Field, candidates: Sequence[Candidate], rules: Survivorship) -> Golden | None:
    """The value to show; None where nobody gave one. Every order ends with the first value heard."""
    if not candidates:
        return None
    for criterion in (*rules.order_for(name), Criterion.FIRST):
        if fitting := [each for each in candidates if _meets(criterion, each, rules)]:
            pick = min if criterion is Criterion.FIRST else max
            return Golden(pick(fitting, key=lambda each: (each.at, each.id)), criterion)
    return None


def _meets(criterion: Criterion, candidate: Candidate, rules: Survivorship) -> bool:
    match criterion:
        case Criterion.HAND:
            return candidate.source == HAND
        case Criterion.VERIFIED:
            return candidate.verified
        case Criterion.TRUSTED:
            return candidate.source in rules.trusted or kind_of_source(candidate.source) in rules.trusted
        case Criterion.NEWEST | Criterion.FIRST:
            return True


def is_news(value: str, source: str, known: Sequence[Candidate]) -> bool:
    """Whether a value tells something new: what a kind of source repeats is no news and makes nothing newer."""
    before = [each for each in known if kind_of_source(each.source) == kind_of_source(source)]
    if before:
        return max(before, key=lambda each: (each.at, each.id)).value != value
    return all(each.value != value for each in known)


# --- rules as rows ------------------------------------------------------------------------------------------


def default_content() -> dict[str, Any]:
    """What ships with Huoju: set by hand, then verified, then forms, then the first value heard."""
    return {"order": [each.value for each in DEFAULT_ORDER], "trusted": ["form", "api"], "fields": []}


def parse(version: int, content: Any) -> Survivorship:
    """The rules of a row. Raises `ValueError`."""
    fields: dict[Field, tuple[Criterion, ...]] = {}
    for row in content.get("fields", ()):
        if row["field"] not in Field:
            raise ValueError(Problem(msgid("unknown field '%(field)s'"), field=str(row["field"])))
        name = Field(row["field"])
        if name in fields:
            raise ValueError(Problem(msgid("%(field)s has two rules"), field=Problem(FIELD_LABELS[name])))
        fields[name] = _order(row["order"])
    trusted = tuple(str(each).strip() for each in content.get("trusted", ()) if str(each).strip())
    return Survivorship(version, _order(content["order"]), trusted, fields)


def _order(names: Any) -> tuple[Criterion, ...]:
    if not isinstance(names, list) or not names:
        raise ValueError(Problem(msgid("an order needs at least one criterion")))
    for name in names:
        if name not in Criterion:
            raise ValueError(Problem(msgid("unknown criterion '%(name)s'"), name=str(name)))
    return tuple(Criterion(name) for name in names)


def validate(rules: Survivorship) -> list[str]:
    """What is wrong with the rules, one sentence each."""
    errors: list[str] = []
    for order in (rules.order, *rules.fields.values()):
        if len(set(order)) < len(order):
            errors.append(Problem(msgid("a criterion stands twice in one order")))
        ends = [at for at, each in enumerate(order) if each in (Criterion.FIRST, Criterion.NEWEST)]
        if ends and ends[0] < len(order) - 1:
            errors.append(Problem(msgid("what stands after “newest of all” or “first heard” never decides")))
    return errors
