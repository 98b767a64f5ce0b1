"""`huoju worker`: reads the fact log and runs jobs until it is asked to stop."""

import argparse
import gc
import logging
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from django.db import connection

from huoju.core import jobs
from huoju.core.facts import worker
from huoju.site.commands import migrate
from huoju.site.console import end_with_parent, stop_on_signals

log = logging.getLogger(__name__)


def run(options: argparse.Namespace) -> None:
    """Both in one process. If either fails the process ends with its error, and whoever started it starts it again."""
    # A batch of facts makes many objects that all die together: looking for cycles among them is a waste.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    stop = stop_on_signals()
    end_with_parent()
    # Under `huoju up` the web process migrates meanwhile.
    while options.wait and not stop.is_set() and not migrate.is_current():
        stop.wait(0.25)
    connection.close()
    with ThreadPoolExecutor(2, thread_name_prefix="worker") as pool:
        reading = pool.submit(worker.run, stop)
        working = pool.submit(jobs.run, stop, concurrency=options.jobs)
        log.info("worker: ready")
        ended, _ = wait([reading, working], return_when=FIRST_COMPLETED)
        stop.set()
    for each in ended:
        each.result()
