"""What waits for a person's decision before it may become a lead."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Quarantined(models.Model):
    """A submission or imported row that cleaning did not let through (隔离), with the reasons, until somebody decides.

    `candidate` is the normalised candidate as the cleaning steps saw it; releasing it makes a lead of it.
    """

    class Decision(models.TextChoices):
        RELEASED = "released", _("Released")
        CONFIRMED = "confirmed", _("Confirmed as bad")

    origin = models.CharField(max_length=80)  # "submission:12", "import:3/77"
    verdict = models.CharField(max_length=10)  # quarantine or drop
    reasons = models.JSONField(_("reasons"))  # [{step, code, field, detail}]
    candidate = models.JSONField()
    rules_version = models.PositiveIntegerField()
    import_id = models.BigIntegerField(null=True)
    received_at = models.DateTimeField(_("received"))
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("access.User", null=True, on_delete=models.DB_SET_NULL, related_name="+")
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    lead = models.ForeignKey("leads.Lead", null=True, on_delete=models.DB_SET_NULL, related_name="+")

    class Meta:
        ordering = ["received_at", "id"]
        constraints = [models.UniqueConstraint(fields=["origin"], name="intake_origin_once")]
        indexes = [
            models.Index(
                fields=["received_at", "id"], condition=models.Q(decided_at=None), name="intake_undecided"
            )
        ]

    def __str__(self) -> str:
        return self.origin
