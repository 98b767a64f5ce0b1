"""Which rows nothing stands on: the question before a deletion that must not break another room's rows."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models
from django.db.models.fields.reverse_related import ForeignObjectRel
from psycopg import sql

_GIVES_WAY = (models.DB_CASCADE, models.DB_SET_NULL)


def unreferenced(model: type[models.Model], ids: Sequence[int]) -> list[int]:
    """Those of `ids` to which no foreign key of any installed room points.

    Foreign keys with `DB_CASCADE` or `DB_SET_NULL` do not count: what is derived from a row, or a part of it, goes
    with it. One statement, whatever the number of ids. A reference that another transaction is about to make is not
    seen: the foreign key's own check decides that race.
    """
    if not ids:
        return []
    pointing = [
        sql.SQL("AND NOT EXISTS (SELECT FROM {} r WHERE r.{} = x.id)").format(
            sql.Identifier(relation.related_model._meta.db_table), sql.Identifier(_column(relation.field))
        )
        for relation in model._meta.get_fields(include_hidden=True)
        if isinstance(relation, ForeignObjectRel) and relation.on_delete not in _GIVES_WAY
    ]
    statement = sql.SQL("SELECT id FROM unnest(%s::bigint[]) AS x(id) WHERE true {} ORDER BY id").format(
        sql.SQL(" ").join(pointing)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.connection), [list(ids)])
        return [id_ for (id_,) in cursor.fetchall()]


def _column(field: Any) -> str:
    return str(field.column)
