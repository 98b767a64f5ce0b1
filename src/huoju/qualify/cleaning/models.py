"""Cleaning rules: versioned rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CleaningRules(models.Model):
    """One version of the cleaning rules; the active one decides. Content: see `policy.RuleSet`."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    rules = models.JSONField(_("rules"))
    note = models.CharField(_("what changed"), max_length=200, blank=True)
    active = models.BooleanField(_("active"), default=False)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-version"]
        verbose_name = _("cleaning rules")
        verbose_name_plural = _("cleaning rules")
        constraints = [
            models.UniqueConstraint(
                fields=["active"], condition=models.Q(active=True), name="cleaning_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"v{self.version}"
