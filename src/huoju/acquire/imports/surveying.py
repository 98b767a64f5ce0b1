"""Looking ahead: what a run would do, without writing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from . import queries
from .feeder import batches, feed, narrowed
from .models import Import, State
from .registry import Outcome, Reason
from .running import Clock, RunResult, context_of, decided, exclusive, spec_of

PREVIEW_ROWS = 200
_DATE_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row of the file and what would become of it."""

    row_no: int
    cells: list[str]
    outcome: Outcome
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows, their counts by outcome, and what was assumed about dates (by field)."""

    rows: list[PreviewRow]
    counts: dict[str, int]
    dates: dict[str, Any]
    complete: bool


def preview_import(*, import_id: int, rows: int = PREVIEW_ROWS) -> Preview:
    """What would become of the first `rows` of a mapped import. Raises `FileProblem`, `MappingError`."""
    record = queries.get_import(import_id)
    target, mapping = queries.target_of(record), queries.mapping_of(record)
    mapping = decided(record, mapping, target, _DATE_ROWS)
    context = context_of(record, mapping, target)
    with queries.open_file(record) as table:
        sample = list(islice(table.rows(), rows + 1))
    complete = len(sample) <= rows
    sample = sample[:rows]
    cells = {number: found for number, found, _problem in sample}
    spec = spec_of(record, mapping, target, context, after=0)
    found: dict[int, PreviewRow] = {}
    for batch in batches(narrowed(spec, 0, sample[-1][0] if sample else 0)):
        outcomes = [*batch.rejected]
        if batch.prepared_rows:
            outcomes += target.preview(batch.prepared, context)
        for outcome in outcomes:
            row_no = outcome.row_no
            found[row_no] = PreviewRow(row_no, cells[row_no], outcome.outcome, tuple(outcome.reasons))
    ordered = [found[number] for number in sorted(found)]
    counts = Counter(row.outcome.value for row in ordered)
    return Preview(ordered, dict(counts), record.dates or {}, complete)


def survey_import(*, import_id: int, clock: Clock, stopping: Callable[[], bool] = lambda: False) -> RunResult:
    """Count what would become of every row; the progress is visible on the way.

    Rows that repeat one further up in the same file count as new: nothing has been written when they are looked at.
    """
    with exclusive(import_id) as mine:
        if not mine:
            return RunResult.BUSY
        record = queries.get_import(import_id)
        if record.state != State.MAPPED or record.survey is None or record.survey["done"]:
            return RunResult.STOPPED
        target, mapping = queries.target_of(record), queries.mapping_of(record)
        mapping = decided(record, mapping, target)
        context = context_of(record, mapping, target)
        counts: Counter[str] = Counter()
        with feed(spec_of(record, mapping, target, context, after=0)) as feeder:
            for batch in feeder:
                feeder.look_ahead()
                outcomes = [*batch.rejected]
                if batch.prepared_rows:
                    outcomes += target.preview(batch.prepared, context)
                counts.update(outcome.outcome.value for outcome in outcomes)
                if not _note(import_id, counts, clock(), done=False):
                    return RunResult.STOPPED
                if stopping():
                    return RunResult.AGAIN
        _note(import_id, counts, clock(), done=True)
        return RunResult.DONE


def _note(import_id: int, counts: Counter[str], now: datetime, *, done: bool) -> bool:
    """Write down how far the count is. False: the mapping was changed meanwhile, the count is of no use."""
    survey = {"counts": dict(counts), "done": done, "at": now.isoformat()}
    waiting = Import.objects.filter(pk=import_id, state=State.MAPPED, survey__isnull=False)
    return bool(waiting.update(survey=survey))
