"""Who holds data of persons. Rooms offer holders, `site/wiring.py` registers them; a request walks through all."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from huoju.core.ui.parts import Label

BLANK = """payload || COALESCE((
    SELECT jsonb_object_agg(f.name, CASE jsonb_typeof(payload -> f.name)
               WHEN 'string' THEN '""'::jsonb WHEN 'object' THEN '{}'::jsonb WHEN 'array' THEN '[]'::jsonb
               ELSE 'null'::jsonb END)
      FROM unnest(%(fields)s::text[]) AS f(name) WHERE payload ? f.name), '{}'::jsonb)"""
"""A payload without its personal fields, each as empty as its type allows, so that it still reads as its kind."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What a holder did: rows erased or blanked, rows kept and on which ground (English, for the certificate)."""

    erased: int = 0
    kept: int = 0
    ground: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A place where data of persons lies. All functions take the ids of persons, in a transaction.

    `erase` may be called again after a crash: what is erased already is no error. Holders are asked in `order`, so that
    who finds by another's rows comes before it; identity itself is last. `tables` names what it looks after.
    """

    code: str
    label: Label
    order: int
    tables: tuple[str, ...]
    find: Callable[[Sequence[int]], int]
    export: Callable[[Sequence[int]], list[dict[str, Any]]]
    erase: Callable[[Sequence[int]], Erased]


_holders: dict[str, Holder] = {}


def register_holder(*holders: Holder) -> None:
    """Add holders. Registering one again replaces it."""
    for holder in holders:
        _holders[holder.code] = holder


def all_holders() -> list[Holder]:
    """Every holder, in the order in which they are asked."""
    return sorted(_holders.values(), key=lambda holder: (holder.order, holder.code))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A holder that is a table: `where` selects rows by `%(persons)s`, `columns` are exported (name → SQL expression).

    Erasing deletes the rows, or with `blank` sets columns to SQL values; with `keep` it leaves them and says on which
    ground.
    """

    name: str
    where: str
    columns: Mapping[str, str]
    blank: Mapping[str, str] = field(default_factory=dict)
    keep: str = ""

    def holder(self, *, code: str, label: Label, order: int) -> Holder:
        """The table as a holder."""
        return Holder(
            code=code,
            label=label,
            order=order,
            tables=(self.name,),
            find=self._find,
            export=self._export,
            erase=self._erase,
        )

    def _find(self, persons: Sequence[int]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM {self.name} t WHERE {self.where}", {"persons": list(persons)}
            )
            row = cursor.fetchone()
        return int(row[0]) if row else 0

    def _export(self, persons: Sequence[int]) -> list[dict[str, Any]]:
        pairs = ", ".join(f"'{name}', {source}" for name, source in self.columns.items())
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT jsonb_build_object({pairs})::text FROM {self.name} t WHERE {self.where} ORDER BY 1",
                {"persons": list(persons)},
            )
            return [json.loads(text) for (text,) in cursor.fetchall()]

    def _erase(self, persons: Sequence[int]) -> Erased:
        if self.keep:
            found = self._find(persons)
            return Erased(kept=found, ground=self.keep if found else "")
        if self.blank:
            sets = ", ".join(f"{name} = {value}" for name, value in self.blank.items())
            statement = f"UPDATE {self.name} t SET {sets} WHERE {self.where}"
        else:
            statement = f"DELETE FROM {self.name} t WHERE {self.where}"
        with connection.cursor() as cursor:
            cursor.execute(statement, {"persons": list(persons)})
            return Erased(erased=cursor.rowcount)
