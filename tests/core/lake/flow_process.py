"""Real processes that let the lake flow in many small steps, to be killed in the middle of one.

Run as `python -m tests.core.lake.flow_process FOLDER`. For each line on standard input a child is made, which says its
number, then how far it is, a line a step, and ends when all has flowed; "ended" follows its end, whatever that was.
"""

import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "huoju.site.settings"
django.setup()

from django.utils import timezone

from huoju.core.lake import flow
from huoju.core.lake.manifest import only_writer
from huoju.core.lake.store import Store
from tests.core.lake import kinds  # noqa: F401 (the kinds must be known)
from tests.core.lake.conftest import THING


def main() -> None:
    for _ in sys.stdin:
        child = (
            os.fork()
        )  # before anything has touched the database: importing Django each time takes seconds
        if child == 0:
            _say(str(os.getpid()))
            _flow(Store(sys.argv[1]))
            os._exit(0)
        os.waitpid(child, 0)
        _say("ended")


def _flow(place: Store) -> None:
    step = 0
    with only_writer():
        while flow.flow_facts(place, now=timezone.now(), chunk=64):
            flow.flow_table(place, THING, now=timezone.now())
            step += 1
            _say(str(step))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
