"""Studying companies that came in, and what was changed since."""

from django.utils import timezone

from huoju.core.jobs import periodic

from .operations import study_all


@periodic("* * * * *")
def study_new_companies() -> None:
    """Brands, regions, industries, duplicates and the search, for what is new. Safe to repeat."""
    study_all(now=timezone.now())
