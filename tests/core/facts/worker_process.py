"""A real worker process whose reader is slow enough to be killed in the middle of a batch.

Run as `python -m tests.core.facts.worker_process`; stops on SIGTERM.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "huoju.site.settings"
django.setup()

from django.db import connection

from huoju.core.facts import readers, worker

from .kinds import Counted


def handle(facts: Sequence[readers.StoredFact], now: datetime) -> None:
    with connection.cursor() as cursor:
        for fact in facts:
            cursor.execute(
                "INSERT INTO test_effect (reader, n, person) VALUES ('killed', %s, %s)",
                [fact.data().n, fact.person_id],
            )
            time.sleep(0.0005)


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # Only this reader: the product's own are wired into the same registry.
    readers._readers.clear()
    readers.register(readers.Reader("killed", (Counted,), handle, batch=50))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    worker.run(stop)


if __name__ == "__main__":
    main()
