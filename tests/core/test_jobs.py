"""Jobs: deferred with the caller's change, run at least once, locks, retries, the worker's life."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app

from huoju.core import jobs
from huoju.core.facts.readers import all_readers
from huoju.core.jobs import Retry, job

NOW = datetime(2026, 5, 1, tzinfo=UTC)
_ran: list[str] = []
_done = threading.Event()


@job(label="Note a word", queue="tests")
def note(*, word: str) -> None:
    """Remember that it ran."""
    _ran.append(word)
    _done.set()


@job(queue="tests", key="only-one")
def single(*, word: str) -> None:
    """At most one of these waits."""
    _ran.append(word)


@job(queue="tests", retry=Retry(attempts=1, wait=0))
def fail(*, word: str) -> None:
    """Fails always."""
    _ran.append(word)
    raise ValueError(word)


@jobs.periodic("0 3 * * *", queue="tests")
def nightly() -> None:
    """Runs at night."""
    _ran.append("nightly")


@pytest.fixture(autouse=True)
def _forget() -> None:
    _ran.clear()
    _done.clear()


@pytest.mark.django_db
def test_a_job_is_called_like_a_function() -> None:
    note(word="now")
    assert _ran == ["now"]
    assert note.name == "tests.core.test_jobs.note"


@pytest.mark.django_db
def test_deferred_jobs_run_in_order_with_their_arguments() -> None:
    first, second = note.defer(word="a"), note.defer(word="b")
    assert first is not None
    assert second is not None
    assert first < second
    assert _ran == []
    assert jobs.run_waiting() == 2
    assert _ran == ["a", "b"]
    assert jobs.run_waiting() == 0


@pytest.mark.django_db
def test_a_higher_priority_goes_first() -> None:
    note.defer(word="a")
    note.using(priority=5).defer(word="b")
    jobs.run_waiting()
    assert _ran == ["b", "a"]


@pytest.mark.django_db
def test_a_job_for_later_waits() -> None:
    note.using(at=datetime.now(UTC) + timedelta(hours=1)).defer(word="later")
    assert jobs.run_waiting() == 0


@pytest.mark.django_db
def test_of_jobs_with_one_key_one_waits_and_the_transaction_survives() -> None:
    assert single.defer(word="a") is not None
    assert single.defer(word="b") is None
    assert note.using(key="k").defer(word="c") is not None
    assert note.using(key="k").defer(word="d") is None
    assert jobs.run_waiting() == 2
    assert single.defer(word="e") is not None
    assert _ran == ["a", "c"]


def test_wrong_arguments_are_refused_when_deferred() -> None:
    with pytest.raises(TypeError, match="missing a required"):
        note.defer()  # type: ignore[call-arg]


@pytest.mark.django_db(transaction=True)
def test_a_job_shares_the_fate_of_the_transaction() -> None:
    def change() -> None:
        with transaction.atomic():
            note.defer(word="lost")
            raise KeyError

    with pytest.raises(KeyError):
        change()
    assert jobs.run_waiting() == 0


@pytest.fixture
def worker(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Starts a worker in a thread; the end of the test stops it."""
    # The threads of jobs must not keep connections to a database that is about to be dropped.
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    stop = threading.Event()
    thread = threading.Thread(target=jobs.run, args=(stop,))
    yield thread.start
    stop.set()
    if thread.ident:
        thread.join(30)
        assert not thread.is_alive()


def test_the_worker_runs_what_is_deferred(worker: Callable[[], None]) -> None:
    worker()
    note.defer(word="a")
    assert _done.wait(15)
    assert _ran == ["a"]


def test_a_failed_job_is_tried_again_then_given_up_then_retried_by_hand(worker: Callable[[], None]) -> None:
    fail.defer(word="a")
    worker()
    failed = _until(jobs.list_failed)
    assert [(each.name, each.arguments, each.attempts) for each in failed] == [(fail.name, {"word": "a"}, 2)]
    assert _ran == ["a", "a"]
    assert [(q.queue, q.waiting, q.running, q.failed) for q in jobs.list_queues() if q.queue == "tests"] == [
        ("tests", 0, 0, 1)
    ]
    _ran.clear()
    jobs.retry_failed(failed[0].id, now=NOW)
    _until(lambda: _ran)
    assert _ran[0] == "a"


def test_every_job_and_reader_of_ours_has_a_name_for_people() -> None:
    ours = [each for each in all_readers() if each.handle.__module__.startswith("huoju.")]
    names = [name for name in app.tasks if name.startswith("huoju.")]
    assert ours
    assert names
    assert [name for name in names if str(jobs.label_of(name)) == name] == []
    assert [each.name for each in ours if not (each.label and each.does)] == []


@pytest.mark.django_db
def test_the_queue_page_sees_what_waits() -> None:
    note.defer(word="a")
    note.using(at=datetime.now(UTC) + timedelta(hours=1)).defer(word="b")
    (state,) = [state for state in jobs.list_queues() if state.queue == "tests"]
    assert (state.waiting, state.running, state.failed) == (2, 0, 0)
    assert state.oldest is not None
    (same,) = [state for state in jobs.list_states() if state.name == note.name]
    assert (same.label, same.waiting, same.oldest) == ("Note a word", 2, state.oldest)


_VICTIM = """
import os, signal, sys, threading
sys.path.insert(0, {root!r})
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {database!r}
django.setup()
from tests.core import test_jobs
from huoju.core import jobs
test_jobs.note.function.__code__ = (lambda *, word: os.kill(os.getpid(), signal.SIGKILL)).__code__
jobs.run(threading.Event())
"""


@pytest.mark.kill
@pytest.mark.slow
def test_the_job_of_a_killed_worker_is_run_by_another(
    worker: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_STALLED_SECONDS", 3.0)
    monkeypatch.setattr(jobs, "_HEARTBEAT_SECONDS", 0.5)
    note.defer(word="a")
    script = _VICTIM.format(root=os.getcwd(), database=connection.settings_dict["NAME"])
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "huoju.site.settings"}
    victim = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, timeout=60, check=False
    )
    assert victim.returncode == -signal.SIGKILL, victim.stderr.decode()
    assert [(q.running, q.waiting) for q in jobs.list_queues() if q.queue == "tests"] == [(1, 0)]
    worker()
    assert _done.wait(60)
    assert _ran == ["a"]


def _until[T](ask: Callable[[], list[T]]) -> list[T]:
    """The first answer that is not empty."""
    for _ in range(300):
        if answer := ask():
            return answer
        threading.Event().wait(0.1)
    raise AssertionError("nothing came")
