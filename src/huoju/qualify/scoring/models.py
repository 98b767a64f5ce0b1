"""Scoring rules: versioned rows."""

from django.db import models
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _

from huoju.core.rules import RuleVersion


class ScoringRules(RuleVersion):
    """One version of the scoring rules; the active one decides. Content: see `policy`."""

    class Meta(RuleVersion.Meta):
        verbose_name = _("scoring rules")
        verbose_name_plural = _("scoring rules")


class LeadScore(models.Model):
    """A lead's score, with every line of its explanation. Derived from the log by the reader `recognition`.

    `total` is `fit + engagement` and the sum of the lines. `as_of` is when the last fact was
    recorded that counted; a later nightly refresh (`ScoreRefresh`) has let the score decay further since.
    """

    lead = models.OneToOneField(
        "leads.Lead", primary_key=True, on_delete=models.DB_CASCADE, related_name="+", db_constraint=False
    )
    fit = models.SmallIntegerField()
    engagement = models.SmallIntegerField()
    total = models.SmallIntegerField()
    band = models.CharField(max_length=2)
    lines = models.JSONField()  # [{part, code, points, count?, latest?}]; labels come from the rules' version
    rules_version = models.PositiveIntegerField()
    as_of = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.total}"


class ScoreRefresh(models.Model):
    """One pass over all leads that lets scores decay to `as_of`, with how far it has come.

    From the moment the row is there, every score is computed as of `as_of` or later.
    """

    as_of = models.DateTimeField()
    rules_version = models.PositiveIntegerField()
    last_lead_id = models.BigIntegerField(default=0)
    seen = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Two open passes would overwrite each other's scores: only one row may have no end.
            models.UniqueConstraint(
                IsNull(models.F("done_at"), True),
                condition=models.Q(done_at=None),
                name="scoring_one_open_refresh",
            )
        ]

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d %H:%M}: {self.seen}"
