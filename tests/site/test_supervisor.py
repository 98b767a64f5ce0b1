"""Processes are kept running, ended in order, and found again after their supervisor was killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from huoju.site.supervisor import CRASHES, Child, Supervisor

pytestmark = pytest.mark.kill

# "huoju" is in the command line so that the supervisor knows the process as one of ours.
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); {ready}; time.sleep(60)  # huoju"
)
QUIET = "import time; name = 'huoju'; time.sleep(60)"


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, told: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "processes.json", told.append, command=[sys.executable, "-c"])
    yield supervisor
    supervisor.stop()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_step_returns_its_exit_code(supervisor: Supervisor) -> None:
    assert supervisor.step(["raise SystemExit(3)"], threading.Event()) == 3


def test_a_step_ends_early_when_told_to(supervisor: Supervisor) -> None:
    stop = threading.Event()
    stop.set()
    assert supervisor.step([QUIET], stop) == -signal.SIGTERM


def test_children_end_with_the_supervisor(supervisor: Supervisor) -> None:
    supervisor.start(Child("a", [QUIET]))
    supervisor.start(Child("b", [QUIET]))
    pids = [child.process.pid for child in supervisor.children if child.process]
    assert json.loads(supervisor.record.read_text()) == pids
    supervisor.stop()
    assert [_lives(pid) for pid in pids] == [False, False]
    assert not supervisor.record.exists()


def test_a_child_that_does_not_listen_is_killed(
    supervisor: Supervisor, told: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huoju.site.supervisor.GRACE_SECONDS", 0.2)
    ready = tmp_path / "ready"
    child = Child("a", [STUBBORN.format(ready=f"open({str(ready)!r}, 'w').close()")])
    supervisor.start(child)
    _until(ready.exists)
    supervisor.stop()
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL
    assert len(told) == 1


def test_a_child_that_crashes_is_started_again_but_not_for_ever(
    supervisor: Supervisor, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huoju.site.supervisor.CRASH_SECONDS", 1e9)
    supervisor.start(Child("a", ["raise SystemExit(7)"]))
    assert supervisor.watch(threading.Event()) == 1
    assert told[:-1] == ["a ended with 7; starting it again"] * (CRASHES - 1)
    assert told[-1] == "a ended 5 times within a minute; giving up"


def test_what_a_killed_supervisor_left_behind_is_ended(supervisor: Supervisor, tmp_path: Path) -> None:
    orphan = subprocess.Popen([sys.executable, "-c", QUIET], start_new_session=True)
    foreign = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        supervisor.record.write_text(json.dumps([orphan.pid, foreign.pid, 2**22 + 1]))
        _until(lambda: b"huoju" in Path(f"/proc/{orphan.pid}/cmdline").read_bytes())
        # Nobody waits for an orphan's end but init; here we are its parent and have to.
        threading.Thread(target=orphan.wait, daemon=True).start()
        assert supervisor.sweep() == 1
        assert foreign.poll() is None, "its number was somebody else's by now"
        assert not supervisor.record.exists()
        assert supervisor.sweep() == 0
    finally:
        orphan.kill()
        foreign.kill()
        foreign.wait()


def _until(holds: object) -> None:
    assert callable(holds)
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("never happened")
