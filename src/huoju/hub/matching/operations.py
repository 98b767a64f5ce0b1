"""Asking for a search, and setting from which probability people are asked."""

from datetime import datetime

from django.db import transaction

from . import jobs, running
from .models import MatchingRun
from .policy import as_content
from .queries import MODELS, Model


def request_run(*, actor: str, train: bool = False, now: datetime) -> MatchingRun:
    """Ask for a run; a job does it. `train`: learn new weights first.

    Raises `UserError` while another one is under way, or if Splink is missing.
    """
    with transaction.atomic():
        run = running.open_run(actor=actor, train=train, now=now)
        jobs.find_pairs.defer(run_id=run.pk)
    return run


def set_threshold(*, threshold: float, user_id: int | None, now: datetime) -> Model:
    """A new version with the same weights that suggests from `threshold` on. Raises `InvalidRulesError`."""
    model = MODELS.active()
    if model.threshold != threshold:
        content = {"weights": as_content(model.weights), "threshold": threshold}
        row = MODELS.save(content=content, note="", user_id=user_id, now=now)
        MODELS.activate(version=row.version, now=now)
    return MODELS.active()
