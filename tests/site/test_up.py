"""`huoju up` for real: it starts, answers, survives kill -9, keeps the data, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from huoju.core.database import EmbeddedServer

pytestmark = [pytest.mark.kill, pytest.mark.slow]


class Up:
    """A running `huoju up`."""

    def __init__(self, data: Path, port: int, *arguments: str) -> None:
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("HUOJU_", "DJANGO_", "PYTEST_"))
        }
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "huoju", "--data", str(data), "up", "--port", str(port), "--web", "1", *arguments],
            env=environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def wait_for(self, text: str, seconds: float = 120) -> None:
        """Wait until a line has `text`."""
        deadline = time.monotonic() + seconds
        while not any(text in line for line in self.lines):
            assert self.process.poll() is None or text in "".join(self.lines), "".join(self.lines)
            assert time.monotonic() < deadline, "".join(self.lines)
            time.sleep(0.1)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        code = self.process.wait(90)
        # After kill -9 the children still hold the pipe.
        if number != signal.SIGKILL:
            self._reader.join(10)
        return code


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for pid in processes_of(tmp_path):
        os.kill(pid, signal.SIGKILL)
    EmbeddedServer(tmp_path).stop()


def processes_of(data: Path) -> list[int]:
    """Every process that has this data folder in its environment or command line."""
    needle = os.fsencode(data)
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                about = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if needle in about:
                found.append(int(folder.name))
    return found


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(port: int, path: str = "/readyz") -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as response:
        return int(response.status)


def test_a_life_with_a_kill_in_it(data: Path, port: int) -> None:
    first = Up(data, port)
    first.wait_for("Huoju is ready")
    assert answer(port) == 200
    server = EmbeddedServer(data)
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    second = Up(data, port)
    second.wait_for("Huoju is ready")
    assert answer(port) == 200
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)

    assert second.end() == 0, "".join(second.lines)
    assert second.lines[-1] == "huoju: stopped\n"
    assert not any("Traceback" in line for line in second.lines), "".join(second.lines)
    assert processes_of(data) == []
    with pytest.raises(OSError, match="refused"):
        answer(port)


def test_a_child_that_was_killed_comes_back(data: Path, port: int) -> None:
    up = Up(data, port)
    up.wait_for("Huoju is ready")
    (web, *_), workers = _children(data, "web"), _children(data, "worker")
    for pid in [web, *workers]:
        os.kill(pid, signal.SIGKILL)
    up.wait_for("web ended with -9")
    up.wait_for("worker ended with -9")
    _wait_until_ready(port)

    server = int((data / "pg" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(server, signal.SIGKILL)
    up.wait_for("the database had ended; it runs again")
    _wait_until_ready(port)
    assert up.end(signal.SIGTERM) == 0, "".join(up.lines)
    assert processes_of(data) == []


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        with suppress(OSError):
            if answer(port) == 200:
                return
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _children(data: Path, name: str) -> list[int]:
    command = re.compile(rb"huoju\0" + name.encode())
    return sorted(
        pid for pid in processes_of(data) if command.search(Path(f"/proc/{pid}/cmdline").read_bytes())
    )


def test_a_port_in_use_is_explained(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = Up(data, port)
        assert up.process.wait(60) == 1
        up.wait_for(f"cannot listen on 127.0.0.1:{port} (Address already in use): try --port {port + 1}", 5)
    assert processes_of(data) == []


def test_a_second_one_on_the_same_data_is_refused(data: Path, port: int) -> None:
    first = Up(data, port)
    first.wait_for("starting the database")
    second = Up(data, port + 1)
    assert second.process.wait(60) == 1
    second.wait_for(f"Huoju runs already with the data in {data}", 5)
    # In the middle of starting.
    assert first.end() == 0, "".join(first.lines)
    assert processes_of(data) == []


def test_a_sample_company_that_was_loaded_half_is_loaded_anew(data: Path, port: int) -> None:
    first = Up(data, port, "--demo", "300")
    first.wait_for("sample: 15 people")
    first.end(signal.SIGKILL)
    for pid in processes_of(data):  # at once: what loads the sample would finish before anybody looks
        with suppress(ProcessLookupError, FileNotFoundError):
            if b"postgres" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
    second = Up(data, port, "--demo", "300")
    second.wait_for("loaded half; starting over")
    second.wait_for("Ctrl-C stops it")
    assert "    admin          admin / huoju-demo\n" in second.lines
    assert any("sample: 300 leads in " in line for line in second.lines)
    assert second.end() == 0, "".join(second.lines)

    third = Up(data, port, "--demo", "300")
    third.wait_for("Ctrl-C stops it")
    assert not any(line.startswith("sample:") for line in third.lines)
    assert "    admin          admin / huoju-demo\n" in third.lines
    assert third.end() == 0, "".join(third.lines)
    assert processes_of(data) == []
