"""What may be asked: the traits and facts that definitions can name, without where they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from huoju.hub.profile.policy import ValueType as ValueType

from .definition import Definition, Op

_KNOWN = (Op.IS_SET, Op.IS_EMPTY)
_EQUAL = (Op.IS, Op.IS_NOT, Op.ONE_OF, Op.NONE_OF)
_WHEN = (Op.WITHIN_LAST, Op.LONGER_AGO, Op.WITHIN_NEXT, Op.BEFORE, Op.AFTER, Op.BETWEEN)

OPERATORS: dict[ValueType, tuple[Op, ...]] = {
    ValueType.TEXT: (*_EQUAL, Op.CONTAINS, Op.STARTS_WITH, *_KNOWN),
    ValueType.NUMBER: (Op.IS, Op.IS_NOT, Op.AT_LEAST, Op.AT_MOST, Op.BETWEEN, *_KNOWN),
    ValueType.BOOLEAN: (Op.IS, *_KNOWN),
    ValueType.DATE: (*_WHEN, *_KNOWN),
    ValueType.TIME: (*_WHEN, *_KNOWN),
    ValueType.CHOICE: (*_EQUAL, *_KNOWN),
    ValueType.LIST: (Op.CONTAINS, Op.ONE_OF, Op.NONE_OF, *_KNOWN),
}
"""The comparisons that each type of value takes, in the order in which they are offered."""

CHOOSING = _EQUAL
"""Comparisons with values as a whole: where there are choices, with these alone."""

TIMELESS = (Op.WITHIN_LAST, Op.LONGER_AGO, Op.WITHIN_NEXT)
"""Comparisons with the present moment: they have no place in conditions on fields of facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitInfo:
    """A trait: its type, whether its values are whole numbers (ids), the kinds of facts after which it may differ.

    `choices` are the only values that a definition may name; None where any may be, or where nobody asked for them.
    """

    code: str
    type: ValueType
    source: str
    whole: bool = False
    changed_by: frozenset[str] = frozenset()
    choices: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactInfo:
    """A kind of fact and the fields of its payload that may be asked for; those in `whole` hold whole numbers, those
    in `choices` one of these values."""

    kind: str
    fields: Mapping[str, ValueType] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Everything that a definition may name. `segments` are the definitions of the others, by id, `names` what they are
    called."""

    traits: Mapping[str, TraitInfo] = field(default_factory=dict)
    facts: Mapping[str, FactInfo] = field(default_factory=dict)
    segments: Mapping[int, Definition] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    lists: frozenset[int] = frozenset()
    tags: frozenset[int] = frozenset()
    tag_kinds: frozenset[str] = frozenset()
    """The kinds of facts after which somebody's tags may be others."""
