"""`huoju up`: everything on one machine. The database, the web process and the workers are processes of their own."""

import argparse
import fcntl
import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from huoju.core.database import EmbeddedServer, data_dir, database_url, is_embedded
from huoju.site.console import CommandError, say, stop_on_signals
from huoju.site.sample.presence import Presence
from huoju.site.sample.words import PASSWORD
from huoju.site.supervisor import Child, Supervisor

READY_SECONDS = 90.0


def run(options: argparse.Namespace) -> int:
    """Start everything, say where it is, keep it running; on a signal stop it in order, the database last."""
    home = data_dir()
    home.mkdir(parents=True, exist_ok=True)
    stop = stop_on_signals()
    os.environ.setdefault("HUOJU_PUBLIC_URL", f"http://localhost:{options.port}")
    with _only_one(home / "up.lock"):
        supervisor = Supervisor(home / "processes.json", lambda text: say(f"huoju: {text}"))
        if count := supervisor.sweep():
            say(f"huoju: ended {count} processes that an earlier run had left behind")
        _check_address(options.host, options.port)
        server = EmbeddedServer(home) if is_embedded() else None
        try:
            return _serve(options, supervisor, server, stop)
        finally:
            say("huoju: stopping …")
            supervisor.stop()
            if server:
                server.stop()
            say("huoju: stopped")


def _serve(
    options: argparse.Namespace, supervisor: Supervisor, server: EmbeddedServer | None, stop: threading.Event
) -> int:
    began = time.monotonic()
    if server:
        say("huoju: starting the database …")
        server.start()
    else:
        _check_database()
    presence = Presence(database_url(data_dir()), data_dir())
    if options.demo and presence.is_interrupted():
        if server is None:
            raise CommandError("the sample company was loaded half; give it an empty database")
        say("huoju: the sample company was loaded half; starting over")
        server.empty()
    if stop.is_set():
        return 0
    processes = options.web or min(4, os.cpu_count() or 1)
    address = ["--host", options.host, "--port", str(options.port)]
    supervisor.start(Child("web", ["web", "--migrate", *address, "--web", str(processes)]))
    workers = [
        Child(f"worker {number}" if options.workers > 1 else "worker", ["worker", "--wait"])
        for number in range(1, options.workers + 1)
    ]
    if options.demo and presence.is_empty():
        _wait_until_it_answers(options.host, options.port, supervisor, stop)
        say(f"huoju: answers at {os.environ['HUOJU_PUBLIC_URL']}; the sample company comes next")
        # Before the workers start: it does their work itself, and faster.
        if (
            not stop.is_set()
            and supervisor.step(["sample", "--leads", str(options.demo)], stop)
            and not stop.is_set()
        ):
            raise CommandError("the sample company could not be loaded; see above")
    for worker in workers:
        if not stop.is_set():
            supervisor.start(worker)
    _wait_until_it_answers(options.host, options.port, supervisor, stop)
    if not stop.is_set():
        _announce(options, presence, time.monotonic() - began)

    def look_after_the_database() -> None:
        if server and not server.is_alive() and server.start():
            say("huoju: the database had ended; it runs again")

    return supervisor.watch(stop, look_after_the_database)


def _announce(options: argparse.Namespace, presence: Presence, seconds: float) -> None:
    say(f"\nHuoju is ready after {seconds:.0f} s: {os.environ['HUOJU_PUBLIC_URL']}")
    if options.demo:
        for role, username in presence.logins():
            say(f"    {role:<14} {username} / {PASSWORD}")
    if presence.is_empty():
        say("    Nobody can sign in yet: huoju admin NAME creates an administrator.")
    say(f"Ctrl-C stops it; the data stays in {data_dir()}\n")


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Two of us on the same data would end each other's processes."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CommandError(f"Huoju runs already with the data in {path.parent}") from error
        yield


def _check_address(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"cannot listen on {host}:{port} ({error.strerror}): try --port {port + 1}"
            ) from error


def _check_database() -> None:
    try:
        psycopg.connect(database_url(data_dir()), connect_timeout=10).close()
    except psycopg.OperationalError as error:
        raise CommandError(f"the database of HUOJU_DATABASE_URL cannot be reached: {error}") from error


def _wait_until_it_answers(host: str, port: int, supervisor: Supervisor, stop: threading.Event) -> None:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared, not listened on)
    deadline = time.monotonic() + READY_SECONDS
    while not stop.wait(0.1):
        web = supervisor.children[0].process
        if web is not None and web.poll() is not None:
            raise CommandError("the web process did not start; see above")
        connection = http.client.HTTPConnection(target, port, timeout=5)
        try:
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            if connection.getresponse().status == http.client.OK:
                return
        except (OSError, http.client.HTTPException):  # not yet, or not us
            pass
        finally:
            connection.close()
        if time.monotonic() > deadline:
            raise CommandError(f"no answer from {host}:{port} within {READY_SECONDS:.0f} s; see above")
