"""Real worker processes: woken by NOTIFY, killed in the middle of a batch, stopped cleanly."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import connection

from .conftest import Put

type Start = Callable[[], subprocess.Popen[str]]

pytestmark = [pytest.mark.kill]


@pytest.fixture
def start(clean_log: None) -> Iterator[Start]:
    """Start worker processes on the test's database; what still runs at the end is killed."""
    settings = connection.settings_dict
    address = psycopg.conninfo.make_conninfo(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], dbname=settings["NAME"]
    )
    processes: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.facts.worker_process"],
            env={**os.environ, "HUOJU_DATABASE_URL": address, "HUOJU_LOG_LEVEL": "ERROR"},
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def effects() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM test_effect ORDER BY id")
        return [n for (n,) in cursor.fetchall()]


def wait_for(count: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while len(effects()) < count:
        assert time.monotonic() < deadline, f"only {len(effects())} of {count}"
        time.sleep(0.05)


def test_killed_again_and_again_each_effect_happens_exactly_once(start: Start, put: Put) -> None:
    total = 160
    put(range(total))
    draw = random.Random(7)
    kills = 0
    while len(effects()) < total and kills < 40:
        before = len(effects())
        process = start()
        deadline = time.monotonic() + 30
        while len(effects()) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(draw.random() * 0.08)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    assert kills >= 2
    assert Counter(effects()) == Counter(range(total))


def test_a_committed_fact_wakes_the_worker_at_once_and_term_stops_it(start: Start, put: Put) -> None:
    process = start()
    put([0])
    wait_for(1)
    for n in range(1, 6):
        put([n])
        wait_for(n + 1, seconds=4)  # less than worker.IDLE_SECONDS: only the notification can have woken it
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


def test_two_workers_share_the_log(start: Start, put: Put) -> None:
    start()
    start()
    for begin in range(0, 600, 100):
        put(range(begin, begin + 100), person=begin)
    wait_for(600)
    done = effects()
    assert Counter(done) == Counter(range(600))
    for begin in range(0, 600, 100):
        assert [n for n in done if begin <= n < begin + 100] == list(range(begin, begin + 100))


def test_a_worker_survives_the_loss_of_its_connections(start: Start, put: Put) -> None:
    start()
    put([1])
    wait_for(1)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
    put([2])
    wait_for(2)
    assert effects() == [1, 2]
