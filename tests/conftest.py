"""Fixtures for every test."""

import os
import time
from collections.abc import Iterator
from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase, override_settings
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.browsing import browser, visit
from tests.entering import enter, marketing
from tests.spark import spark_engine

__all__ = ["browser", "enter", "marketing", "spark_engine", "visit"]

# A property holds or not; how fast a busy machine draws examples is no property.
hypothesis_settings.register_profile("huoju", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("huoju")


@pytest.fixture(scope="session", autouse=True)
def quick_settings() -> Iterator[None]:
    """Static files under their plain names (tests do not run `collectstatic`), passwords hashed cheaply."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}, PASSWORD_HASHERS=[hasher]):
        yield


@pytest.fixture(autouse=True)
def source_language() -> Iterator[None]:
    """Every test begins in English, whichever language the request of another test ended in."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session", autouse=True)
def clean_flush() -> Iterator[None]:
    """Flushing waits for what the test left running, takes the log and the queue too, which Django does not manage,
    and leaves what migrations have put in, whichever test comes next."""
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    defaults = import_module("huoju.acquire.campaigns.migrations.0003_default_channels")

    def flush_all(case: TransactionTestCase) -> None:
        _wait_for_others()
        flush(case)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL huoju.erasing = 'on'")
            cursor.execute(
                "TRUNCATE facts_fact, facts_key, procrastinate_jobs, procrastinate_workers CASCADE"
            )
        defaults.add(apps, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_all)
        yield


def _wait_for_others(seconds: float = 10) -> None:
    """Until no other connection is at work: a page that was just closed may still be answered in a thread."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()
                   AND backend_type = 'client backend' AND state NOT IN ('idle', 'disabled')"""
            )
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.02)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest tests first, a share for each process: a run must not end waiting for one of them."""
    processes = max(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), 1)
    if processes == 1:
        return
    long = [item for item in items if item.get_closest_marker("slow") or item.get_closest_marker("kill")]
    rest = [item for item in items if item not in set(long)]
    share = -(-len(items) // processes)  # what xdist hands out first, in one piece
    shares = [long[number::processes] for number in range(processes)]
    items[:] = []
    for mine in shares:
        items += mine + rest[: max(share - len(mine), 0)]
        rest = rest[max(share - len(mine), 0) :]
    items += rest
