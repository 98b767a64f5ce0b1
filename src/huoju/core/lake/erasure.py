"""Erased persons: what the lake holds of them is taken anew from the log and the tables, where it is blank by then."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pyarrow as pa

from huoju.core.facts.kinds import Kind

from . import duck
from .facttables import columns_of, fact_tables, table_name
from .flow import fetch_facts
from .manifest import Change, LiveFile, live_files
from .models import Part
from .store import Store
from .tables import LakeTable, all_tables
from .transfer import fetch, select_table


def rewrite_facts(
    store: Store, change: Change, *, person_ids: Sequence[int], fact_ids: Sequence[UUID] = ()
) -> int:
    """Rewrite, in `change`, the files that hold facts of these persons, or these facts; how many files.

    Facts that are not in the log any more leave the lake as well.
    """
    persons = pa.table({"person_id": pa.array(sorted(set(person_ids)), pa.int64())})
    facts = pa.table({"id": pa.array(sorted(str(each) for each in fact_ids), pa.string())})
    rewritten = 0
    files = live_files(fact_tables())
    for name, kind in fact_tables().items():
        for file in files[name]:
            rewritten += _rewrite(store, change, kind, file, persons, facts)
    return rewritten


def _rewrite(
    store: Store, change: Change, kind: Kind, file: LiveFile, persons: pa.Table, facts: pa.Table
) -> bool:
    name, columns = table_name(kind), columns_of(kind)
    with duck.session() as session:
        duck.attach(session, store, name, columns, [file])
        session.register("persons", persons)
        session.register("facts", facts)
        concerned = f"""SELECT id FROM "{name}"
            WHERE person_id IN (SELECT person_id FROM persons) OR id IN (SELECT id FROM facts)"""
        ids = [id_ for (id_,) in session.execute(concerned).fetchall()]
        if not ids:
            return False
        standing = session.execute(f'SELECT * FROM "{name}" WHERE id NOT IN ({concerned})').to_arrow_table()
    listed = ",".join(ids)
    anew = fetch_facts(kind, f"id = ANY('{{{listed}}}')")
    rows = pa.concat_tables([standing.cast(anew.schema), anew]).sort_by([("occurred_at", "ascending")])
    if rows.num_rows:
        change.add(name, rows, columns, folder=f"facts/{kind.name}/{file.month}", month=file.month)
    change.drop([file])
    return True


def rewrite_tables(store: Store, change: Change, *, person_ids: Sequence[int]) -> int:
    """Rewrite, in `change`, the tables whose files hold a row of these persons, be it one that a later file has
    replaced; how many tables. What else has changed in a table since it flowed last follows with its next flow."""
    persons = pa.table({"person_id": pa.array(sorted(set(person_ids)), pa.int64())})
    about = [table for table in all_tables() if table.person in table.columns]
    files = live_files([table.name for table in about])
    return sum(_rewrite_table(store, change, table, files[table.name], persons) for table in about)


def _rewrite_table(
    store: Store, change: Change, table: LakeTable, files: list[LiveFile], persons: pa.Table
) -> bool:
    ever = [replace(file, part=Part.ROWS) for file in files]  # what is replaced lies there all the same
    theirs = f'"{table.person}" IN (SELECT person_id FROM persons)'
    with duck.session() as session:
        session.register("persons", persons)
        duck.attach(session, store, "ever", table.columns, ever)
        if not session.execute(f"SELECT 1 FROM ever WHERE {theirs} LIMIT 1").fetchall():
            return False
        duck.attach(session, store, "held", table.columns, files, key=table.key)
        others = session.execute(f"SELECT * FROM held WHERE ({theirs}) IS NOT TRUE").to_arrow_table()
    listed = ",".join(str(each) for each in persons["person_id"].to_pylist())
    owner = table.sources.get(table.person, table.person)
    anew = fetch(select_table(table, f"{owner} = ANY('{{{listed}}}')"), table.columns)
    rows = pa.concat_tables([others.cast(anew.schema), anew]).sort_by([(table.key, "ascending")])
    if rows.num_rows:
        change.add(table.name, rows, table.columns, folder=f"tables/{table.name}")
    change.drop(files)
    return True
