"""What the commands share: talking to the operator, and ending with a message."""

import os
import signal
import sys
import threading
import time


class CommandError(Exception):
    """A command cannot go on; the message says why and what to do."""


def say(text: str) -> None:
    """A line to the operator, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C and the usual signals set. Call it in the main thread."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop


def end_with_parent() -> None:
    """Ask this process to end once the `huoju up` that started it is gone, however that went.

    Does nothing in a process that somebody else started.
    """
    if not os.environ.get("HUOJU_SUPERVISED"):
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
