"""An import from a CSV file through the engine, with a worker that reads the log beside it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from huoju.acquire.imports import operations, queries
from huoju.acquire.imports.models import State
from huoju.acquire.imports.registry import get_target
from huoju.core.facts import delivery, readers
from huoju.core.lake import operations as lake
from huoju.hub.companies import operations as companies

from .harness import (
    Figure,
    benchmark,
    drop_database,
    environment,
    fresh_database,
    say,
    server_cpu_seconds,
)
from .peers import python_with
from .people import write_csv

ROWS = int(os.environ.get("BENCH_ROWS", "200000"))
HUOJU = str(Path(sys.executable).with_name("huoju"))
LIMIT_MEGABYTES = 500
OTHER_CRM, OTHER_ROWS = "django-crm>=1.35", 2_000
"""Another CRM, and how many rows it is given (in one file it takes 5,000 at most, and minutes for them)."""


@contextmanager
def worker() -> Iterator[None]:
    """`huoju worker` beside us, ready: it reads the log as in production."""
    process = subprocess.Popen([HUOJU, "worker"], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not _listens():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the worker did not start")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _listens() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"
        )
        return bool(cursor.fetchone()[0])


def wait_for_readers(*names: str) -> None:
    """Until no reader (none of those named) has anything to look at."""
    ours = [reader for reader in readers.all_readers() if not names or reader.name in names]
    while delivery.waiting(ours):
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Ran:
    """How an import went: seconds from its first look at the file until the last row was in, scored and judged, seen
    by every reader; memory."""

    import_id: int
    written: float
    scored: float
    drained: float
    peak_megabytes: float


def import_file(path: Path) -> Ran:
    """Import `path` in a process of its own (which starts another that reads the file) and wait for the readers."""
    now = timezone.now()
    with path.open("rb") as file:
        record = operations.create_import(
            target=get_target("leads"), file_name=path.name, content=file, actor="system", now=now
        )
    mapping, _, _ = operations.suggest_mapping(import_id=record.pk)
    operations.set_mapping(import_id=record.pk, mapping=mapping, remember=False, now=now)
    operations.start_import(import_id=record.pk, actor="system", now=now, queued=False)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.importing", str(record.pk)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdin is None or process.stdout is None or process.stdout.readline() != "ready\n":
        raise RuntimeError("the importing process did not start")
    started = time.perf_counter()
    process.stdin.write("\n")
    process.stdin.flush()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    written = time.perf_counter() - started
    wait_for_readers("intake", "recognition")
    scored = time.perf_counter() - started
    wait_for_readers()
    drained = time.perf_counter() - started
    done = queries.get_import(record.pk)
    if process.returncode or done.state != State.DONE:
        raise RuntimeError(f"the import ended as {done.state}: {done.error}")
    say(f"import {record.pk}: {done.counts}")
    for name, (count, seconds) in done.steps.items():
        say(f"    {name:<20} {count:>8,} rows {seconds:8.2f} s")
    return Ran(record.pk, written, scored, drained, usage.ru_maxrss / 1024)


def raw_copy(path: Path) -> float:
    """Seconds that COPY takes for the same rows into one bare table."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bare_list ({', '.join(f'c{number} text' for number in range(10))})")
        started = time.perf_counter()
        with cursor.copy("COPY bare_list FROM STDIN (FORMAT csv, HEADER)") as copy, path.open("rb") as file:
            while piece := file.read(1 << 20):
                copy.write(piece)
        seconds = time.perf_counter() - started
        cursor.execute("DROP TABLE bare_list")
    return seconds


def other_crm(folder: Path) -> float | None:
    """Rows a second of another CRM's own CSV import into an empty company; None where it cannot be had."""
    python = python_with(OTHER_CRM)
    if python is None:
        return None
    path = folder / "other.csv"
    write_csv(path, OTHER_ROWS)
    database = conninfo_to_dict(fresh_database("huoju_bench_other_crm", "template0"))
    names = {"dbname": "DBNAME", "user": "DBUSER", "host": "DBHOST", "port": "DBPORT"}
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("peer_crm.py")), str(path)],
        env={
            "PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "crm.settings", "CELERY_BROKER_URL": "memory://",
            "SECRET_KEY": "only-for-this-benchmark-of-a-database-that-goes-away",
            **{theirs: str(database[ours]) for ours, theirs in names.items()},
        },
        cwd=folder, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    drop_database("huoju_bench_other_crm")
    made, seconds = json.loads(done.stdout.splitlines()[-1])
    say(f"{OTHER_CRM}: {made:,} leads of {OTHER_ROWS:,} rows in {seconds:.1f} s")
    return OTHER_ROWS / float(seconds)


@benchmark("import_large")
def import_at_a_million() -> None:
    """The rate of an import into a company with a million leads, against the same import into an empty one."""
    rows = min(ROWS, 100_000)
    # What such a company's worker and database did long ago, and would begin with here.
    lake.flow(now=timezone.now())
    companies.study_all(now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    with tempfile.TemporaryDirectory() as folder, worker():
        path = Path(folder) / "leads.csv"
        write_csv(path, rows, seed=2)
        ran = import_file(path)
    empty = subprocess.run(
        [sys.executable, "-m", "bench.one", "import"],
        env=environment(fresh_database("huoju_bench_import_empty")) | {"BENCH_ROWS": str(rows), "BENCH_PEERS": "no"},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    drop_database("huoju_bench_import_empty")
    figures = [json.loads(line) for line in empty.stdout.splitlines()]
    reference = next(figure["value"] for figure in figures if figure["name"] == "import.rows")
    note = f"{rows} rows of CSV into a million leads, until scored and judged; reference: into none, in the same run"
    Figure("import_large.rows", rows / ran.scored, "rows/s", reference, note).emit()


@benchmark("import")
def import_a_list() -> None:
    """Rows a second until leads are made, scored and judged, against a raw COPY of the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leads.csv"
        write_csv(path, ROWS)
        other = other_crm(Path(folder))
        bare = raw_copy(path)
        before, server_before = os.times(), server_cpu_seconds()
        with worker():
            ran = import_file(path)
        after, server_after = os.times(), server_cpu_seconds()
    ours = sum(after[2:4]) - sum(before[2:4])
    theirs = server_after - server_before
    note = f"{ROWS} rows of CSV, until the last is scored and judged (in after {ran.written:.1f} s)"
    note += "; reference: COPY into a bare table"
    Figure("import.rows", ROWS / ran.scored, "rows/s", ROWS / bare, note).emit()
    if other:
        note = (
            f"the same; reference: the CSV import of {OTHER_CRM}, {OTHER_ROWS:,} rows into an empty company"
        )
        Figure("import.rows_crm", ROWS / ran.scored, "rows/s", other, note).emit()
    note = "until every reader is done, also routing, funnel and search, by one worker; reference: as above"
    Figure("import.drained", ROWS / ran.drained, "rows/s", ROWS / bare, note).emit()
    note = (
        f"of both cores: importer, feeder, worker {ours / ROWS * 1e6:.0f}, database {theirs / ROWS * 1e6:.0f}"
    )
    Figure(
        "import.cpu",
        (ours + theirs) / ROWS * 1e6,
        "µs/row",
        400,
        note + "; reference: 5,000 rows/s on two cores",
    ).emit()
    note = "peak of the importing process; reference: the limit"
    Figure("import.memory", ran.peak_megabytes, "MB", LIMIT_MEGABYTES, note).emit()
