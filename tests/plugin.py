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
# Which run started the server, by the process that hands the tests out.
_owner = DATA_DIR / "started_by"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the server, unless this process only hands tests out or lists them."""
    config = session.config
    is_xdist_process = "PYTEST_XDIST_WORKER" in os.environ
    hands_out = config.getoption("numprocesses", None) and not is_xdist_process
    if hands_out or config.option.collectonly or "HUOJU_TEST_DATABASE_URL" in os.environ:
        return
    if _server.start():
        _owner.write_text(str(os.getppid() if is_xdist_process else os.getpid()))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop the servers that this run started, but not one that another run beside it uses.

    The process that hands out does it for all: xdist kills the others if they take long to end.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    for owner in DATA_DIR.parent.glob("*/started_by"):
        if owner.read_text() == str(os.getpid()):
            EmbeddedServer(owner.parent, durable=False).stop()
            owner.unlink()
