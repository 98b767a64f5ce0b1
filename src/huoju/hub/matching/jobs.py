"""The search runs once a week and when somebody asks for it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.errors import UserError
from huoju.core.jobs import job, periodic

from . import running


@job(label=_("Search for the same persons"), queue="matching", lock="matching")
def find_pairs(*, run_id: int) -> None:
    """Carry out a run that was asked for."""
    running.carry_out(run_id)


@periodic("15 19 * * 6", label=_("Search for the same persons every week"), queue="matching")
def find_pairs_weekly() -> None:
    """Sundays at 03:15 in Shanghai. Without Splink, or while a search is under way, there is nothing to do."""
    try:
        with transaction.atomic():
            run = running.open_run(actor="system", train=False, now=timezone.now())
            find_pairs.defer(run_id=run.pk)
    except UserError:
        return
