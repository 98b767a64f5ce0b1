"""Writing persons: which rows are whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Known:
    """One identifier that a row gives, in normal form. `kind` is an `IdentifierKind`; external ids are `system:id`."""

    kind: str
    value: str
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonHint:
    """What one row says about a person. `mobile` and `email` of the person are taken from the identifiers."""

    identifiers: tuple[Known, ...]
    name: str = ""
    title: str = ""
    company_id: int | None = None
    region: str = ""
    country: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Who a row is: `created` if nobody knew the person before, `proposals` the ids of merges it suggests.

    `added` and `filled` are what an import takes back when it is rolled back: identifiers that a known person got, and
    the values that its empty fields got.
    """

    person_id: int
    created: bool
    proposals: tuple[int, ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    filled: Mapping[str, str | int] = field(default_factory=dict)


def resolve_batch(rows: Sequence[PersonHint], *, actor: str, source: str, now: datetime) -> list[Resolved]:
    """The person of each row, made where nobody is known by its identifiers. Needs a transaction."""
    raise NotImplementedError
