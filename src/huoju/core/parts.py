"""Parts of a row: rows of another table that go when it goes.

A foreign key looks up the whole for every part that is written. Where parts are written with their whole, or under its
lock, that finds nothing and costs an import a fifth of its time (docs/decisions/0032). Such a field has
`db_constraint=False`, and its table the trigger that `part_of` makes: what a deleted row leaves is deleted as one set.
"""

from django.db.migrations import RunSQL


def part_of(whole: str, part: str, column: str) -> RunSQL:
    """The migration's operation: rows of table `part` go with the rows of table `whole` that their `column` names."""
    name = f"{part}_goes"
    return RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            DELETE FROM {part} WHERE {column} IN (SELECT id FROM gone);
            RETURN NULL;
        END $$;
        CREATE TRIGGER {name} AFTER DELETE ON {whole} REFERENCING OLD TABLE AS gone
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {whole}; DROP FUNCTION {name}();",
    )
