"""A file takes effect, batch by batch.

A batch's effects, the outcomes of its rows and the cursor are one transaction: killed anywhere, the next run goes on
where the last commit ended. Two runs of one import exclude each other by an advisory lock and, should that fail, by
the cursor: a batch that does not begin where the cursor stands is not applied.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection, transaction
from psycopg.errors import UniqueViolation
from pydantic_core import to_json

from huoju.core.bulk import NULL, copy_rows, written_behind
from huoju.core.facts.operations import NewFact, append, place

from . import queries
from .dates import DateOrder, OrderEvidence
from .facts import ImportFinished
from .feeder import Batch, Feeder, Spec, feed, mapped_rows, narrowed
from .files import ReadOptions
from .mapping import Mapping, MappingError
from .models import Import, State
from .problems import FileProblem
from .registry import Context, ImportTarget, MappedRow, Outcome, Reason, RowOutcome
from .rowmapper import decide_dates

log = logging.getLogger(__name__)

type Clock = Callable[[], datetime]

_LOCK_SPACE = 0x48554A31
_ROW_COLUMNS = ("import_id", "row_no", "outcome", "reasons", "refs", "before")
_OUTAGES = (OperationalError, InterfaceError)
_POISON = (DatabaseError, ArithmeticError, LookupError, TypeError, ValueError)
_MAX_POISON = 50
BATCH_ROWS = 5_000


class RunResult(StrEnum):
    """How a run ended: at the end of the file, told to stop, with the process about to end, or in another process."""

    DONE = "done"
    STOPPED = "stopped"
    AGAIN = "again"
    BUSY = "busy"


class _OvertakenError(Exception):
    """The cursor is not where this run left it: another run is at work."""


def run_import(*, import_id: int, clock: Clock, stopping: Callable[[], bool] = lambda: False) -> RunResult:
    """Run an import from its cursor to the end of its file.

    Returns early when `stopping` says so, when somebody cancels it, or when another process runs it. A file or mapping
    that turns out unusable, and an error of the target, set it to failed; a lost database raises, to be tried again.
    """
    with exclusive(import_id) as mine:
        if not mine:
            return RunResult.BUSY
        try:
            return _run(import_id, clock, stopping)
        except _OvertakenError:
            return RunResult.BUSY
        except _OUTAGES:
            raise
        except FileProblem as problem:
            _fail(import_id, {"code": problem.code, "params": problem.params}, clock())
        except MappingError as error:
            _fail(import_id, {"code": "mapping", "params": {"detail": str(error)[:2_000]}}, clock())
        except Exception as error:
            log.exception("import %s failed", import_id)
            _fail(import_id, {"code": "internal", "params": {"detail": type(error).__name__}}, clock())
        return RunResult.STOPPED


@contextmanager
def exclusive(import_id: int) -> Iterator[bool]:
    """Whether this process may work on the import: an advisory lock of the session, which dies with the process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_SPACE, import_id % 2**31])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, import_id % 2**31])


def context_of(record: Import, mapping: Mapping, target: ImportTarget) -> Context:
    """The context of a run, with what the target loads."""
    names = [column["name"] for column in record.columns]
    begun = record.started_at or record.created_at
    context = Context(record.pk, mapping.options, settings.CURRENCY, begun, mapped=mapping.fields(names))
    context.loaded = target.load(context)
    return context


def decided(record: Import, mapping: Mapping, target: ImportTarget, rows: int | None = None) -> Mapping:
    """The mapping with day and month decided by what the file holds (its first `rows`, or all), noted on `record`."""
    open_rules = mapping.open_dates(target)
    if not open_rules:
        record.dates = {}
        return mapping
    with queries.open_file(record) as table:
        cells = (found for _number, found, problem in table.rows() if problem is None)
        evidence = decide_dates(open_rules, table.columns, islice(cells, rows))
    record.dates = {key: _noted(found) for key, found in evidence.items()}
    return mapping.with_dates({key: found.order() for key, found in evidence.items()})


def _noted(evidence: OrderEvidence) -> dict[str, Any]:
    return {
        "order": evidence.order().value,
        "ambiguous": evidence.ambiguous,
        "contradictory": evidence.contradictory,
    }


def spec_of(record: Import, mapping: Mapping, target: ImportTarget, context: Context, *, after: int) -> Spec:
    """What the feeder has to do."""
    reading = ReadOptions(**record.reading)
    return Spec(
        record.path,
        reading,
        mapping,
        target.preparing,
        context,
        settings.TIME_ZONE,
        after,
        batch_rows=BATCH_ROWS,
    )


@dataclass(slots=True)
class _Run:
    """What a run carries from batch to batch."""

    import_id: int
    target: ImportTarget
    spec: Spec
    clock: Clock
    feeder: Feeder


def _run(import_id: int, clock: Clock, stopping: Callable[[], bool]) -> RunResult:
    record = queries.get_import(import_id)
    if record.state != State.RUNNING:
        return RunResult.STOPPED
    target, mapping = queries.target_of(record), queries.mapping_of(record)
    if record.dates is None or record.done_row == 0:
        mapping = decided(record, mapping, target)
        Import.objects.filter(pk=import_id).update(dates=record.dates)
    else:  # a continued run must read as the first did
        mapping = mapping.with_dates({key: DateOrder(found["order"]) for key, found in record.dates.items()})
    context = context_of(record, mapping, target)
    spec = spec_of(record, mapping, target, context, after=record.done_row)
    last = record.done_row
    begun = time.perf_counter()
    with feed(spec) as feeder:
        run = _Run(import_id, target, spec, clock, feeder)
        for batch in feeder:
            # The feeder counts from where the last of its batches ended.
            if not _apply(run, batch, begun):
                return RunResult.STOPPED
            begun = time.perf_counter()
            last = batch.last
            if stopping():
                return RunResult.AGAIN
    return _finish(run, last)


def _apply(run: _Run, batch: Batch, begun: float) -> bool:
    """Apply one batch with its bookkeeping. False: somebody stopped the import."""
    with transaction.atomic():
        record = Import.objects.select_for_update().get(pk=run.import_id)
        if record.state != State.RUNNING:
            return False
        if record.done_row != batch.after:
            raise _OvertakenError
        with connection.cursor() as cursor:
            # Without waiting for the disk: should the machine fail within a second, cursor and rows are gone together,
            # and the batch is done again. Whoever acts on it commits after it and waits, and so does `_finish`.
            cursor.execute("SET LOCAL synchronous_commit = off")
        now = run.clock()
        applying = time.perf_counter()
        made = Counter(outcome.outcome.value for outcome in _take_effect(run, batch, record.actor, now))
        _add_steps(record.steps, batch.steps)
        _add_steps(record.steps, run.spec.context.steps.take())
        _add_steps(record.steps, {"apply": [batch.prepared_rows, time.perf_counter() - applying]})
        record.counts = dict(made + Counter(record.counts))
        record.done_row, record.moved_at = batch.last, now
        record.busy_seconds += time.perf_counter() - begun
        record.save(update_fields=["counts", "done_row", "moved_at", "busy_seconds", "steps"])
    return True


def _add_steps(totals: dict[str, list[float]], more: dict[str, list[float]]) -> None:
    for name, (rows, seconds) in more.items():
        there = totals.setdefault(name, [0, 0.0])
        there[0] += rows
        there[1] = round(there[1] + seconds, 6)


def _take_effect(run: _Run, batch: Batch, actor: str, now: datetime) -> list[RowOutcome]:
    """Apply a batch and record its outcomes; in ever smaller pieces where it fails: one row must not stop a file."""
    try:
        try:
            with transaction.atomic(), written_behind():
                place()
                outcomes = _recorded(run, batch, _applied(run, batch, actor, now))
                run.feeder.look_ahead()
                return outcomes
        except UniqueViolation:
            # Somebody else was faster with a mobile number, say: now whoever meets that again can decide anew.
            with transaction.atomic():
                return _recorded(run, batch, _applied(run, batch, actor, now))
    except _OUTAGES:
        raise
    except _POISON as error:
        log.warning(
            "import %s: rows %s to %s fail together (%s)", run.import_id, batch.after + 1, batch.last, error
        )
        rows = mapped_rows(narrowed(run.spec, batch.after, batch.last))
        failed: list[RowOutcome] = []
        return _recorded(run, batch, [*_in_pieces(run, rows, actor, now, failed), *failed])


def _applied(run: _Run, batch: Batch, actor: str, now: datetime) -> list[RowOutcome]:
    if not batch.prepared_rows:
        return []
    return run.target.apply(batch.prepared, run.spec.context, actor=actor, now=now)


def _in_pieces(
    run: _Run, rows: Sequence[MappedRow], actor: str, now: datetime, failed: list[RowOutcome]
) -> list[RowOutcome]:
    found: list[RowOutcome] = []
    context = run.spec.context
    size = max(1, len(rows) // 10)
    for start in range(0, len(rows), size):
        piece = rows[start : start + size]
        try:
            with transaction.atomic():
                found += run.target.apply(
                    run.spec.preparing.prepare(piece, context), context, actor=actor, now=now
                )
        except _OUTAGES:
            raise
        except _POISON as error:
            if len(piece) > 1:
                found += _in_pieces(run, piece, actor, now, failed)
                continue
            log.exception("import %s: row %s fails", run.import_id, piece[0].row_no)
            reason = Reason("failed_alone", "", {"detail": type(error).__name__})
            failed.append(RowOutcome(piece[0].row_no, Outcome.REJECTED, [reason]))
            if len(failed) > _MAX_POISON:  # not the rows are wrong, but we
                raise
    return found


def _recorded(run: _Run, batch: Batch, applied: Sequence[RowOutcome]) -> list[RowOutcome]:
    """The outcomes of a batch's rows, which are recorded. As text put together here: a million rows are worth it."""
    outcomes = [*batch.rejected, *applied]
    began = time.perf_counter()
    import_id = str(run.import_id)
    lines = [
        (
            *(import_id, str(outcome.row_no), outcome.outcome.value),
            _json([[code, field, dict(params)] for code, field, params in outcome.reasons])
            if outcome.reasons
            else NULL,
            _json(outcome.refs) if outcome.refs else NULL,
            NULL if outcome.before is None else _json(outcome.before),
        )
        for outcome in outcomes
    ]
    with connection.cursor() as cursor:
        copy_rows(cursor, "imports_importrow", _ROW_COLUMNS, lines)
    run.spec.context.steps.add("record", len(outcomes), time.perf_counter() - began)
    return outcomes


def _json(value: object) -> str:
    return to_json(value).decode()


def _finish(run: _Run, last: int) -> RunResult:
    with transaction.atomic():
        record = Import.objects.select_for_update().get(pk=run.import_id)
        if record.state != State.RUNNING:
            return RunResult.STOPPED
        if record.done_row != last:
            raise _OvertakenError
        now = run.clock()
        record.state, record.finished_at, record.row_estimate = State.DONE, now, record.rows_done
        record.save(update_fields=["state", "finished_at", "row_estimate"])
        payload = ImportFinished(
            import_id=record.pk, target=record.target, file_name=record.file_name, counts=record.counts
        )
        append(
            [NewFact(payload=payload, occurred_at=now, dedup_key=f"import-finished:{record.pk}")],
            actor=record.actor,
            source="imports",
            now=now,
        )
    return RunResult.DONE


def _fail(import_id: int, error: dict[str, Any], now: datetime) -> None:
    with transaction.atomic():
        record = Import.objects.select_for_update().get(pk=import_id)
        if record.state != State.RUNNING:
            return
        record.state, record.error, record.finished_at = State.FAILED, error, now
        record.save(update_fields=["state", "error", "finished_at"])
