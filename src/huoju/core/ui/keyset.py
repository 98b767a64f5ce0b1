"""Keyset paging: the next page starts after the last row shown, so page 1,000 costs what page 1 costs.

Rows are ordered by one column and, where it ties, by id. A cursor is the last row's pair of both. NULLs stand last in
both directions. With an index on (column, id) every page is one index range.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

CAP = 2_000


@dataclass(frozen=True)
class Sort:
    """A column that a list may be sorted by: its ORM path, and whether it may be NULL (costs a second index range at
    the one page where values end and NULLs begin)."""

    field: str
    nullable: bool = False


@dataclass(frozen=True)
class Slice[M: Model]:
    """One page of rows with the cursors of its neighbours; None where there is no neighbour."""

    rows: list[M]
    before: str | None
    after: str | None


class _Row(Func):
    """`(a, b) < (c, d)`: PostgreSQL compares rows lexicographically and uses the index for it."""

    output_field = BooleanField()

    def __init__(self, *expressions: Any, operator: str) -> None:
        super().__init__(*expressions)
        self.operator = operator

    def as_sql(self, compiler: SQLCompiler, connection: Any, **_extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # noqa: ARG002
        sql: list[str] = []
        params: list[Any] = []
        for expression in self.get_source_expressions():
            part, values = compiler.compile(cast(Any, expression))
            sql.append(part)
            params.extend(values)
        return f"({sql[0]}, {sql[1]}) {self.operator} ({sql[2]}, {sql[3]})", params


def capped_count(rows: QuerySet[Any], cap: int = CAP) -> int:
    """How many rows, counting no further than `cap` + 1: more means "over `cap`"."""
    return rows.order_by().values("pk")[: cap + 1].count()


def fetch[M: Model](
    rows: QuerySet[M],
    sort: Sort,
    *,
    descending: bool,
    size: int,
    after: str | None = None,
    before: str | None = None,
) -> Slice[M]:
    """One page of `rows`. A cursor that cannot be read (an edited address) means the first page."""
    backwards = before is not None
    keyed = cast("QuerySet[M]", rows.annotate(_key=F(sort.field)))
    walk: _Walk[M] = _Walk(keyed, sort, descending != backwards, nulls_first=backwards)
    cursor = walk.read(before if backwards else after)
    if cursor is None:
        backwards = False
        walk = _Walk(keyed, sort, descending, nulls_first=False)
    found = walk.take(cursor, size + 1)
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
        return Slice(
            found, _cursor(found[0]) if more and found else None, _cursor(found[-1]) if found else None
        )
    return Slice(
        found,
        _cursor(found[0]) if cursor is not None and found else None,
        _cursor(found[-1]) if more and found else None,
    )


type Cursor = tuple[Any, int]


class _Walk[M: Model]:
    """The rows in one direction, as one or two index ranges: the values and, where allowed, the NULLs."""

    def __init__(self, rows: QuerySet[M], sort: Sort, descending: bool, *, nulls_first: bool) -> None:
        self.rows = rows
        self.sort = sort
        self.descending = descending
        self.nulls_first = nulls_first
        self.field = F("_key").resolve_expression(rows.query).output_field

    def read(self, text: str | None) -> Cursor | None:
        """The cursor behind `text`, None when there is none or it is broken."""
        if not text:
            return None
        try:
            value, pk = json.loads(base64.urlsafe_b64decode(text.encode() + b"=="))
            return (None if value is None else self.field.to_python(value)), int(pk)
        except (ValueError, TypeError, binascii.Error, ValidationError, UnicodeError):
            return None

    def take(self, cursor: Cursor | None, limit: int) -> list[M]:
        """The next `limit` rows after `cursor`."""
        found: list[M] = []
        for part in self._ranges(cursor):
            if len(found) < limit:
                found += part(limit - len(found))
        return found

    def _ranges(self, cursor: Cursor | None) -> list[Callable[[int], list[M]]]:
        values, nulls = self._values(cursor), self._nulls(cursor)
        if not self.sort.nullable:
            return [values]
        if cursor is None:
            return [nulls, values] if self.nulls_first else [values, nulls]
        if cursor[0] is None:
            return [nulls, self._values(None)] if self.nulls_first else [nulls]
        return [values] if self.nulls_first else [values, self._nulls(None)]

    def _values(self, cursor: Cursor | None) -> Callable[[int], list[M]]:
        rows = self.rows.filter(_key__isnull=False) if self.sort.nullable else self.rows
        if cursor is not None and cursor[0] is not None:
            key = Value(cursor[0], output_field=self.field)
            pk = Value(cursor[1], output_field=self._pk)
            rows = rows.filter(_Row(F(self.sort.field), F("pk"), key, pk, operator=self._operator))
        mark = "-" if self.descending else ""
        ordered = rows.order_by(f"{mark}{self.sort.field}", f"{mark}pk")
        return lambda limit: list(ordered[:limit])

    def _nulls(self, cursor: Cursor | None) -> Callable[[int], list[M]]:
        rows = self.rows.filter(_key__isnull=True)
        if cursor is not None and cursor[0] is None:
            rows = rows.filter(**{f"pk__{'lt' if self.descending else 'gt'}": cursor[1]})
        ordered = rows.order_by("-pk" if self.descending else "pk")
        return lambda limit: list(ordered[:limit])

    @property
    def _pk(self) -> Any:
        return self.rows.model._meta.pk

    @property
    def _operator(self) -> str:
        return "<" if self.descending else ">"


def _cursor(row: Any) -> str:
    value = row._key
    if isinstance(value, date):  # a datetime too
        value = value.isoformat()
    elif value is not None:
        value = str(value)
    return base64.urlsafe_b64encode(json.dumps([value, row.pk]).encode()).decode().rstrip("=")
