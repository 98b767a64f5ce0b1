"""Loaded before everything else (`-p tests.plugin`): an embedded PostgreSQL for each test process.

One server a process and not one for all: readers of the fact log wait for every open transaction of the
server, also for those of another process's tests.

`HUOJU_TEST_DATABASE_URL` names another server to test against; its user must be allowed to create databases.
"""

import os
from pathlib import Path

import pytest

from huoju.core.database import EmbeddedServer

DATA_DIR = (
    Path(__file__).resolve().parent.parent / "var" / "test" / os.environ.get("PYTEST_XDIST_WORKER", "main")
)

# Tests must not meet the data that the developer's own settings point at. Set on import, because the
# settings of Django are read before any hook of ours would run.
_server = EmbeddedServer(DATA_DIR, durable=False)
os.environ["HUOJU_DATA_DIR"] = str(DATA_DIR)
(DATA_DIR / "static").mkdir(parents=True, exist_ok=True)
os.environ["HUOJU_DATABASE_URL"] = os.environ.get("HUOJU_TEST_DATABASE_URL") or _server.url
os.environ["HUOJU_PLAIN_STATIC"] = "1"
os.environ.pop("HUOJU_DATABASE_POOL", None)
_started = pytest.StashKey[bool]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the server, unless this process only hands tests out or lists them."""
    config = session.config
    hands_out = config.getoption("numprocesses", None) and "PYTEST_XDIST_WORKER" not in os.environ
    if not (hands_out or config.option.collectonly or "HUOJU_TEST_DATABASE_URL" in os.environ):
        config.stash[_started] = _server.start()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, unless another run beside this one started it."""
    if config.stash.get(_started, False):
        _server.stop()
