"""Nightly housekeeping: rested callers of the rate limit and sessions that have ended."""

from django.contrib.sessions.models import Session
from django.utils import timezone

from huoju.core.jobs import periodic

from .ratelimit import purge


@periodic("20 19 * * *", queue="default")  # UTC: the small hours in China
def forget_the_rested() -> None:
    """Delete what says nothing any more. Safe to repeat."""
    now = timezone.now()
    purge(now=now)
    Session.objects.filter(expire_date__lt=now).delete()
