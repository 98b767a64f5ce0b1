"""The work on requests."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.jobs import Retry, job

from . import operations


@job(label=_("Work on a request about data"), queue="privacy", retry=Retry(attempts=5, wait=60))
def work_on(*, request_id: int) -> None:
    """Export or erase, step by step."""
    while operations.work(request_id, now=timezone.now()):
        pass
