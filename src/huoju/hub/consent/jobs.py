"""Deferred work of consent."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.jobs import Retry, job, periodic, stopping

from . import operations


@periodic("* * * * *", label=_("Send mails about consent"), queue="consent")
def send_letters() -> None:
    """Send the mails on the ledger. What the mail server refuses waits for the next minute."""
    operations.send_waiting(now=timezone.now())


@job(label=_("Read a file into a suppression list"), queue="consent", retry=Retry(attempts=3))
def read_upload(*, upload_id: int) -> None:
    """Put a file on its list, piece by piece."""
    while operations.read_upload(upload_id, now=timezone.now()):
        if stopping():
            read_upload.using(key=f"suppression-upload-{upload_id}").defer(upload_id=upload_id)
            return
