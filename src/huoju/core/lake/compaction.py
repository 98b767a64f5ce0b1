"""Fewer, larger files of the same rows. Readers of the old ones go on with them."""

from collections import defaultdict

from django.db import transaction

from . import duck
from .facttables import columns_of, fact_tables
from .manifest import Change, LiveFile, live_files
from .models import Part
from .policy import files_to_merge, table_wants_rewriting
from .store import Store
from .tables import LakeTable, all_tables


def compact_facts(store: Store, *, whole: bool = False) -> int:
    """Merge small files of facts, month by month; how many files went into others. `whole`: all of a month."""
    merged = 0
    files = live_files(fact_tables())
    for name, kind in fact_tables().items():
        months: dict[str, list[LiveFile]] = defaultdict(list)
        for file in files[name]:
            months[file.month].append(file)
        for month, members in months.items():
            picked = range(len(members)) if whole else files_to_merge([file.rows for file in members])
            chosen = [members[index] for index in picked]
            if len(chosen) < 2:
                continue
            with transaction.atomic(), duck.session() as session:
                columns = columns_of(kind)
                duck.attach(session, store, name, columns, chosen)
                rows = session.execute(f'SELECT * FROM "{name}" ORDER BY occurred_at, id').to_arrow_table()
                change = Change(store)
                change.add(name, rows, columns, folder=f"facts/{kind.name}/{month}", month=month)
                change.drop(chosen)
                change.commit()
            merged += len(chosen)
    return merged


def compact_tables(store: Store, *, whole: bool = False) -> int:
    """Write tables anew whose changes weigh on readers; how many there were. `whole`: all that have changes."""
    written = 0
    for table in all_tables():
        files = live_files([table.name])[table.name]
        changes = [file for file in files if file.part == Part.CHANGES]
        rows, changed = (sum(file.rows for file in some) for some in (files, changes))
        if changes and (whole or table_wants_rewriting(rows - changed, changed, len(changes))):
            _write_anew(store, table, files)
            written += 1
    return written


def _write_anew(store: Store, table: LakeTable, files: list[LiveFile]) -> None:
    with transaction.atomic(), duck.session() as session:
        duck.attach(session, store, table.name, table.columns, files, key=table.key)
        rows = session.execute(f'SELECT * FROM "{table.name}" ORDER BY "{table.key}"').to_arrow_table()
        change = Change(store)
        if rows.num_rows:
            change.add(table.name, rows, table.columns, folder=f"tables/{table.name}")
        change.drop(files)
        change.commit()
