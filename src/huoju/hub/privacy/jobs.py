"""The work on requests."""

from django.utils import timezone

from huoju.core.jobs import Retry, job

from . import operations


@job(queue="privacy", retry=Retry(attempts=5, wait=60))
def work_on(*, request_id: int) -> None:
    """Export or erase, step by step."""
    while operations.work(request_id, now=timezone.now()):
        pass
