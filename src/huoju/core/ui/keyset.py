"""Keyset paging: the next page starts after the last row shown, so page 1,000 costs what page 1 costs.

Rows are ordered by one column and, where it ties, by id. A cursor is the last row's pair of both. NULLs stand last in
both directions. With an index on (column, id) every page is one index range.

No database knows beforehand whether what a filter finds is few rows, many, or many that all stand at the far end of
the order, and each wants another plan. So the first `CAP` ids that match are fetched in whatever order is cheapest:
they are the count, and if that is all of them, they are what is sorted. Else the page is looked for in the next `REACH`
rows of the order, and only if they do not fill it, all that match are gathered and sorted. Whole rows are read for a
page alone.

Conditions that each row must be asked for (`core.among.Asked`) are asked of all ids that match all others, up to
`WHOLE`. Of more they are asked of `CANDIDATES`: then the count is a lower bound, and the page is looked for further and
further down the order, never among all.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from huoju.core.among import apart, first, listed

CAP = 2_000
"""Rows that are counted; up to so many are sorted by themselves."""
CANDIDATES = 5_000
"""Rows that are asked the conditions of `core.among.Asked` for a count, and at the first try for a page."""
WHOLE = 15_000
"""Up to so many rows are all asked."""
FURTHER = 4
"""So many times more rows are walked through at each further try."""
REACH = 20_000
"""Rows of the whole table that are walked through in its order before all that match are gathered and sorted."""


@dataclass(frozen=True)
class Moved:
    """Rows that stand elsewhere in the order than their own column says: the query `rows` has another `key` for the
    id in its column `row`. With an index on both, and as long as they are the exception, they cost one range more."""

    rows: QuerySet[Any]
    key: str
    row: str


@dataclass(frozen=True)
class Sort:
    """A column that a list may be sorted by: its ORM path, and whether it may be NULL (costs a second index range at
    the one page where values end and NULLs begin). `moved`: the rows for which it is another key; not with NULLs."""

    field: str
    nullable: bool = False
    moved: Callable[[], Moved] | None = None


@dataclass(frozen=True)
class Slice[M: Model]:
    """One page of rows with the cursors of its neighbours (None where there is none), and how many rows there are in
    all: exactly, or (`capped`) more than `count`."""

    rows: list[M]
    before: str | None
    after: str | None
    count: int
    capped: bool


class _Row(Func):
    """`(a, b) < (c, d)`, or `(a) < (c)`: PostgreSQL compares rows lexicographically and uses the index for it."""

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
        half = len(sql) // 2
        return f"({', '.join(sql[:half])}) {self.operator} ({', '.join(sql[half:])})", params


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
    known = _known(rows)
    narrow = _only(rows, known.ids) if known.all else rows
    reach = None if known.all or not rows.query.where else CANDIDATES if known.asked else REACH
    walk = _Walk(narrow, sort, reach=reach, asked=known.asked, few=known.all)
    backwards = before is not None
    cursor = walk.read(before if backwards else after)
    backwards = backwards and cursor is not None
    reverse = descending != backwards
    if sort.moved is None:
        found = walk.take(cursor, size + 1, descending=reverse, nulls_first=backwards)
    else:
        moved = sort.moved()
        if known.all:
            moved = replace(moved, rows=moved.rows.filter(listed(known.ids, moved.row)))
        found = _Both(walk, moved, narrow).take(cursor, size + 1, descending=reverse)
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_before, has_after = (more, True) if backwards else (cursor is not None, more)
    return Slice(
        rows=_whole(rows, [pk for _, pk in found]),
        before=_written(found[0]) if has_before and found else None,
        after=_written(found[-1]) if has_after and found else None,
        count=known.count if known.all else max(known.count, len(found)),
        capped=not known.all and (has_before or has_after),
    )


@dataclass(frozen=True)
class _Known:
    """What the first look says: some ids that match, whether they are all, how many there are at least, and whether
    rows are asked one by one, too many to ask them all."""

    ids: Sequence[int]
    all: bool
    count: int
    asked: bool


def _known(rows: QuerySet[Any]) -> _Known:
    looked_at, complete = rows, True
    if halves := apart(rows):
        plain, asked = halves
        text, complete = first(plain, CANDIDATES, unless=WHOLE)
        looked_at = asked.filter(listed(text))
    ids = list(looked_at.order_by().values_list("pk", flat=True)[: CAP + 1])
    enough = len(ids) > CAP
    count = CAP if enough else len(ids)
    return _Known(
        ids=ids,
        all=complete and not enough,
        count=count if complete or enough else _rounded(count - 1) if count else 0,
        asked=not complete,
    )


def _rounded(count: int) -> int:
    """Down to one digit: of a part of the rows more would say nothing."""
    tens: int = 10 ** (len(str(count)) - 1)
    return count // tens * tens


def _only[M: Model](rows: QuerySet[M], ids: Sequence[int]) -> QuerySet[M]:
    """`rows` with these ids, which are known to match: its conditions are not looked at again."""
    narrowed = rows.order_by()
    narrowed.query.where = type(narrowed.query.where)()
    return narrowed.filter(listed(ids))


def _whole[M: Model](rows: QuerySet[M], ids: Sequence[int]) -> list[M]:
    by_id = {row.pk: row for row in _only(rows, ids)} if ids else {}
    return [by_id[pk] for pk in ids if pk in by_id]


type Cursor = tuple[Any, int]
type Part = Callable[[int], list[Cursor]]
type Names = tuple[str, ...]

_TURNED = {">": "<", "<": ">", "<=": ">="}
"""Operators in the other direction."""


class _Walk[M: Model]:
    """Ids of `rows` in order, with their keys, as one or two ranges: the values and, where allowed, the NULLs.

    With a `reach` a range is looked for among so many rows of the whole table first. `few`: `rows` are listed by their
    ids, and sorted whatever index has the order: the planner would look for them from its end.
    """

    def __init__(self, rows: QuerySet[M], sort: Sort, *, reach: int | None, asked: bool, few: bool) -> None:
        self.rows = cast("QuerySet[M]", rows.select_related(None).annotate(_key=F(sort.field)))
        self.sort = sort
        self.field = F("_key").resolve_expression(self.rows.query).output_field
        self.reach = reach if _is_column(rows.model, sort.field) else None
        self.asked, self.few = asked, few

    def read(self, text: str | None) -> Cursor | None:
        """The cursor behind `text`, None when there is none or it is broken."""
        if not text:
            return None
        try:
            value, pk = json.loads(base64.urlsafe_b64decode(text.encode() + b"=="))
            return (None if value is None else self.field.to_python(value)), int(pk)
        except (ValueError, TypeError, binascii.Error, ValidationError, UnicodeError):
            return None

    def take(self, cursor: Cursor | None, limit: int, *, descending: bool, nulls_first: bool) -> list[Cursor]:
        """The next `limit` rows after `cursor`: their keys and ids."""
        self.descending = descending
        found: list[Cursor] = []
        for part in self._ranges(cursor, nulls_first):
            if len(found) < limit:
                found += part(limit - len(found))
        return found

    def _ranges(self, cursor: Cursor | None, nulls_first: bool) -> list[Part]:
        values, nulls = self._values(cursor), self._nulls(cursor)
        if not self.sort.nullable:
            return [values]
        if cursor is None:
            return [nulls, values] if nulls_first else [values, nulls]
        if cursor[0] is None:
            return [nulls, self._values(None)] if nulls_first else [nulls]
        return [values] if nulls_first else [values, self._nulls(None)]

    def _values(self, cursor: Cursor | None) -> Part:
        rows, field = self.rows, self.sort.field
        if self.sort.nullable:
            rows = rows.filter(_key__isnull=False)
        after = None if cursor is None or cursor[0] is None else cursor
        return lambda limit: self._page(rows, (field, "pk"), after, limit)

    def _nulls(self, cursor: Cursor | None) -> Part:
        rows = self.rows.filter(_key__isnull=True)
        after = None if cursor is None or cursor[0] is not None else cursor[1:]
        return lambda limit: self._page(rows, ("pk",), after, limit)

    def _page(
        self, rows: QuerySet[Any], names: Names, after: tuple[Any, ...] | None, limit: int
    ) -> list[Cursor]:
        """The next rows of one range, in the order of `names`."""
        if after is not None:
            rows = rows.filter(self.compared(names, after, ">"))
        found: list[Cursor] = []
        reach, edge = self.reach, after
        while len(found) < limit:
            edge = self._edge(names, edge, reach)
            if edge is None or reach is None:
                order = self.gathered(names) if self.few else self.order(names)
                return found + _cursors(rows.order_by(*order), limit - len(found))
            near = rows.filter(self.compared(names, edge, "<=")).order_by(*self.order(names))
            found += _cursors(near, limit - len(found))
            rows = rows.filter(self.compared(names, edge, ">"))
            if not self.asked:
                break
            reach *= FURTHER
        if len(found) < limit:
            found += _cursors(rows.order_by(*self.gathered(names)), limit - len(found))
        return found

    def gathered(self, names: Names) -> list[OrderBy]:
        """The order as one that no index has."""
        keys = [Coalesce(F(name), F(name)) for name in names]
        return [key.desc() if self.descending else key.asc() for key in keys]

    def _edge(self, names: Names, after: tuple[Any, ...] | None, reach: int | None) -> tuple[Any, ...] | None:
        """The row of the whole table that stands `reach` rows further in the order."""
        if reach is None:
            return None
        table: QuerySet[Any] = self.rows.model._base_manager.order_by(*self.order(names))
        if self.sort.nullable and names[0] == self.sort.field:
            table = table.filter(**{f"{self.sort.field}__isnull": False})
        if after is not None:
            table = table.filter(self.compared(names, after, ">"))
        return next(iter(table.values_list(*names)[reach : reach + 1]), None)

    def order(self, names: Names) -> list[str]:
        """What to sort by in the direction of the walk."""
        return [f"-{name}" if self.descending else name for name in names]

    def compared(self, names: Names, place: tuple[Any, ...], operator: str) -> _Row:
        """Whether a row stands behind a place in the direction of the walk (`>`), before it (`<`), or up to it (`<=`).
        Of two names the second is an id, of one the only one."""
        fields = [self.field, self.rows.model._meta.pk][-len(names) :]
        values = [Value(value, output_field=field) for value, field in zip(place, fields, strict=True)]
        return _Row(*map(F, names), *values, operator=_TURNED[operator] if self.descending else operator)


class _Both[M: Model]:
    """Ids in an order in which some rows stand elsewhere than their column says: two ordered streams as one."""

    def __init__(self, walk: _Walk[M], moved: Moved, rows: QuerySet[M]) -> None:
        self.walk, self.moved, self.rows = walk, moved, rows

    def take(self, cursor: Cursor | None, limit: int, *, descending: bool) -> list[Cursor]:
        """The next `limit` rows after `cursor`: their keys and ids."""
        staying = self._staying(cursor, limit, descending)
        # Behind the last of a full page there is nothing to look for.
        until = staying[-1] if len(staying) == limit else None
        return sorted([*staying, *self._moving(cursor, until, limit)], reverse=descending)[:limit]

    def _staying(self, cursor: Cursor | None, limit: int, descending: bool) -> list[Cursor]:
        found: list[Cursor] = []
        while True:
            part = self.walk.take(cursor, limit, descending=descending, nulls_first=False)
            gone = self.moved.rows.filter(**{f"{self.moved.row}__in": [pk for _, pk in part]})
            others = set(gone.values_list(self.moved.row, flat=True)) if part else set()
            found += [each for each in part if each[1] not in others]
            if len(part) < limit or len(found) >= limit:
                return found[:limit]
            cursor = part[-1]

    def _moving(self, cursor: Cursor | None, until: Cursor | None, limit: int) -> list[Cursor]:
        """Those of the moved between two places that are among the rows: more and more of them are looked at."""
        names, size, found = (self.moved.key, self.moved.row), limit, []
        order = self.walk.order(names)
        while True:
            rows = self.moved.rows
            for place, operator in ((cursor, ">"), (until, "<")):
                if place is not None:
                    rows = rows.filter(self.walk.compared(names, place, operator))
            part: list[Cursor] = list(rows.order_by(*order).values_list(*names)[:size])
            ours = set(self.rows.order_by().filter(listed(pk for _, pk in part)).values_list("pk", flat=True))
            found += [each for each in part if each[1] in ours]
            if len(part) < size or len(found) >= limit:
                return found[:limit]
            cursor, size = part[-1], min(size * 10, REACH)


def _is_column(model: type[Model], name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).concrete)
    except FieldDoesNotExist:
        return False


def _cursors(rows: QuerySet[Any], limit: int) -> list[Cursor]:
    return list(rows.values_list("_key", "pk")[:limit])


def _written(cursor: Cursor) -> str:
    value, pk = cursor
    if isinstance(value, date):  # a datetime too
        value = value.isoformat()
    elif value is not None:
        value = str(value)
    return base64.urlsafe_b64encode(json.dumps([value, pk]).encode()).decode().rstrip("=")
