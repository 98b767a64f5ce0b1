"""Opportunities, trials and money."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Opportunity(models.Model):
    """A possible sale (商机): budget, need, buying process or tender is known. One a lead."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    lead = models.OneToOneField("leads.Lead", on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey("companies.Company", null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(_("name"), max_length=200)
    owner = models.ForeignKey("access.User", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=5, choices=State, default=State.OPEN)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    expected_on = models.DateField(_("expected signing"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    won_at = models.DateTimeField(_("won"), null=True, blank=True)
    lost_at = models.DateTimeField(_("lost"), null=True, blank=True)
    lost_reason = models.CharField(_("reason"), max_length=40, blank=True)
    competitor = models.CharField(_("competitor"), max_length=120, blank=True)
    external_id = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 (absent is not empty)
    import_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        constraints = [
            models.CheckConstraint(
                condition=(models.Q(state="won") & models.Q(won_at__isnull=False))
                | (models.Q(state="lost") & models.Q(lost_at__isnull=False))
                | models.Q(state="open", won_at=None, lost_at=None),
                name="deals_state_has_its_time",
            ),
            models.UniqueConstraint(fields=["external_id"], name="deals_external_id_once"),
        ]
        indexes = [models.Index(fields=["owner", "state", "-opened_at"], name="deals_of_owner")]

    def __str__(self) -> str:
        return self.name


class Poc(models.Model):
    """The product on trial at the customer (POC), with what would make it a success."""

    class Result(models.TextChoices):
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed")

    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="+")
    criteria = models.TextField(_("success criteria"), blank=True)
    started_at = models.DateTimeField(_("started"))
    due_on = models.DateField(_("due"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    result = models.CharField(_("result"), max_length=6, choices=Result, blank=True)
    failure_reason = models.CharField(_("failure reason"), max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity"], condition=models.Q(ended_at=None), name="deals_one_open_poc"
            )
        ]

    def __str__(self) -> str:
        return f"POC {self.pk}"


class Payment(models.Model):
    """Money collected (回款) on a won opportunity, and whose deal it was then: it stays that company's."""

    opportunity = models.ForeignKey(Opportunity, on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey("companies.Company", null=True, on_delete=models.SET_NULL, related_name="+")
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    paid_at = models.DateTimeField(_("paid"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    recorded_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")
    external_id = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 (absent is not empty)
    import_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["paid_at", "id"]
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [models.UniqueConstraint(fields=["external_id"], name="deals_payment_external_id_once")]
        indexes = [models.Index(fields=["opportunity", "paid_at"], name="deals_payments_of")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
