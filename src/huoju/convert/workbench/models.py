"""What sales people note about their leads."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Activity(models.Model):
    """A call, visit, message or note on a lead (跟进记录)."""

    class Kind(models.TextChoices):
        CALL = "call", _("Call")
        VISIT = "visit", _("Visit")
        MESSAGE = "message", _("Message")
        NOTE = "note", _("Note")

    class Outcome(models.TextChoices):
        REACHED = "reached", _("Reached")
        NO_ANSWER = "no_answer", _("No answer")
        CALL_BACK = "call_back", _("Call back later")
        WRONG_NUMBER = "wrong_number", _("Wrong number")
        NOT_INTERESTED = "not_interested", _("Not interested")

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome, blank=True)
    text = models.TextField(_("note"), blank=True, max_length=5000)
    at = models.DateTimeField(_("time"))
    next_at = models.DateTimeField(_("next contact"), null=True, blank=True)
    by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["lead", "-at"], name="workbench_activity_of_lead")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"
