"""Imports on the queue. A killed worker's job is run again and goes on behind the last committed batch."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.jobs import Job, Retry, job, stopping

from . import running, surveying, undoing
from .running import RunResult

QUEUE = "imports"
_BUSY_WAIT = timedelta(seconds=2)


@job(label=_("Import a file"), queue=QUEUE, retry=Retry(attempts=8, wait=5))
def run_import(*, import_id: int) -> None:
    """Run an import to its end, or until this worker has to stop: then the next worker goes on."""
    result = running.run_import(import_id=import_id, clock=timezone.now, stopping=stopping)
    _go_on(run_import, result, import_id)


@job(label=_("Check a file before its import"), queue=QUEUE, retry=Retry(attempts=3, wait=5))
def survey_import(*, import_id: int) -> None:
    """Count what an import would do. Starts anew when interrupted: nothing depends on it."""
    result = surveying.survey_import(import_id=import_id, clock=timezone.now, stopping=stopping)
    _go_on(survey_import, result, import_id)


@job(label=_("Take an import back"), queue=QUEUE, retry=Retry(attempts=8, wait=5))
def roll_back_import(*, import_id: int) -> None:
    """Take an import back."""
    result = undoing.roll_back_import(import_id=import_id, clock=timezone.now, stopping=stopping)
    _go_on(roll_back_import, result, import_id)


def _go_on(work: Job[...], result: RunResult, import_id: int) -> None:
    """Put work on the queue again that has not come to its end.

    Busy: somebody holds the import, perhaps for something else that is about to stop (a count of the file while
    *Import* is pressed, the last batch before *Stop*). Whoever comes then must not be forgotten.
    """
    if result not in {RunResult.AGAIN, RunResult.BUSY}:
        return
    at = timezone.now() + _BUSY_WAIT if result is RunResult.BUSY else None
    work.using(key=f"{work.name}-{import_id}", at=at).defer(import_id=import_id)
