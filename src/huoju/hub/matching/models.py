"""The versions of the model, and its runs."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from huoju.core.rules import RuleVersion


class MatchingModel(RuleVersion):
    """One version of the weights and the threshold; the active one decides. Content: see `queries.MODELS`."""

    class Meta(RuleVersion.Meta):
        verbose_name = _("matching model")
        verbose_name_plural = _("matching models")


class RunState(models.TextChoices):
    """How far a run is."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class MatchingRun(models.Model):
    """One search for pairs of persons that may be one. `bands` counts the pairs found by their probability."""

    state = models.CharField(max_length=10, choices=RunState, default=RunState.WAITING)
    train = models.BooleanField(default=False)  # asked for: learn new weights first
    actor = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=20, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    persons = models.PositiveIntegerField(default=0)
    candidates = models.BigIntegerField(default=0)
    suggested = models.PositiveIntegerField(default=0)
    above = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(null=True)
    threshold = models.FloatField(null=True)
    bands = models.JSONField(default=dict)
    crowds = models.JSONField(default=dict)
    problem = models.TextField(blank=True)

    class Meta:
        verbose_name = _("matching run")
        verbose_name_plural = _("matching runs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(state__in=["waiting", "running"]), name="matching_one_run"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"

    @property
    def under_way(self) -> bool:
        """Whether it is waiting or running."""
        return self.state in (RunState.WAITING, RunState.RUNNING)
