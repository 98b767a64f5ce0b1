"""Starts processes, keeps them running and ends them. Knows nothing of what they do.

Each child leads a process group of its own: Ctrl-C in the terminal reaches only us, and whatever a child
leaves behind is found by its group. Which groups there are is written to a file first, so that a successor
of a killed supervisor can end them.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

GRACE_SECONDS = 30.0
"""How long a child may take to end before it is killed."""
CRASHES, CRASH_SECONDS = 5, 60.0
"""A child that ended so often in such a time is not started again."""


@dataclass
class Child:
    """A process to keep running: its name and what `huoju` is called with."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    ended_at: list[float] = field(default_factory=list)


class Supervisor:
    """Keeps children running. `tell` shows a line to the operator."""

    def __init__(
        self,
        record: Path,
        tell: Callable[[str], None],
        command: Sequence[str] = (sys.executable, "-m", "huoju"),
    ) -> None:
        """`record` is the file that names our process groups; `command` is what the children's arguments go to."""
        self.record = record
        self.command = command
        self.tell = tell
        self.children: list[Child] = []
        self.groups: list[int] = []

    def sweep(self) -> int:
        """End what a killed predecessor left running; how many groups that were."""
        try:
            groups = [int(group) for group in json.loads(self.record.read_text())]
        except (FileNotFoundError, ValueError):
            return 0
        leftovers = [group for group in groups if _is_ours(group)]
        for group in leftovers:
            _signal_group(group, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and any(_is_ours(group) for group in leftovers):
            time.sleep(0.1)
        for group in leftovers:
            if _is_ours(group):
                _signal_group(group, signal.SIGKILL)
        self.record.unlink(missing_ok=True)
        return len(leftovers)

    def step(self, arguments: Sequence[str], stop: threading.Event) -> int:
        """Run a command to its end and return its exit code; `stop` ends it early."""
        process = self._spawn(arguments, {})
        while process.poll() is None:
            if stop.wait(0.05):
                self._end([process])
        return process.returncode

    def start(self, child: Child) -> None:
        """Start a child and look after it from now on."""
        self.children.append(child)
        child.process = self._spawn(child.arguments, child.environment)

    def watch(self, stop: threading.Event, look: Callable[[], object] = lambda: None) -> int:
        """Keep the children running until `stop` is set (0) or one of them cannot be kept running (1).

        `look` is called at every turn: it looks after what is not our child.
        """
        while not stop.wait(0.25):
            look()
            for child in self.children:
                if child.process is None or child.process.poll() is None:
                    continue
                now = time.monotonic()
                child.ended_at = [at for at in child.ended_at if at > now - CRASH_SECONDS] + [now]
                if len(child.ended_at) >= CRASHES:
                    self.tell(f"{child.name} ended {CRASHES} times within a minute; giving up")
                    return 1
                self.tell(f"{child.name} ended with {child.process.returncode}; starting it again")
                _signal_group(child.process.pid, signal.SIGKILL)
                if stop.wait(min(2.0, 0.25 * 2 ** len(child.ended_at))):
                    return 0
                child.process = self._spawn(child.arguments, child.environment)
        return 0

    def stop(self) -> None:
        """End the children and wait for them; kill what does not end in time."""
        self._end([child.process for child in self.children if child.process is not None])
        for group in self.groups:
            if _is_ours(group):
                _signal_group(group, signal.SIGKILL)
        self.record.unlink(missing_ok=True)

    def _spawn(self, arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*self.command, *arguments],
            env={**os.environ, "HUOJU_SUPERVISED": "1", **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.groups.append(process.pid)
        unfinished = self.record.with_suffix(".part")
        unfinished.write_text(json.dumps(self.groups))
        unfinished.replace(self.record)
        return process

    def _end(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.tell(f"process {process.pid} does not end; killing it")
                _signal_group(process.pid, signal.SIGKILL)
                process.wait()


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _is_ours(group: int) -> bool:
    """Whether the group still has a process that runs Huoju: its number may be somebody else's by now."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return any(pgid == group and ("huoju" in line or "granian" in line) for pgid, line in _processes())


def _processes() -> list[tuple[int, str]]:
    """Process group and command line of every process that we may see."""
    found = []
    if Path("/proc/self/stat").exists():
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError, ValueError, IndexError):
                    # After the name, which is in brackets and may contain anything: state, parent, group.
                    state, _, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
                    if state != "Z":
                        found.append((int(group), (folder / "cmdline").read_text().replace("\0", " ")))
        return found
    command = ["ps", "-A", "-o", "pgid=,command="]
    for line in subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines():
        group, _, rest = line.strip().partition(" ")
        found.append((int(group), rest))
    return found
