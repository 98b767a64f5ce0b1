"""Scoring rules: versioned rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ScoringRules(models.Model):
    """One version of the scoring rules; the active one decides. Content: see `policy`."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    rules = models.JSONField(_("rules"))
    note = models.CharField(_("what changed"), max_length=200, blank=True)
    active = models.BooleanField(_("active"), default=False)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-version"]
        verbose_name = _("scoring rules")
        verbose_name_plural = _("scoring rules")
        constraints = [
            models.UniqueConstraint(
                fields=["active"], condition=models.Q(active=True), name="scoring_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class LeadScore(models.Model):
    """A lead's score as of a time, with every line of its explanation. Derived from the log by the scoring reader."""

    lead = models.OneToOneField("leads.Lead", primary_key=True, on_delete=models.CASCADE, related_name="+")
    fit = models.SmallIntegerField()
    engagement = models.SmallIntegerField()
    total = models.SmallIntegerField()
    band = models.CharField(max_length=2)
    lines = models.JSONField()  # [{code, params, points}], translated on display
    rules_version = models.PositiveIntegerField()
    as_of = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.total}"
