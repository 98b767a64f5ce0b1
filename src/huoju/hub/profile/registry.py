"""Traits: what may be asked of a profile, registered by the rooms that know it.

A trait is not copied: it is a column of a room's own table, read where it stands (in PostgreSQL for one person, in the
lake for millions), so it can never be stale. `site/wiring.py` registers the sources.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from huoju.core.lake.tables import LakeTable
from huoju.core.ui.parts import Label

from .policy import ValueType as ValueType

type Total = Literal["sum", "count", "min", "max"]
"""What is made of all rows: of the values of a column that are not NULL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """One thing that may be asked of a profile: `code` is `noun.field` ("lead.stage"), `column` where its value stands.

    `total`: not the value in the row that counts, but that of all rows together (NULL without any row).
    `choices` gives the values and their labels; for ids ("campaign"), as they are now.
    """

    code: str
    label: Label
    type: ValueType
    column: str
    total: Total | None = None
    choices: Callable[[], Sequence[tuple[str, Label]]] | None = None

    @property
    def name(self) -> str:
        """What its value is called among those of its source."""
        return f"{self.column}_{self.total}" if self.total else self.column


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitSource:
    """A table that says something of persons (or of companies), and its traits.

    `about` says whom: the column `owner` holds a person's id; or the table has a row for each company, and `owner` is
    its key (for totals: any number of rows of a company, whose id `owner` holds). Where a profile has several rows
    (many leads; merged persons), the one that is greatest by the columns `latest` counts, NULLs last; of merged
    companies the main one does. `changed_by` are the kinds of facts (payload classes) after which a value may be
    another one. `combined` has the values of profiles of several persons under the same columns, by `profile_id`:
    without a row there, the row of the profile's own person counts.

    Only rows with the values in `only` (by column; plain words) are looked at. A source of totals has no other traits;
    they are made of the rows of all persons, or of all companies that are read as one. `shared_by` are those kinds of
    `changed_by` that, filed under one person, change a value for everybody at the company that the fact names.
    """

    code: str
    label: Label
    table: LakeTable
    combined: LakeTable | None = None
    about: Literal["person", "company"] = "person"
    owner: str = "person_id"
    latest: tuple[str, ...] = ("id",)
    only: Mapping[str, str] = field(default_factory=dict)
    changed_by: tuple[type[Any], ...]
    shared_by: tuple[type[Any], ...] = ()
    traits: tuple[Trait, ...]

    @property
    def totals(self) -> bool:
        """Whether its traits are totals."""
        return any(trait.total for trait in self.traits)


_sources: dict[str, TraitSource] = {}


def register_traits(*sources: TraitSource) -> None:
    """Add sources. Raises `ValueError` for a code (of a source or a trait) that is taken, for a table about companies
    that has no row for each, and for a source in which totals stand beside other traits."""
    for source in sources:
        if source.about == "company" and source.owner != source.table.key and not source.totals:
            raise ValueError(f"trait source {source.code!r} needs a row for each company")
        if source.totals and not all(trait.total for trait in source.traits):
            raise ValueError(f"trait source {source.code!r} mixes totals with other traits")
        taken = {
            trait.code for other in _sources.values() if other.code != source.code for trait in other.traits
        }
        if doubled := taken & {trait.code for trait in source.traits}:
            raise ValueError(f"traits {sorted(doubled)} are registered twice")
        if _sources.setdefault(source.code, source) != source:
            raise ValueError(f"trait source {source.code!r} is registered twice")


def all_sources() -> list[TraitSource]:
    """Every source of traits, in the order of registration."""
    return list(_sources.values())


def trait_named(code: str) -> tuple[TraitSource, Trait]:
    """A trait and where it comes from. Raises `KeyError`."""
    for source in _sources.values():
        for trait in source.traits:
            if trait.code == code:
                return source, trait
    raise KeyError(code)


# --- who may see whom ---------------------------------------------------------------------------------------

type Visible = Callable[[Any], Any]
"""Of a user: the ids of the persons that they may see, as a subquery; None for one who sees everybody."""

type Represented = Callable[[Sequence[int]], set[int]]
"""Those of some persons for whom something else stands in the global search: their leads."""

type Finder = Callable[[str], Any]
"""Of a text: the ids of the persons it finds, as a query of one column; None where there is nothing to look for."""

_visible: list[Visible] = []
_finders: list[Finder] = []
_represented: list[Represented] = []


def register_visible(visible: Visible) -> None:
    """Say whom a user may see: the wing above knows, which has the leads. Registering again replaces it."""
    _visible[:] = [visible]


def visible_ids(user: Any) -> Any:
    """The persons that `user` may see, as a subquery; None for everybody, as long as nobody says otherwise."""
    return _visible[0](user) if _visible else None


def register_represented(answer: Represented) -> None:
    """Say for whom something else stands in the search. Registering again replaces it."""
    _represented[:] = [answer]


def represented(person_ids: Sequence[int]) -> set[int]:
    """Those of the persons for whom something else stands in the global search."""
    return _represented[0](person_ids) if _represented else set()


def register_finder(finder: Finder) -> None:
    """Say how persons are searched for. Registering again replaces it."""
    _finders[:] = [finder]


def found_ids(query: str) -> Any:
    """The persons that `query` finds, as a query of one column; None where it says nothing to look for."""
    return _finders[0](query) if _finders else None


# --- groups of a timeline -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineGroup:
    """Facts that are looked at together: whose kind begins with one of `nouns` ("payment."), or is one of them."""

    code: str
    label: Label
    nouns: tuple[str, ...]

    def has(self, kind: str) -> bool:
        """Whether facts of `kind` belong to it."""
        return kind in self.nouns or f"{kind.partition('.')[0]}." in self.nouns


_groups: dict[str, TimelineGroup] = {}


def register_groups(*groups: TimelineGroup) -> None:
    """Add groups, or replace those of the same codes. A kind belongs to the first group that has it."""
    for group in groups:
        _groups[group.code] = group


def all_groups() -> list[TimelineGroup]:
    """Every group, in the order of registration."""
    return list(_groups.values())
