"""Reads: imports, their rows, remembered mappings."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext

from . import mapping as mapping_file
from .files import Column, ReadOptions, Row, Table, open_table
from .models import Import, ImportRow, SavedMapping, State
from .problems import FileProblem
from .reasons import reason_text
from .registry import ImportTarget, Outcome, Reason, get_target

BAD: Final = (Outcome.REJECTED.value, Outcome.QUARANTINED.value)
GOOD: Final = tuple(outcome.value for outcome in Outcome if outcome.value not in BAD)


def list_imports() -> QuerySet[Import]:
    """All imports with the users who made them, newest first."""
    return Import.objects.select_related("created_by").order_by("-id")


def get_import(import_id: int) -> Import:
    """One import. Raises `Import.DoesNotExist`."""
    return Import.objects.select_related("created_by").get(pk=import_id)


def list_same_file(record: Import) -> list[Import]:
    """Earlier imports of exactly this file that took effect and still do."""
    states = (State.RUNNING, State.DONE, State.FAILED, State.CANCELLED)
    return list(
        Import.objects.filter(sha256=record.sha256, target=record.target, state__in=states, done_row__gt=0)
        .exclude(pk=record.pk)
        .order_by("-id")[:5]
    )


def open_file(record: Import) -> Table:
    """The file of an import, opened as it was read at upload. Raises `FileProblem`."""
    if not record.has_file:
        raise FileProblem("gone")
    return open_table(record.path, ReadOptions(**record.reading))


def target_of(record: Import) -> ImportTarget:
    """What an import brings in."""
    return get_target(record.target)


def mapping_of(record: Import) -> mapping_file.Mapping:
    """The mapping of an import. Raises `MappingError` where it no longer suits the target."""
    return mapping_file.Mapping.parse(record.mapping, target_of(record))


def find_saved_mapping(
    *, target: ImportTarget, columns: Sequence[str], user_id: int | None
) -> dict[str, Any] | None:
    """The mapping that this user, else anybody, used last for a file with these columns."""
    found = list(
        SavedMapping.objects.filter(target=target.code, signature=mapping_file.signature(columns)).order_by(
            "-used_at"
        )[:50]
    )
    own = next((saved for saved in found if saved.user_id == user_id), None)
    best = own or next(iter(found), None)
    return None if best is None else best.mapping


def reasons_of(row: ImportRow) -> list[Reason]:
    """The stored reasons of a row."""
    return [Reason(code, field, params) for code, field, params in row.reasons or []]


def list_rows(
    record: Import, outcomes: Sequence[str], *, after: int = 0, limit: int = 100
) -> list[ImportRow]:
    """Rows with one of these outcomes, in the order of the file, behind row number `after`."""
    rows = ImportRow.objects.filter(batch=record, outcome__in=outcomes, row_no__gt=after)
    return list(rows.order_by("row_no")[:limit])


def count_reasons(
    record: Import, outcomes: Sequence[str] = BAD, *, limit: int = 20
) -> list[tuple[Reason, int]]:
    """The most frequent reasons at rows with these outcomes, with their number; the parameters are those of one row."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT reason ->> 0, reason ->> 1, min((reason -> 2)::text), count(*)
                 FROM imports_importrow, jsonb_array_elements(reasons) AS reason
                WHERE import_id = %s AND outcome = ANY(%s) AND reasons IS NOT NULL
                GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2 LIMIT %s""",
            [record.pk, list(outcomes), limit],
        )
        return [
            (Reason(code, field, json.loads(params)), count)
            for code, field, params, count in cursor.fetchall()
        ]


def open_rejected(record: Import) -> tuple[list[str], Iterator[list[str]]]:
    """The rejected and quarantined rows in the columns of the upload, with row number, outcome and reasons behind:
    the header, and the rows one by one.

    Raises `FileProblem` if the upload is gone: the cells of its rows stand nowhere else.
    """
    columns = [column["name"] for column in record.columns]
    return [*columns, *_titles_behind()], _iter_rejected(record, open_file(record))


def without_titles_behind(columns: Sequence[Column]) -> Sequence[Column]:
    """The columns without those that `open_rejected` put behind, in whatever language: the file is a corrected one."""
    last = [column.title for column in columns[-len(_titles_behind()) :]]
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            if last == _titles_behind():
                return columns[: -len(last)]
    return columns


def _titles_behind() -> list[str]:
    return [gettext("Row"), gettext("Outcome"), gettext("Reason")]


def _iter_rejected(record: Import, file: Table) -> Iterator[list[str]]:
    target = target_of(record)
    bad = (
        ImportRow.objects.filter(batch=record, outcome__in=BAD).order_by("row_no").iterator(chunk_size=2_000)
    )
    with file as table:
        width = len(table.columns)
        rows: Iterator[Row] = table.rows()
        for found in bad:
            cells = next((cells for number, cells, _problem in rows if number == found.row_no), [])
            padded = [*cells[:width], *([""] * (width - len(cells)))]
            said = "; ".join(reason_text(reason, target) for reason in reasons_of(found))
            yield [*padded, str(found.row_no), str(found.get_outcome_display()), said]
