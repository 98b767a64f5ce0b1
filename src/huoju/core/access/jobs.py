"""Mails about passwords; and nightly housekeeping: rested callers of the rate limit, sessions that have ended."""

from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.jobs import Retry, job, periodic

from .mailing import send_link
from .ratelimit import purge


@job(label=_("Mail a link for a new password"), queue="default", retry=Retry(attempts=3))
def mail_new_password_link(*, user_id: int, language: str) -> None:
    """The mail server's errors are tried again; a worker that dies in between may send the link twice."""
    send_link(user_id=user_id, language=language)


@periodic(
    "20 19 * * *", label=_("Delete sessions that ended"), queue="default"
)  # UTC: the small hours in China
def forget_the_rested() -> None:
    """Delete what says nothing any more. Safe to repeat."""
    now = timezone.now()
    purge(now=now)
    Session.objects.filter(expire_date__lt=now).delete()
