"""What imports hold of persons, for requests about data: what a row changed, and the uploaded files.

Rows that became nobody's (rejected, held back) and files that nobody has started yet are found by the addresses and
numbers in them.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from huoju.hub.privacy.registry import Erased, Holder, Table, Traces, identifies, register_holder, traces_of

from . import queries
from .files import ReadOptions, Row
from .models import Import, State
from .problems import FileProblem

FINISHED = (State.DONE, State.ROLLED_BACK)
ROWS = Table(
    name="imports_importrow",
    where=f"""((t.refs ->> 'person')::bigint = ANY(%(persons)s)
                   OR t.reasons IS NOT NULL AND {identifies("t.reasons::text")}
                   OR t.before IS NOT NULL AND {identifies("t.before::text")})""",
    columns={"import": "t.import_id", "row": "t.row_no", "outcome": "t.outcome", "reasons": "t.reasons"},
    blank={"before": "NULL", "reasons": "NULL"},
).holder(code="import_rows", label=_("Rows of imports"), order=25)


def _rows_in(record: Import) -> Iterator[Row]:
    """The rows of an import's file; none where it is gone or cannot be read."""
    try:
        with queries.open_file(record) as table:
            yield from table.rows()
    except FileProblem:
        return


def _became(record: Import, persons: Sequence[int]) -> set[int]:
    """The numbers of the rows that became them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT row_no FROM imports_importrow
               WHERE import_id = %s AND (refs ->> 'person')::bigint = ANY(%s)""",
            [record.pk, list(persons)],
        )
        return {number for (number,) in cursor.fetchall()}


def _test(became: set[int], traces: Traces) -> Callable[[Row], bool]:
    """Whether a row of a file is theirs: because it became them, or names an address or a number of theirs."""
    return lambda row: row[0] in became or traces.stand_in("\t".join(row[1]))


def _export(persons: Sequence[int]) -> list[dict[str, Any]]:
    traces = traces_of(persons)
    return [
        {"import": record.pk, "row": row[0], "cells": row[1]}
        for record in Import.objects.order_by("pk")
        for row in filter(_test(_became(record, persons), traces), _rows_in(record))
    ]


def _erase(persons: Sequence[int]) -> Erased:
    """Delete the files of finished imports in which they stand: nobody needs them any more but for the list of rejected
    rows. A file whose import may still go on is written anew without their rows, every other row at its place."""
    traces, where = traces_of(persons), {"deleted": 0, "rewritten": 0}
    for record in Import.objects.order_by("pk"):
        became = _became(record, persons)
        theirs = _test(became, traces)
        found = any(map(theirs, _rows_in(record)))
        # Before the transaction commits: killed in between, the step is done again, and finds nothing of them.
        if record.state in FINISHED and record.has_file and (found or became):
            record.file.storage.delete(str(record.file.name))
            where["deleted"] += 1
        elif found:
            _rewrite(record, theirs)
            where["rewritten"] += 1
    return Erased(erased=sum(where.values()), where={name: files for name, files in where.items() if files})


def _rewrite(record: Import, theirs: Callable[[Row], bool]) -> None:
    """Put a table of text in the place of the file: its rows keep their numbers.

    It is read as the file was, whatever that was, so nothing is lost if the transaction does not commit.
    """
    made = record.path.with_name(f"{record.path.name}.new")
    try:
        with queries.open_file(record) as table:
            encoding, delimiter = table.encoding or "utf-8-sig", table.delimiter or ","
            header = [(table.header_row, [column.title for column in table.columns], None)]
            with made.open("w", encoding=encoding, newline="") as file:
                writer, at = csv.writer(file, delimiter=delimiter), 0
                for row in chain(header if table.header_row else (), table.rows()):
                    file.write("\r\n" * (row[0] - at - 1))
                    writer.writerow([] if row[0] > table.header_row and theirs(row) else row[1])
                    at = row[0]
            record.reading = asdict(ReadOptions(encoding, delimiter, None, table.header_row))
        record.file_size = made.stat().st_size
        made.replace(record.path)
    finally:
        made.unlink(missing_ok=True)
    record.save(update_fields=["reading", "file_size"])


FILES = Holder(
    code="import_files",
    label=_("Uploaded files"),
    order=24,  # before the rows, which say which lines are theirs
    tables=(),
    find=lambda _persons: 0,  # files are read for it: that is part of the work on a request, not of a page
    export=_export,
    erase=_erase,
)


def register() -> None:
    """Called once by the wiring."""
    register_holder(FILES, ROWS)
