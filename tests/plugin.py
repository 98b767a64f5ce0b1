"""Loaded before everything else (`-p tests.plugin`): one embedded PostgreSQL for all test processes.

`HUOJU_TEST_DATABASE_URL` names another server to test against; its user must be allowed to create databases.
"""

import os
from pathlib import Path

import pytest

from huoju.core.database import EmbeddedServer

DATA_DIR = Path(__file__).resolve().parent.parent / "var" / "test"

# Tests must not meet the data that the developer's own settings point at. Set on import: the settings of
# Django are read before any hook of ours would run, and the processes of xdist inherit it.
_server = EmbeddedServer(DATA_DIR, durable=False)
os.environ["HUOJU_DATA_DIR"] = str(DATA_DIR)
os.environ["HUOJU_DATABASE_URL"] = os.environ.get("HUOJU_TEST_DATABASE_URL") or _server.url
os.environ.pop("HUOJU_DATABASE_POOL", None)
_started = pytest.StashKey[bool]()


def _is_embedded_here(config: pytest.Config) -> bool:
    """Whether this process looks after the server: no process of xdist does, nor with another server."""
    return not hasattr(config, "workerinput") and "HUOJU_TEST_DATABASE_URL" not in os.environ


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the server, before xdist starts its processes."""
    config = session.config
    if _is_embedded_here(config) and not config.option.collectonly:
        config.stash[_started] = _server.start()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server, unless another run beside this one started it."""
    if config.stash.get(_started, False):
        _server.stop()
