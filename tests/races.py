"""Tests with several real connections at once: a log that may be committed to, and threads that start together."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Barrier, Thread
from typing import Any

from django.db import connection, transaction

from huoju.core.facts import partitions


@contextmanager
def committed_log(now: datetime) -> Iterator[None]:
    """An empty log, for a test that commits; emptied again behind it."""
    partitions.ensure(now)
    _empty()
    try:
        yield
    finally:
        _empty()


def _empty() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL huoju.erasing = 'on'")
        cursor.execute("TRUNCATE facts_fact, facts_key, facts_cursor, facts_deadletter")


def race(*runs: Callable[[], Any]) -> list[Any]:
    """Run each in its own thread with its own connection, all begun at the same instant; their results in order.

    The first error of any of them is raised.
    """
    barrier = Barrier(len(runs))
    results: list[Any] = [None] * len(runs)
    errors: list[BaseException] = []

    def work(position: int, run: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            results[position] = run()
        except BaseException as error:  # noqa: BLE001 (raised again in the caller's thread)
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work, args=each) for each in enumerate(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    if errors:
        raise errors[0]
    return results


def count_queries(run: Callable[[], Any]) -> int:
    """How many statements `run` sends."""
    count = 0

    def counting(execute: Any, statement: str, params: Sequence[Any], many: bool, context: Any) -> Any:
        nonlocal count
        count += 1
        return execute(statement, params, many, context)

    with connection.execute_wrapper(counting):
        run()
    return count


def wait_for_a_waiting_session() -> None:
    """Until another session of this database waits for a lock."""
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")
