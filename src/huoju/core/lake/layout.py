"""How a table is read from its files, in SQL that each engine speaks in its own dialect.

Files may differ in their columns, because their kind changed: a column that a file lacks is NULL, a column of another
type is cast. Files of changes lie over the others: the latest row of a key counts, unless it says that the key is gone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .manifest import LiveFile
from .models import Part

FLOW, GONE = "_flow", "_gone"
"""Columns of changes: the generation that wrote the row, and whether the key is gone with it."""

type Source = Callable[[str, Sequence[LiveFile]], str]
"""What stands after FROM for some files of the same columns; the text is a name that is free for it."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between engines: quoting, the names of types, an anti-join."""

    quote: str
    type_name: Callable[[str], str]
    anti_join: str

    def quoted(self, name: str) -> str:
        """A name as an identifier."""
        return f"{self.quote}{name.replace(self.quote, self.quote * 2)}{self.quote}"


def table_sql(
    dialect: Dialect, name: str, columns: Mapping[str, str], key: str | None, files: Sequence[LiveFile],
    source: Source,
) -> str:  # fmt: skip
    """The SQL of the rows of the table `name` with `columns`; `key`: of a table whose changes are kept apart."""
    rows = _union(
        dialect, f"{name}__rows", columns, [each for each in files if each.part == Part.ROWS], source
    )
    changes = [each for each in files if each.part == Part.CHANGES]
    if key is None or not changes:
        return rows
    all_changes = _union(
        dialect, f"{name}__changes", {**columns, FLOW: "int64", GONE: "boolean"}, changes, source
    )
    listed = ", ".join(dialect.quoted(column) for column in columns)
    by = dialect.quoted(key)
    return f"""WITH changed AS (
            SELECT * FROM (
                SELECT *, row_number() OVER (PARTITION BY {by} ORDER BY {FLOW} DESC) AS _rank FROM ({all_changes}) c) r
            WHERE _rank = 1)
        SELECT {listed} FROM ({rows}) standing {dialect.anti_join} changed USING ({by})
        UNION ALL SELECT {listed} FROM changed WHERE NOT {GONE}"""


def _union(
    dialect: Dialect, name: str, columns: Mapping[str, str], files: Sequence[LiveFile], source: Source
) -> str:
    """The SQL of all rows of `files`, group by group of those with the same columns."""
    groups: dict[tuple[tuple[str, str], ...], list[LiveFile]] = {}
    for file in files:
        groups.setdefault(tuple(sorted(file.columns.items())), []).append(file)
    selects = []
    for number, (held, members) in enumerate(groups.items()):
        listed = ", ".join(_column(dialect, *column, dict(held)) for column in columns.items())
        selects.append(f"SELECT {listed} FROM {source(f'{name}__{number}', members)}")
    if not selects:
        listed = ", ".join(_column(dialect, *column, {}) for column in columns.items())
        selects.append(f"SELECT {listed} WHERE false")
    return " UNION ALL ".join(selects)


def _column(dialect: Dialect, name: str, type_: str, held: Mapping[str, str]) -> str:
    quoted = dialect.quoted(name)
    if name not in held:
        return f"CAST(NULL AS {dialect.type_name(type_)}) AS {quoted}"
    if held[name] != type_:
        return f"TRY_CAST({quoted} AS {dialect.type_name(type_)}) AS {quoted}"
    return quoted
