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

    `open_leads` is the number of the person's `Holding` rows; both are written together, under the lock of the seat.
    """

    user = models.OneToOneField("access.User", primary_key=True, on_delete=models.CASCADE, related_name="+")
    # GB/T 2260 province codes and product lines; empty: all
    regions = models.JSONField(_("regions"), default=list, blank=True)
    products = models.JSONField(_("product lines"), default=list, blank=True)
    capacity = models.PositiveIntegerField(_("open leads at most"), default=100)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    away = models.BooleanField(_("away"), default=False)
    open_leads = models.IntegerField(_("open leads"), default=0)

    class Meta:
        verbose_name = _("sales seat")
        verbose_name_plural = _("sales seats")

    def __str__(self) -> str:
        return str(self.user_id)


class Holding(models.Model):
    """A lead that somebody has in hand: assigned, and waiting for an answer or being worked on.

    Derived from the leads by the reader `routing`. No foreign keys: a lead that was rolled back is missed here first.
    """

    lead_id = models.BigIntegerField(primary_key=True)
    owner_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["owner_id"], name="routing_holding_of_owner")]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.owner_id}"


class Turns(models.Model):
    """The round robin's memory: what each person of a group has spent, {user id: spent}. See `policy.RoutingState`."""

    group = models.CharField(max_length=120, primary_key=True)
    spent = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.group


class Assignment(models.Model):
    """A routing decision: which lead, to whom (None: nobody could take it), by which rule, and why."""

    lead = models.ForeignKey("leads.Lead", on_delete=models.DB_CASCADE, related_name="+", db_index=False)
    owner = models.ForeignKey("access.User", null=True, on_delete=models.DB_SET_NULL, related_name="+")
    rule = models.CharField(max_length=80)
    outcome = models.CharField(max_length=12, default="assigned")
    rules_version = models.PositiveIntegerField(default=0)
    trace = models.JSONField()  # ["region:turn", …]
    at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["lead", "-id"], name="routing_assignment_of_lead")]

    def __str__(self) -> str:
        return f"{self.lead_id} → {self.owner_id}"
