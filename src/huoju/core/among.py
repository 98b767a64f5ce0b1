"""Rows whose ids stand in a set that may be tiny or half of a table: what a user may see, among companies or people.

One statement does not serve both. Few ids are fetched and looked up. Of many, gathering them would cost more than the
page that is asked for: there each row of the page is asked whether it belongs.
"""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    F,
    Func,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)

FEW = 20_000
"""Up to so many ids are fetched."""


def among[M: Model](
    rows: QuerySet[M], ids: QuerySet[Any, Any], *, column: str, mapping: QuerySet[Any, Any], whole: str
) -> QuerySet[M]:
    """Those of `rows` whose id, or that of one that is merged into them, stands in `ids`.

    `ids` is a query of values of `column`; `mapping` says by the same `column` into which `whole` one is merged.
    Fetches up to `FEW` ids at once: two queries.
    """
    few = list(ids.order_by().values_list(column, flat=True)[: FEW + 1])
    if len(few) <= FEW:
        merged = mapping.filter(listed(few, column)).values_list(whole, flat=True)
        return rows.filter(listed([*few, *merged]))
    return belonging(rows, ids, column=column, mapping=mapping, whole=whole)


def belonging[M: Model](
    rows: QuerySet[M], ids: QuerySet[Any, Any], *, column: str, mapping: QuerySet[Any, Any], whole: str
) -> QuerySet[M]:
    """The same by asking each row: for one row, or for few of many. Asks nothing beforehand."""
    # Scalar subqueries: the planner may turn EXISTS into a hash of the whole set, whatever the limit.
    one = ids.order_by().values(one=Value(1))
    own = Subquery(one.filter(**{column: OuterRef("pk")})[:1])
    parts = mapping.alias(_seen=Subquery(one.filter(**{column: OuterRef(column)})[:1]))
    merged = Subquery(parts.filter(**{whole: OuterRef("pk")}, _seen=1).values(one=Value(1))[:1])
    asked = rows.alias(_own=own, _merged=merged).filter(Q(_own=1) | Q(_merged=1))
    return cast("QuerySet[M]", asked)


def listed(ids: Iterable[int], column: str = "pk") -> Func:
    """Whether `column` is one of `ids`: `= ANY` of one array, which the planner keeps as a condition.

    An `IN` of several such sets it would join with each other, row by row.
    """
    array = Value(sorted(set(ids)), output_field=ArrayField(BigIntegerField()))
    template, joiner = "%(expressions)s::bigint[])", " = ANY("
    return Func(F(column), array, template=template, arg_joiner=joiner, output_field=BooleanField())
