"""The process that `feeder.feed` starts: a `Spec` comes in on standard input, batches go out on standard output.

Django's apps are not loaded: with them the first batch would come seconds later.
"""

import contextlib
import gc
import os
import pickle
import signal
import sys

from django.apps import apps

from .feeder import send


def main() -> None:
    """Read, map, prepare and send, until the file ends or the other side goes away."""
    # Ctrl-C reaches the whole group; the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)  # whoever writes comes first: it is what the import waits for, unless it waits for us
    # Only batches may go out there: whatever anybody prints goes to standard error.
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Ready, with no app at all: the choices of a field are also known by their translated labels.
    apps.populate(())
    # A batch makes many objects that all die together: looking for cycles among them is a waste.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    with contextlib.suppress(BrokenPipeError), pipe:
        send(pickle.load(sys.stdin.buffer), pipe)


if __name__ == "__main__":
    main()
