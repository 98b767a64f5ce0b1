"""Nightly housekeeping."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from huoju.core.access.jobs import forget_the_rested
from huoju.core.access.models import RateAllowance


@pytest.mark.django_db
def test_only_what_has_ended_goes() -> None:
    now = timezone.now()
    for name, moment in (("past", now - timedelta(minutes=1)), ("future", now + timedelta(hours=1))):
        RateAllowance.objects.create(key=name, taken_until=moment)
        Session.objects.create(session_key=name, session_data="", expire_date=moment)
    forget_the_rested()
    assert list(RateAllowance.objects.values_list("key", flat=True)) == ["future"]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["future"]
