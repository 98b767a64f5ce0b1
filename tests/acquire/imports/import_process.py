"""A real process that works on an import: `python -m tests.acquire.imports.import_process run 7 MEDIA [nolock]`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "huoju.site.settings"
django.setup()

from django.conf import settings
from django.utils import timezone

from huoju.acquire.imports import feeder, running, undoing
from huoju.acquire.imports.models import Import
from huoju.acquire.imports.registry import register_target

from .target import ThingTarget


@contextmanager
def everybody(import_id: int) -> Iterator[bool]:
    del import_id
    yield True


def main() -> None:
    verb, import_id, settings.MEDIA_ROOT = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    register_target(ThingTarget())
    feeder.CHILD_FROM_BYTES = 0
    running.BATCH_ROWS = 100
    undoing.BATCH_ROWS = 100
    if "nolock" in sys.argv:
        running.exclusive = everybody
    verbs = {"run": running.run_import, "rollback": undoing.roll_back_import}
    Import.objects.first()  # connected before we say so
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(verbs[verb](import_id=import_id, clock=timezone.now).value + "\n")


if __name__ == "__main__":
    main()
