"""Which tables of PostgreSQL flow to the lake, and what an expression over one of them is written on.

A room offers a `LakeTable`; `site/wiring.py` registers it. The same table is read in PostgreSQL (always fresh) and in
the lake (as of its last flow), under the same names and types, so one Ibis expression answers on either.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis
from ibis.expr.types import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeTable:
    """A table that analysis needs. `relation` is its name in PostgreSQL, `key` its primary key (one column, unique).

    `columns` are the columns that flow, by name, each with its Ibis type ("int64", "string", "timestamp('UTC')",
    "boolean", "date", "decimal(14, 2)", "json" as "string", "array<string>"); what is not named stays at home.
    `sources` are SQL expressions for columns that are not a column of that name. `person` is the column that holds a
    person's id; a table without it is not about persons.
    """

    name: str
    relation: str
    key: str = "id"
    columns: Mapping[str, str]
    sources: Mapping[str, str] = field(default_factory=dict)
    person: str = "person_id"

    def unbound(self) -> Table:
        """The Ibis table that expressions are written on; it is bound to an engine when it is asked."""
        return ibis.table(dict(self.columns), name=self.name)

    def select(self) -> str:
        """The SQL that reads the table's columns in PostgreSQL."""
        columns = ", ".join(f"{self.sources.get(name, name)} AS {name}" for name in self.columns)
        return f"SELECT {columns} FROM {self.relation}"


_tables: dict[str, LakeTable] = {}


def register(*tables: LakeTable) -> None:
    """Add tables. Raises `ValueError` for a name that another table has."""
    for table in tables:
        if _tables.setdefault(table.name, table) != table:
            raise ValueError(f"lake table {table.name!r} is registered twice")


def all_tables() -> list[LakeTable]:
    """Every registered table, in the order of registration."""
    return list(_tables.values())


def table_named(name: str) -> LakeTable:
    """The table of that name. Raises `KeyError`."""
    return _tables[name]
