"""MQL criteria: versioned rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MqlCriteria(models.Model):
    """One version of the MQL criteria; the active one decides. Content: see `policy`."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    rules = models.JSONField(_("rules"))
    note = models.CharField(_("what changed"), max_length=200, blank=True)
    active = models.BooleanField(_("active"), default=False)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-version"]
        verbose_name = _("MQL criteria")
        verbose_name_plural = _("MQL criteria")
        constraints = [
            models.UniqueConstraint(
                fields=["active"], condition=models.Q(active=True), name="recognition_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"v{self.version}"
