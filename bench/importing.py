"""The importing process: `python -m bench.importing ID`."""

import gc
import sys

import django

django.setup()

from django.utils import timezone

from huoju.acquire.imports.running import run_import

if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # as `huoju worker` and `huoju import` do
    print("ready", flush=True)
    sys.stdin.readline()  # the clock starts when we are told to
    run_import(import_id=int(sys.argv[1]), clock=timezone.now)
