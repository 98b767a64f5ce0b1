"""The company's day."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings


def company_today() -> date:
    """Today in the company's time zone, whatever zone the viewer is in: figures are the same for everybody."""
    return datetime.now(ZoneInfo(settings.TIME_ZONE)).date()
