"""Which tables are mirrored."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the mirror: its type in the engine and the PostgreSQL expression that fills it.

    `%(zone)s` in the expression is the company's time zone.
    """

    type: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """A table of PostgreSQL as the engine holds it.

    `source` is the table, `key` its integer key (a column of the mirror too), `changed` the column that holds the
    position of the transaction that last wrote a row (`core.facts.queries.position_now`), `gone` a boolean expression:
    rows for which it is true leave the mirror. `derived` columns are computed in the engine from the others: name →
    (type, expression). `order` is the column by which rows are laid out, so that ranges of it are read alone.
    """

    name: str
    source: str
    key: str
    changed: str
    columns: Mapping[str, Column]
    gone: str = "false"
    derived: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    order: str = ""


_tables: dict[str, Mirrored] = {}


def register(*tables: Mirrored) -> None:
    """Mirror `tables` from now on. Registering one again replaces it."""
    _tables.update({table.name: table for table in tables})


def all_tables() -> list[Mirrored]:
    """Every mirrored table."""
    return list(_tables.values())
