"""Routing rules, sales people's capacity, and the round robin's memory."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from huoju.core.rules import RuleVersion


class RoutingRules(RuleVersion):
    """One version of the routing rules; the active one decides. Content: see `policy.RoutingRules`."""

    class Meta(RuleVersion.Meta):
        verbose_name = _("routing rules")
        verbose_name_plural = _("routing rules")


class SalesSeat(models.Model):
    """A sales person who receives leads: regions served, how many open leads at most, weight, away or not.

    `open_leads` counts the leads assigned and not yet closed; `served` is the round robin's memory.
    """

    user = models.OneToOneField("access.User", primary_key=True, on_delete=models.CASCADE, related_name="+")
    regions = models.JSONField(
        _("regions"), default=list, blank=True
    )  # GB/T 2260 province codes; empty: everywhere
    products = models.JSONField(_("product lines"), default=list, blank=True)
    capacity = models.PositiveIntegerField(_("open leads at most"), default=100)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    away = models.BooleanField(_("away"), default=False)
    open_leads = models.IntegerField(_("open leads"), default=0)
    served = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.user_id)


class Assignment(models.Model):
    """A routing decision: which lead, to whom (None: nobody could take it), by which rule, and why."""

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")
    rule = models.CharField(max_length=80)
    trace = models.JSONField()
    at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)
    reject_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["lead", "-at"], name="routing_assignment_of_lead")]

    def __str__(self) -> str:
        return f"{self.lead_id} → {self.owner_id}"
