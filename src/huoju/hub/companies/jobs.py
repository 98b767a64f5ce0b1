"""Studying companies that came in, and what was changed since."""

import time

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.facts.tide import TIDE
from huoju.core.jobs import periodic

from .operations import study_all

_PATIENCE = 300
"""Seconds for which an import may keep new companies unstudied."""


@periodic("* * * * *", label=_("Study new companies"))
def study_new_companies() -> None:
    """Brands, regions, industries, duplicates and the search, for what is new. Safe to repeat."""
    if not TIDE.holds("companies.study", _PATIENCE, time.monotonic()):
        study_all(now=timezone.now())
