"""Who holds data of persons. Rooms offer holders, `site/wiring.py` registers them; a request walks through all."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from huoju.core.ui.parts import Label

from .traces import Traces as Traces
from .traces import identifies as identifies
from .traces import traces_of as traces_of

BLANK = """payload || COALESCE((
    SELECT jsonb_object_agg(f.name, CASE jsonb_typeof(payload -> f.name)
               WHEN 'string' THEN '""'::jsonb WHEN 'object' THEN '{}'::jsonb WHEN 'array' THEN '[]'::jsonb
               ELSE 'null'::jsonb END)
      FROM unnest(%(fields)s::text[]) AS f(name) WHERE payload ? f.name), '{}'::jsonb)"""
"""A payload without its personal fields, each as empty as its type allows, so that it still reads as its kind."""


def mentions(text: str) -> str:
    """SQL: whether `text` names one of `%(persons)s` by name, mail address or number. Holds until those are erased."""
    digits = f"translate({text}, ' -()', '')"
    return f"""(EXISTS (SELECT FROM identity_person p WHERE p.id = ANY(%(persons)s) AND (
        length(p.name) > 1 AND position(p.name IN {text}) > 0
        OR p.email <> '' AND position(lower(p.email) IN lower({text})) > 0
        OR length(p.mobile) > 9 AND position(right(p.mobile, 10) IN {digits}) > 0))
    OR EXISTS (SELECT FROM identity_identifier i WHERE i.person_id = ANY(%(persons)s) AND (
        i.kind = 'email' AND position(i.value IN lower({text})) > 0
        OR i.kind = 'mobile' AND position(right(i.value, 10) IN {digits}) > 0)))"""


def unnamed(text: str, instead: str = "''") -> str:
    """SQL: `text`, or `instead` where it `mentions` the persons."""
    return f"CASE WHEN {mentions(text)} THEN {instead} ELSE {text} END"


@dataclass(frozen=True, slots=True)
class Erased:
    """What a holder did: rows erased or blanked, rows kept and why (a `msgid`; the certificate stays English).

    `where` says how many in which place, where a holder looks after several.
    """

    erased: int = 0
    kept: int = 0
    ground: str = ""
    where: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Something that may be about somebody: the name and the company agree, and nothing proves it. People decide."""

    what: Label
    at: datetime
    url: str


def alike(text: str) -> str:
    """SQL: whether `text` has a name of `%(persons)s` together with that of the company where they work."""
    return f"""EXISTS (SELECT FROM identity_person p JOIN companies_company c ON c.id = p.company_id
        WHERE p.id = ANY(%(persons)s) AND length(p.name) > 1
          AND position(p.name IN {text}) > 0 AND position(c.name IN {text}) > 0)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A place where data of persons lies. All functions take the ids of persons, in a transaction.

    `erase` may be called again after a crash: what is erased already is no error. Holders are asked in `order`, so that
    who finds by another's rows comes before it; identity itself is last. `tables` names what it looks after. `alike`
    finds what is not certain: it is shown to whoever decides, and neither exported nor erased.
    """

    code: str
    label: Label
    order: int
    tables: tuple[str, ...]
    find: Callable[[Sequence[int]], int]
    export: Callable[[Sequence[int]], list[dict[str, Any]]]
    erase: Callable[[Sequence[int]], Erased]
    alike: Callable[[Sequence[int]], list[Alike]] = lambda _persons: []


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
    """A holder that is a table: `where` selects rows by `%(persons)s` (or `traces.identifies`), `columns` are
    exported (name → SQL expression).

    Erasing deletes the rows, or with `blank` sets columns to SQL values; with `keep` the rows stay and it says on which
    ground (`blank` then says what goes all the same).
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

    def _params(self, persons: Sequence[int]) -> dict[str, Any]:
        """What `where` asks by: persons, and their traces where it looks for them (`traces.identifies`)."""
        given: dict[str, Any] = {"persons": list(persons)}
        return given | traces_of(persons).params if "%(pattern)s" in self.where else given

    def _find(self, persons: Sequence[int]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self.name} t WHERE {self.where}", self._params(persons))
            row = cursor.fetchone()
        return int(row[0]) if row else 0

    def _export(self, persons: Sequence[int]) -> list[dict[str, Any]]:
        pairs = ", ".join(f"'{name}', {source}" for name, source in self.columns.items())
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT jsonb_build_object({pairs})::text FROM {self.name} t WHERE {self.where} ORDER BY 1",
                self._params(persons),
            )
            return [json.loads(text) for (text,) in cursor.fetchall()]

    def _erase(self, persons: Sequence[int]) -> Erased:
        kept = self._find(persons) if self.keep else 0
        ground = self.keep if kept else ""
        if self.blank:
            sets = ", ".join(f"{name} = {value}" for name, value in self.blank.items())
            statement = f"UPDATE {self.name} t SET {sets} WHERE {self.where}"
            if self.keep:
                changed = (f"t.{name} IS DISTINCT FROM ({value})" for name, value in self.blank.items())
                statement += f" AND ({' OR '.join(changed)})"
        elif self.keep:
            return Erased(kept=kept, ground=ground)
        else:
            statement = f"DELETE FROM {self.name} t WHERE {self.where}"
        with connection.cursor() as cursor:
            cursor.execute(statement, self._params(persons))
            return Erased(erased=cursor.rowcount, kept=kept, ground=ground)
