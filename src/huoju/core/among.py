"""Rows whose ids stand in a set that may be tiny or half of a table: what a user may see, what a search finds.

One statement does not serve both. Few ids are fetched and looked up. Of many, gathering them would cost more than the
page that is asked for: there each row of the page is asked whether it belongs.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    F,
    Func,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.lookups import Exact, IsNull
from django.db.models.sql.where import AND

FEW = 20_000
"""Up to so many ids are fetched."""
SURE = 3
"""Of what a user may see and something else about the same rows the planner often expects this many times too much."""
NOTHING = "{}"
"""No ids, as an array."""


class Mapped(TypedDict):
    """A table that says by `column` into which `whole` one is merged."""

    column: str
    mapping: type[Model]
    whole: str


def among[M: Model](
    rows: QuerySet[M], ids: QuerySet[Any, Any], *, column: str, mapping: type[Model], whole: str
) -> QuerySet[M]:
    """Those of `rows` whose id, or that of one that is merged into them, stands in `ids`; none that is merged itself.

    `ids` is a query of values of `column`; `mapping` says by the same `column` into which `whole` one is merged.
    Fetches up to `FEW` ids at once, unless the planner knows that they are more: two queries.
    """
    known = fetched(*_compiled(ids, column), column=column, mapping=mapping, whole=whole, sure=SURE)
    if known is None:
        return belonging(rows, ids, column=column, mapping=mapping, whole=whole)
    return rows.filter(listed(known))


def within(ids: QuerySet[Any, Any], *, column: str, of: str = "pk") -> "Q | Asked":
    """The condition that a row's `of` stands in `ids`, a query of values of `column`. Asks like `among`."""
    known = fetched(*_compiled(ids, column), column=column)
    if known is not None:
        return Q(listed(known, of))
    one = ids.order_by().filter(**{column: OuterRef(of)}).values(one=Value(1))
    return Asked(Q(Exact(Subquery(one[:1]), 1)))


def belonging[M: Model](
    rows: QuerySet[M], ids: QuerySet[Any, Any], *, column: str, mapping: type[Model], whole: str
) -> QuerySet[M]:
    """The same by asking each row: for one row, or for few of many. Asks nothing beforehand."""
    # Scalar subqueries: the planner may turn EXISTS into a hash of the whole set, whatever the limit.
    one = ids.order_by().values(one=Value(1))
    own = Q(Exact(Subquery(one.filter(**{column: OuterRef("pk")})[:1]), 1))
    merges = mapping._base_manager.order_by()
    parts = merges.alias(_seen=Subquery(one.filter(**{column: OuterRef(column)})[:1]))
    merged = Subquery(parts.filter(**{whole: OuterRef("pk")}, _seen=1).values(one=Value(1))[:1])
    # Most rows are merged with nobody: a look into a hash says so.
    is_merged, has_merged = (Q(pk__in=merges.values(name)) for name in (column, whole))
    return rows.filter(Asked((own & ~is_merged) | (has_merged & Q(Exact(merged, 1)))))


class Asked(ExpressionWrapper[Q]):
    """A condition that costs more than to read the row: lists ask it of no more rows than they must."""

    conditional = True

    def __init__(self, condition: Q) -> None:
        super().__init__(condition, output_field=BooleanField())


def apart[M: Model](rows: QuerySet[M]) -> tuple[QuerySet[M], QuerySet[M]] | None:
    """`rows` with its plain conditions alone, and with those that are `Asked` alone; None where it has none of them."""
    where = rows.query.where
    asked = [each for each in where.children if isinstance(getattr(each, "lhs", None), Asked)]
    if not asked or where.connector != AND or where.negated:
        return None
    halves = rows.order_by(), rows.order_by()
    for half, wanted in zip(halves, (False, True), strict=True):
        half.query.where = where.create([each for each in where.children if (each in asked) is wanted])
    return halves


def unmerged[M: Model](rows: QuerySet[M], *, column: str, mapping: type[Model], whole: str) -> QuerySet[M]:  # noqa: ARG001
    """Those of `rows` that are not merged into another one."""
    # A scalar subquery, not NOT EXISTS: as a join it would walk through all that are merged for each row of a filter
    # that the planner believes to find less than it does.
    into = mapping._base_manager.order_by().filter(**{column: OuterRef("pk")}).values(one=Value(1))
    return rows.filter(Asked(Q(IsNull(Subquery(into), True))))


def fetched(
    statement: str,
    params: Sequence[Any],
    *,
    column: str = "",
    mapping: type[Model] | None = None,
    whole: str = "",
    sure: int = 1,
) -> str | None:
    """The ids that `statement` selects, or what they are merged into, as the text of an array; None: over `FEW`.

    Text, because nobody looks into it: as a list each id would be read, converted and written once more.
    """
    if _estimated(statement, params) > FEW * sure:
        return None
    wholes = "SELECT id FROM few"
    if mapping is not None:
        table = mapping._meta.db_table
        wholes = f"""SELECT DISTINCT COALESCE(a.{whole}, few.id) AS id
                     FROM few LEFT JOIN {table} a ON a.{column} = few.id"""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH few(id) AS MATERIALIZED ({statement} LIMIT {FEW + 1})
                SELECT CASE WHEN (SELECT count(*) FROM few) <= {FEW} THEN COALESCE(
                    (SELECT array_agg(x.id) FROM ({wholes}) x)::text, '{NOTHING}') END""",
            params,
        )
        found: str | None = cursor.fetchone()[0]
        return found


def _compiled(rows: QuerySet[Any, Any], column: str) -> tuple[str, Sequence[Any]]:
    try:
        return rows.order_by().values_list(column).query.sql_with_params()
    except EmptyResultSet:
        return "SELECT NULL::bigint WHERE false", ()


def _estimated(statement: str, params: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", params)
        (plan,) = cursor.fetchone()
    return int(plan[0]["Plan"]["Plan Rows"])


def first(rows: QuerySet[Any], limit: int, *, unless: int) -> tuple[str, bool]:
    """The ids of `rows`, if there are at most `unless` of them, else of `limit` that are cheap to find, as the text of
    an array; and whether they are all."""
    statement, params = _compiled(rows, "pk")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT COALESCE((CASE WHEN x.count <= {unless} THEN x.ids ELSE x.ids[:{limit}] END)::text, '{NOTHING}'),
                       x.count <= {unless}
                FROM (SELECT array_agg(y.id) AS ids, count(*) FROM ({statement} LIMIT {unless + 1}) y(id)) x""",
            params,
        )
        text, whole = cursor.fetchone()
        return text, whole


def listed(ids: str | Iterable[int], column: str = "pk") -> Func:
    """Whether `column` is one of `ids` (or the text of an array of them): `= ANY` of one array, which the planner
    keeps as a condition. An `IN` of several such sets it would join with each other, row by row.
    """
    text = ids if isinstance(ids, str) else f"{{{','.join(map(str, ids))}}}"
    template, joiner = "%(expressions)s::bigint[])", " = ANY("
    return Func(F(column), Value(text), template=template, arg_joiner=joiner, output_field=BooleanField())
