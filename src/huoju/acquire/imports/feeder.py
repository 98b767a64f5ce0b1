"""The reading side of a run: file → rows → fields → prepared batches.

It touches no database, so it runs in a process of its own: while the database writes one batch, the next is read,
mapped and prepared. The pipe between the two holds the feeder back when it is ahead, so memory stays flat.
"""

import contextlib
import os
import pickle
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.conf import settings

from .files import ReadOptions, open_table
from .mapping import Mapping, MappingError
from .problems import FileProblem, RowProblem
from .registry import Context, MappedRow, Outcome, Preparing, Reason, RowOutcome
from .rowmapper import RowMapper

# Starting a process takes about a second; a small file is read sooner than that.
CHILD_FROM_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Spec:
    """Everything the feeder needs to know. `after`/`until`: only rows with greater numbers, up to `until`."""

    path: Path
    reading: ReadOptions
    mapping: Mapping
    preparing: Preparing
    context: Context
    zone: str
    after: int = 0
    until: int | None = None
    batch_rows: int = 5_000


@dataclass(slots=True)
class Batch:
    """Rows in (`after`, `last`], ready to be applied. `rejected` were settled by the engine itself."""

    after: int
    last: int
    prepared: Any
    prepared_rows: int
    rejected: list[RowOutcome] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=dict)


class FeederError(Exception):
    """The feeder broke down; the message is its traceback."""


def batches(spec: Spec) -> Iterator[Batch]:
    """Read, map and prepare, batch by batch. Raises `FileProblem` and `MappingError`."""
    steps = spec.context.steps
    steps.take()
    with open_table(spec.path, spec.reading) as table:
        mapper = RowMapper(spec.mapping, table.columns, spec.preparing, ZoneInfo(spec.zone))
        after = last = spec.after
        rows: list[MappedRow] = []
        rejected: list[RowOutcome] = []
        begun = time.perf_counter()
        for number, cells, problem in table.rows(after=spec.after):
            if spec.until is not None and number > spec.until:
                break
            last = number
            if problem is None:
                row, reasons = mapper.map(number, cells)
                if reasons:
                    rejected.append(RowOutcome(number, Outcome.REJECTED, reasons))
                else:
                    rows.append(row)
            else:
                rejected.append(RowOutcome(number, Outcome.REJECTED, [_reason(problem)]))
            if len(rows) + len(rejected) >= spec.batch_rows:
                steps.add("read", len(rows) + len(rejected), time.perf_counter() - begun)
                yield _batch(spec, after, last, rows, rejected)
                after, rows, rejected = last, [], []
                begun = time.perf_counter()
        if rows or rejected:
            steps.add("read", len(rows) + len(rejected), time.perf_counter() - begun)
            yield _batch(spec, after, last, rows, rejected)


def _reason(problem: RowProblem) -> Reason:
    return Reason(problem.code, "", dict(problem.params))


def _batch(spec: Spec, after: int, last: int, rows: list[MappedRow], rejected: list[RowOutcome]) -> Batch:
    begun = time.perf_counter()
    prepared = spec.preparing.prepare(rows, spec.context) if rows else None
    spec.context.steps.add("prepare", len(rows), time.perf_counter() - begun)
    return Batch(after, last, prepared, len(rows), rejected, spec.context.steps.take())


class Feeder(Iterator[Batch]):
    """The batches of a run. Unpacking one costs a twentieth of what writing it does, and holds Python up meanwhile: who
    writes says when that does not matter."""

    def __init__(self, batches: Iterator[Batch], unpacking: ThreadPoolExecutor | None = None) -> None:
        self._batches = batches
        self._unpacking = unpacking
        self._coming: Future[Batch | None] | None = None

    def __next__(self) -> Batch:
        if self._coming is None:
            return next(self._batches)
        coming, self._coming = self._coming, None
        batch = coming.result()
        if batch is None:
            raise StopIteration
        return batch

    def look_ahead(self) -> None:
        """Begin to unpack the next batch: the caller is about to wait for the database."""
        if self._unpacking is not None and self._coming is None:
            self._coming = self._unpacking.submit(next, self._batches, None)


@contextlib.contextmanager
def feed(spec: Spec) -> Iterator[Feeder]:
    """The batches of `spec`, from a process of its own (`feeder_process`) where the file is worth it.

    The first one is made here: it is written while that process starts.
    """
    if spec.path.stat().st_size < CHILD_FROM_BYTES:
        yield Feeder(batches(spec))
        return
    # Neither fork (we hold connections and threads) nor spawn (it would run our main module again).
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        # Without it the process could not start; settings that are overridden do not know their module.
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE or os.environ["DJANGO_SETTINGS_MODULE"],
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "huoju.acquire.imports.feeder_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    with child, ThreadPoolExecutor(1, "unpack") as unpacking:
        assert child.stdin is not None  # noqa: S101 -- for the type checker
        assert child.stdout is not None  # noqa: S101 -- for the type checker
        try:
            first = list(islice(batches(spec), 1))
            after = first[0].last if first else spec.after
            with contextlib.suppress(BrokenPipeError):  # it died at once: seen below
                pickle.dump(replace(spec, after=after), child.stdin)
                child.stdin.close()
            yield Feeder(chain(first, _received(child.stdout)), unpacking)
        finally:
            # It has either said all or is not wanted any more.
            child.kill()


def _received(pipe: IO[bytes]) -> Iterator[Batch]:
    while True:
        try:
            item = pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError):
            raise FeederError("the reading process was lost") from None
        match item:
            case Batch():
                yield item
            case FileProblem() | MappingError():
                raise item
            case str():
                raise FeederError(item)
            case _:
                return


def send(spec: Spec, pipe: IO[bytes]) -> None:
    """The other end of `feed`: batches into the pipe, then None; or what went wrong."""
    try:
        for batch in batches(spec):
            pickle.dump(batch, pipe, pickle.HIGHEST_PROTOCOL)
            pipe.flush()
        pickle.dump(None, pipe)
    except BrokenPipeError:
        return  # nobody is interested any more
    except (FileProblem, MappingError) as error:
        pickle.dump(error, pipe)
    except Exception:  # noqa: BLE001 -- raised again on the other side
        pickle.dump(traceback.format_exc(), pipe)


def narrowed(spec: Spec, after: int, until: int) -> Spec:
    """The same run for some of the rows."""
    return replace(spec, after=after, until=until)


def mapped_rows(spec: Spec) -> list[MappedRow]:
    """The rows of `spec` that can be mapped, not yet prepared."""
    with open_table(spec.path, spec.reading) as table:
        mapper = RowMapper(spec.mapping, table.columns, spec.preparing, ZoneInfo(spec.zone))
        found = []
        for number, cells, problem in table.rows(after=spec.after):
            if spec.until is not None and number > spec.until:
                break
            if problem is None:
                row, reasons = mapper.map(number, cells)
                if not reasons:
                    found.append(row)
        return found
