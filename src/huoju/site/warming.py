"""What a web process does beside its first requests, so that later ones are answered evenly."""

import gc

from django.utils.module_loading import import_string

JOBS = ("huoju.measure.funnel.jobs.warm_up",)
"""Rooms that answer faster once they have looked around."""


def warm_up() -> None:
    """For a thread of its own: prepare what the usual questions need, then keep it for good.

    All that is loaded by now stays as long as the process. Python would look through it for cycles again and again, and
    each time every request would wait a quarter of a second.
    """
    for job in JOBS:
        import_string(job)()
    gc.freeze()
