"""Everything an import did is taken back, last row first, in batches that each commit with their cursor."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from huoju.core.facts.operations import NewFact, append

from . import queries
from .facts import ImportRolledBack
from .models import Import, ImportRow, State
from .registry import AppliedRow, Outcome
from .running import Clock, RunResult, context_of, exclusive

BATCH_ROWS = 5_000


def roll_back_import(
    *, import_id: int, clock: Clock, stopping: Callable[[], bool] = lambda: False
) -> RunResult:
    """Undo an import from its last row to its first; safe to repeat, from wherever it was interrupted."""
    with exclusive(import_id) as mine:
        if not mine:
            return RunResult.BUSY
        record = queries.get_import(import_id)
        if record.state != State.ROLLING_BACK:
            return RunResult.STOPPED
        target, mapping = queries.target_of(record), queries.mapping_of(record)
        context = context_of(record, mapping, target)
        while True:
            with transaction.atomic():
                record = Import.objects.select_for_update().get(pk=import_id)
                if record.state != State.ROLLING_BACK:
                    return RunResult.STOPPED
                now = clock()
                # Rows without references had no effect.
                rows = list(
                    ImportRow.objects.filter(batch=record, refs__isnull=False, row_no__lt=record.undone_row)
                    .order_by("-row_no")[:BATCH_ROWS]
                )  # fmt: skip
                if not rows:
                    return _finish(record, now)
                applied = [
                    AppliedRow(row.row_no, Outcome(row.outcome), row.refs or {}, row.before) for row in rows
                ]
                kept = target.rollback(applied, context, actor=record.actor, now=now)
                for problem in kept:
                    # A handful of rows at most: those that people have worked on since.
                    found = ImportRow.objects.filter(batch=record, row_no=problem.row_no)
                    found.update(
                        reasons=[[code, field, dict(params)] for code, field, params in problem.reasons]
                    )
                figures = record.undo_counts
                record.undo_counts = {
                    "undone": figures.get("undone", 0) + len(rows) - len(kept),
                    "kept": figures.get("kept", 0) + len(kept),
                }
                record.undone_row, record.moved_at = rows[-1].row_no, now
                record.save(update_fields=["undone_row", "moved_at", "undo_counts"])
            if stopping():
                return RunResult.AGAIN


def _finish(record: Import, now: datetime) -> RunResult:
    figures = record.undo_counts
    record.state, record.rolled_back_at, record.undone_row = State.ROLLED_BACK, now, 0
    record.save(update_fields=["state", "rolled_back_at", "undone_row"])
    payload = ImportRolledBack(
        import_id=record.pk,
        target=record.target,
        undone=figures.get("undone", 0),
        kept=figures.get("kept", 0),
    )
    append([NewFact(payload=payload, occurred_at=now)], actor=record.actor, source="imports", now=now)
    return RunResult.DONE
