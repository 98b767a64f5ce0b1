"""Deferred and periodic work, on a queue in the database. The only module that knows the queue's library.

A job is deferred in the transaction of the change that asks for it: both happen or neither. It runs at
least once: a worker that is killed in the middle leaves its job to be run again, so a job must be safe to
repeat. Arguments are JSON values; pass ids, never personal data (they are logged).

    @job(queue="imports", retry=Retry(attempts=3))
    def run_import(*, import_id: int) -> None: ...

    run_import.defer(import_id=7)
    run_import.using(key=f"import-{import_id}", at=tonight).defer(import_id=7)

Jobs live in the module `jobs` of their room, where the queue finds them when Django starts.
"""

import asyncio
import contextlib
import functools
import inspect
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast

import psycopg
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.tasks import Task

log = logging.getLogger(__name__)

DEFAULT_QUEUE = "default"

_HEARTBEAT_SECONDS = 3.0
_STALLED_SECONDS = 12.0
"""A worker that was silent for so long is dead, and its jobs go to others."""
_GRACE_SECONDS = 20.0
"""How long running jobs may take to finish when the worker is asked to stop."""

_stopping = threading.Event()


type Label = str | Promise

_labels: dict[str, Label] = {}


@dataclass(frozen=True, slots=True)
class Retry:
    """When a job that failed is run again: `attempts` times more, after `wait`, 2 × `wait`, 3 × … seconds."""

    attempts: int = 5
    wait: int = 10
    on: tuple[type[Exception], ...] = (Exception,)


@dataclass(frozen=True, slots=True)
class Deferral[**P]:
    """A job with the options of one deferral."""

    job: "Job[P]"
    lock: str | None = None
    key: str | None = None
    at: datetime | None = None
    priority: int = 0

    def defer(self, *args: P.args, **kwargs: P.kwargs) -> int | None:
        """Put the job on the queue; it starts after the transaction commits. Its id, or None if `key` waits already."""
        arguments = inspect.signature(self.job.function).bind(*args, **kwargs).arguments
        deferrer = self.job.task.configure(
            lock=self.lock or self.job.task.lock,
            queueing_lock=self.key or self.job.task.queueing_lock,
            schedule_at=self.at,
            priority=self.priority or self.job.task.priority,
        )
        try:
            # In a savepoint: the caller's transaction has to survive the refusal.
            with transaction.atomic():
                return deferrer.defer(**arguments)
        except AlreadyEnqueued:
            return None


class Job[**P]:
    """A function that can be deferred. Calling it runs it here and now."""

    def __init__(self, function: Callable[P, None], task: Task[Any, Any, Any]) -> None:
        """Made by the decorator `job`."""
        self.function = function
        self.task = task
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run the function."""
        self.function(*args, **kwargs)

    @property
    def name(self) -> str:
        """What the queue calls it."""
        return self.task.name

    def using(
        self,
        *,
        lock: str | None = None,
        key: str | None = None,
        at: datetime | None = None,
        priority: int = 0,
    ) -> Deferral[P]:
        """This job with options.

        Jobs with the same `lock` run one after the other, in the order in which they were deferred. Of jobs
        with the same `key` only one waits at a time. `at`: not before then. A higher `priority` runs first.
        """
        return replace(Deferral(self), lock=lock, key=key, at=at, priority=priority)

    def defer(self, *args: P.args, **kwargs: P.kwargs) -> int | None:
        """Put the job on the queue; it starts after the transaction commits."""
        return Deferral(self).defer(*args, **kwargs)


def job[**P](
    *,
    label: Label = "",
    queue: str = DEFAULT_QUEUE,
    retry: Retry | None = None,
    lock: str | None = None,
    key: str | None = None,
    priority: int = 0,
) -> Callable[[Callable[P, None]], Job[P]]:
    """Make a function a job. `label` is its name on the operations page; `lock`, `key` and `priority` are the defaults
    of its deferrals: see `Job.using`."""

    def decorate(function: Callable[P, None]) -> Job[P]:
        task = _task(function, queue=queue, retry=retry, lock=lock, key=key, priority=priority)
        _labels[task.name] = label
        return Job(function, task)

    return decorate


def periodic(
    cron: str,
    *,
    label: Label = "",
    queue: str = DEFAULT_QUEUE,
    retry: Retry | None = None,
    lock: str | None = None,
) -> Callable[[Callable[[], None]], Job[[]]]:
    """Make a function a job that runs at the times of `cron`: five fields in UTC, a sixth for seconds if wanted.

    Of the times that pass while no worker runs only the last one counts, and that only within ten minutes.
    Never twice at once.
    """

    def decorate(function: Callable[[], None]) -> Job[[]]:
        @functools.wraps(function)
        def at_time(timestamp: int | None = None) -> None:
            del timestamp  # the queue passes the time it should have been; jobs ask the clock
            function()

        name = f"{function.__module__}.{function.__qualname__}"
        task = _task(at_time, queue=queue, retry=retry, lock=lock or name, key=name, priority=0)
        app.periodic(cron=cron)(task)
        _labels[task.name] = label
        return Job(function, task)

    return decorate


def _task(
    function: Callable[..., None],
    *, queue: str, retry: Retry | None, lock: str | None, key: str | None, priority: int,
) -> Task[Any, Any, Any]:  # fmt: skip
    strategy = retry and RetryStrategy(
        max_attempts=retry.attempts, wait=retry.wait, linear_wait=retry.wait, retry_exceptions=retry.on
    )
    return app.task(queue=queue, retry=strategy or False, lock=lock, queueing_lock=key, priority=priority)(
        function
    )


# --- the worker --------------------------------------------------------------------------------------


def stopping() -> bool:
    """Whether this process has been asked to stop: a long job defers itself again and returns."""
    return _stopping.is_set()


def run(stop: threading.Event, *, concurrency: int = 2) -> None:
    """Run jobs until `stop` is set, then let the running ones finish. Survives the loss of the database."""
    _stopping.clear()
    pause = 0.5
    while not stop.is_set():
        try:
            asyncio.run(_work(stop, concurrency))
            pause = 0.5
        except (ConnectorException, DatabaseError, psycopg.Error) as error:
            log.warning("jobs: the database is away (%s); next try in %.1f s", error, pause)
            stop.wait(pause)
            pause = min(pause * 2, 15)
    _stopping.clear()  # jobs that this process runs without a worker from now on are not being stopped


async def _work(stop: threading.Event, concurrency: int) -> None:
    connector = cast(DjangoConnector, app.connector)
    worker_app = app.with_connector(connector.get_worker_connector())
    async with worker_app.open_async():
        worker = asyncio.create_task(
            worker_app.run_worker_async(
                concurrency=concurrency,
                fetch_job_polling_interval=1.0,  # jobs whose time has come, retries; new ones notify
                install_signal_handlers=False,
                shutdown_graceful_timeout=_GRACE_SECONDS,
                update_heartbeat_interval=_HEARTBEAT_SECONDS,
                stalled_worker_timeout=_STALLED_SECONDS,
                delete_jobs="successful",
            )
        )
        while not stop.is_set() and not worker.done():
            await asyncio.wait([worker], timeout=0.2)
        if stop.is_set():
            _stopping.set()
            worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker


@app.periodic(cron="* * * * * */15")
@app.task(queue="upkeep", lock="jobs.upkeep", queueing_lock="jobs.upkeep", pass_context=True)
async def upkeep(context: JobContext, timestamp: int) -> None:
    """Give the jobs of dead workers to living ones, and forget what was done long ago."""
    del timestamp
    manager = context.app.job_manager
    for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS):
        log.warning("jobs: %s %s lost its worker and is run again", stalled.task_name, stalled.id)
        await manager.retry_job(stalled)
    await manager.delete_old_jobs(
        nb_hours=24 * 30, include_failed=True, include_cancelled=True, include_aborted=True
    )


_labels[upkeep.name] = _("Give the jobs of dead workers to living ones")


# --- for the operations page and for tests ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue is doing. `oldest` is when its longest waiting job could have started."""

    queue: str
    waiting: int
    running: int
    failed: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class JobState:
    """How the jobs of one name are doing. `oldest` as in `QueueState`."""

    name: str
    waiting: int
    running: int
    failed: int
    oldest: datetime | None

    @property
    def label(self) -> Label:
        """What people call it."""
        return label_of(self.name)


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that was given up."""

    id: int
    name: str
    queue: str
    arguments: dict[str, Any]
    attempts: int
    failed_at: datetime

    @property
    def label(self) -> Label:
        """What people call it."""
        return label_of(self.name)


def label_of(name: str) -> Label:
    """What people call the job `name`; itself where nobody says."""
    return _labels.get(name) or name


def list_queues() -> list[QueueState]:
    """Every queue that has or had work, by name."""
    return [QueueState(*row) for row in _counts("queue_name")]


def list_states() -> list[JobState]:
    """Every job that waits, runs or was given up, by name: what was done is deleted."""
    return [JobState(*row) for row in _counts("task_name") if any(row[1:4])]


def _counts(column: Literal["queue_name", "task_name"]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {column},
                      count(*) FILTER (WHERE status = 'todo'),
                      count(*) FILTER (WHERE status = 'doing'),
                      count(*) FILTER (WHERE status IN ('failed', 'aborted')),
                      min(coalesce(scheduled_at, deferred.at)) FILTER (
                          WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now())
                 FROM procrastinate_jobs AS job
                 LEFT JOIN LATERAL (SELECT min(at) AS at FROM procrastinate_events WHERE job_id = job.id) AS deferred
                   ON true
                GROUP BY {column} ORDER BY {column}"""
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def list_failed(limit: int = 100) -> list[FailedJob]:
    """The jobs given up last, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT job.id, task_name, queue_name, args, attempts, max(event.at)
                 FROM procrastinate_jobs AS job JOIN procrastinate_events AS event ON event.job_id = job.id
                WHERE status IN ('failed', 'aborted')
                GROUP BY job.id ORDER BY max(event.at) DESC LIMIT %s""",
            [limit],
        )
        return [FailedJob(i, n, q, _decoded(a), t, at) for i, n, q, a, t, at in cursor.fetchall()]


def retry_failed(job_id: int, *, now: datetime) -> None:
    """Run a job again that was given up."""
    app.job_manager.retry_job_by_id(job_id=job_id, retry_at=now)


def run_waiting() -> int:
    """Run the jobs that are due in this process, on this connection, until none is left; how many they were.

    For tests and scripts that want to see the outcome now; an error of a job is the caller's.
    """
    count = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                """DELETE FROM procrastinate_jobs WHERE id = (
                       SELECT id FROM procrastinate_jobs
                        WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= clock_timestamp()
                        ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED)
                   RETURNING task_name, args"""
            )
            row = cursor.fetchone()
        if row is None:
            return count
        app.tasks[row[0]].func(**_decoded(row[1]))
        count += 1


def _decoded(arguments: Any) -> dict[str, Any]:
    # Django leaves jsonb as text unless a JSONField asks.
    decoded: dict[str, Any] = json.loads(arguments) if isinstance(arguments, str) else arguments
    return decoded
