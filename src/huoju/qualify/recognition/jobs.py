"""Every night scores decay and leads are judged again; the same happens after new rules."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.jobs import job, periodic, stopping
from huoju.qualify.scoring.operations import CHUNK, refresh_chunk, start_refresh

from .operations import judge_batch
from .queries import list_first_stage


@job(label=_("Bring all scores up to today"), queue="scoring", lock="scoring")
def refresh_scores() -> None:
    """Bring every score to this moment and judge the leads, chunk by chunk; goes on where it was stopped."""
    refresh = start_refresh(now=timezone.now())
    while not stopping():
        now = timezone.now()
        with transaction.atomic():
            scored = refresh_chunk(refresh_id=refresh.pk, now=now)
            if scored is None:
                return
            judge_batch([(lead, score.total) for lead, score in scored.leads], now=now)
    refresh_scores.defer()


@periodic("30 18 * * *", label=_("Bring all scores up to today every night"), queue="scoring")
def refresh_scores_nightly() -> None:
    """At 02:30 in Shanghai."""
    refresh_scores.using(key="refresh").defer()


@job(label=_("Judge leads by new criteria"), queue="scoring", lock="scoring")
def rejudge(*, after: int = 0) -> None:
    """Judge every lead at the first stage by the criteria of today, from lead `after` on."""
    while not stopping():
        with transaction.atomic():
            leads = list_first_stage(after=after, limit=CHUNK)
            if not leads:
                return
            judge_batch([(lead, lead.score) for lead in leads], now=timezone.now())
            after = leads[-1].lead_id
    rejudge.defer(after=after)
