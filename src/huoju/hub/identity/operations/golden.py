"""The fields of persons as they are shown: which value that is, the room above decides."""

from collections.abc import Mapping

from django.db import connection

from huoju.core.bulk import texts

from .resolve import FILLABLE


def rewrite_batch(changes: Mapping[int, Mapping[str, str]]) -> None:
    """Let the columns of persons hold other values: `{person: {field: value}}`, fields of `FILLABLE`. One statement a
    field. Persons have to be locked (`hold`)."""
    with connection.cursor() as cursor:
        for name in FILLABLE:
            rows = sorted((id_, values[name]) for id_, values in changes.items() if name in values)
            if rows:
                cursor.execute(
                    f"""UPDATE identity_person p SET {name} = r.value
                        FROM unnest(%s::bigint[], %s::text[]) AS r(id, value) WHERE p.id = r.id""",
                    [[id_ for id_, _ in rows], texts([value for _, value in rows])],
                )
