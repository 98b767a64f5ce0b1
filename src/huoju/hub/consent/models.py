"""Permission to speak, with its proof."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Consent(models.Model):
    """A person's yes or no for one channel and purpose, at one time. Append-only: the latest row is the answer.

    `proof` holds what was shown and how it was answered: form, version, text, page, address, time.
    """

    person = models.ForeignKey("identity.Person", on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(_("channel"), max_length=20)  # email, sms, phone, wechat, …
    purpose = models.CharField(_("purpose"), max_length=40)  # marketing, service, …
    granted = models.BooleanField()
    at = models.DateTimeField()
    proof = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["person", "channel", "purpose", "-at"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.channel}/{self.purpose}: {self.granted}"
