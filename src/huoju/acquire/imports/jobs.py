"""Imports on the queue. A killed worker's job is run again and goes on behind the last committed batch."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.jobs import Retry, job, stopping

from . import running, surveying, undoing
from .running import RunResult

QUEUE = "imports"


@job(label=_("Import a file"), queue=QUEUE, retry=Retry(attempts=8, wait=5))
def run_import(*, import_id: int) -> None:
    """Run an import to its end, or until this worker has to stop: then the next worker goes on."""
    if running.run_import(import_id=import_id, clock=timezone.now, stopping=stopping) is RunResult.AGAIN:
        run_import.defer(import_id=import_id)


@job(label=_("Check a file before its import"), queue=QUEUE, retry=Retry(attempts=3, wait=5))
def survey_import(*, import_id: int) -> None:
    """Count what an import would do. Starts anew when interrupted: nothing depends on it."""
    if surveying.survey_import(import_id=import_id, clock=timezone.now, stopping=stopping) is RunResult.AGAIN:
        survey_import.defer(import_id=import_id)


@job(label=_("Take an import back"), queue=QUEUE, retry=Retry(attempts=8, wait=5))
def roll_back_import(*, import_id: int) -> None:
    """Take an import back."""
    if (
        undoing.roll_back_import(import_id=import_id, clock=timezone.now, stopping=stopping)
        is RunResult.AGAIN
    ):
        roll_back_import.defer(import_id=import_id)
