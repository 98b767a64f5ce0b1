"""Requests about one's data."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DataRequest(models.Model):
    """Somebody wants a copy of their data, or to be erased. The row itself outlives them, without saying who they were.

    `persons` are the members of the profile when work began. `steps` says what each holder did, in the transaction in
    which it did it: work that was cut off goes on behind the last step.
    """

    class Kind(models.TextChoices):
        ACCESS = "access", _("Copy of the data")
        ERASURE = "erasure", _("Erasure")

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("Waiting for confirmation by mail")
        OPEN = "open", _("To be decided")
        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    kind = models.CharField(_("request"), max_length=8, choices=Kind)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    person_id = models.BigIntegerField()
    persons = models.JSONField(default=list)
    address = models.CharField(max_length=320, blank=True)
    source = models.CharField(max_length=40)  # staff, preferences
    note = models.CharField(_("note"), max_length=500, blank=True)
    requested_at = models.DateTimeField(_("requested"))
    requested_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")
    due_at = models.DateTimeField(_("due"))
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")
    steps = models.JSONField(default=dict)
    file = models.FileField(upload_to="privacy/", max_length=200, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="privacy_by_due")]
        constraints = [
            # Asked twice is asked once.
            models.UniqueConstraint(
                fields=["person_id", "kind"],
                condition=models.Q(state__in=["unconfirmed", "open", "running"]),
                name="privacy_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
