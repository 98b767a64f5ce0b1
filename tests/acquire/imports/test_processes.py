"""Real processes: killed in the middle, two at once, and how much memory they take."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from huoju.acquire.imports import operations, queries
from huoju.acquire.imports.models import Import, ImportRow, State

from .conftest import NOW, MakeImport, rows_text
from .target import contents

type Start = Callable[..., subprocess.Popen[str]]

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def start(transactional_db: None, things: None) -> Iterator[Start]:
    """Start processes on the test's database; what still runs at the end is killed."""
    given = connection.settings_dict
    address = psycopg.conninfo.make_conninfo(
        host=given["HOST"], port=given["PORT"], user=given["USER"], dbname=given["NAME"]
    )
    processes: list[subprocess.Popen[str]] = []

    def start(verb: str, record: Import, *more: str, go: bool = True) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.acquire.imports.import_process",
                verb,
                str(record.pk),
                settings.MEDIA_ROOT,
                *more,
            ],
            env={**os.environ, "HUOJU_DATABASE_URL": address, "HUOJU_LOG_LEVEL": "ERROR"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if go:
            release(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def release(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def result(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    assert process.wait(timeout=60) == 0
    return said


def log() -> list[tuple[int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_no, count(*), max(pid) FROM import_test_log GROUP BY row_no ORDER BY row_no"
        )
        return [(row, count, pid) for row, count, pid in cursor.fetchall()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def kill_until(done: str, verb: str, record: Import, start: Start, position: Callable[[], int]) -> int:
    """Start and kill again until the import has reached the state `done`; how often it was killed."""
    draw = random.Random(11)
    kills = 0
    while queries.get_import(record.pk).state != done and kills < 25:
        before = position()
        process = start(verb, record)
        deadline = time.monotonic() + 30
        while position() == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(draw.random() * 0.25)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    return kills


def test_killed_again_and_again_each_row_takes_effect_once(start: Start, make_import: MakeImport) -> None:
    total = 600
    record = make_import(rows_text(total - 2) + "y,bad one,1\nz,wrong amount,many\n")
    operations.start_import(import_id=record.pk, actor="user:1", now=NOW)
    kills = kill_until(State.DONE, "run", record, start, lambda: queries.get_import(record.pk).done_row)
    assert kills >= 2
    assert [(row, count) for row, count, _pid in log()] == [(number, 1) for number in range(2, total)]
    assert len(contents()) == total - 2
    record = queries.get_import(record.pk)
    assert record.counts == {"new": total - 2, "rejected": 2}
    assert ImportRow.objects.filter(batch=record).count() == total
    # The processes that read for the killed ones went with them.
    deadline = time.monotonic() + 20
    feeders = {pid for _row, _count, pid in log()}
    while any(alive(pid) for pid in feeders):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    operations.start_rollback(import_id=record.pk, actor="user:1", now=NOW)
    kill_until(
        State.ROLLED_BACK, "rollback", record, start, lambda: -(queries.get_import(record.pk).undone_row or 0)
    )
    assert contents() == []
    assert queries.get_import(record.pk).undo_counts == {"undone": total - 2, "kept": 0}


def test_two_runs_at_once(start: Start, make_import: MakeImport) -> None:
    record = make_import(rows_text(1_000))
    operations.start_import(import_id=record.pk, actor="user:1", now=NOW)
    processes = [start("run", record, go=False) for _number in range(2)]
    for process in processes:
        release(process)
    assert sorted(result(process) for process in processes) == ["busy", "done"]
    assert [count for _row, count, _pid in log()] == [1] * 1_000


def test_two_runs_at_once_without_the_lock(start: Start, make_import: MakeImport) -> None:
    record = make_import(rows_text(1_000))
    operations.start_import(import_id=record.pk, actor="user:1", now=NOW)
    processes = [start("run", record, "nolock", go=False) for _number in range(2)]
    for process in processes:
        release(process)
    results = sorted(result(process) for process in processes)
    assert results in (["busy", "done"], ["done", "stopped"])
    assert [count for _row, count, _pid in log()] == [1] * 1_000


MEASURE = """
import resource, sys
from pathlib import Path
from huoju.acquire.imports.files import open_table
with open_table(Path(sys.argv[1])) as table:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = sum(1 for row in table.rows() if row[2] is None)
print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("w") as file:
        file.write("name,mobile,company,note\n")
        file.writelines(f"王小{n},138{n:08},上海火炬{n}科技有限公司,{'x' * 50}\n" for n in range(300_000))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    count, megabytes = map(int, done.stdout.split())
    assert count == 300_000
    assert megabytes < 20
