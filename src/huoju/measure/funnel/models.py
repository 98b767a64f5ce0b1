"""Leads and payments as the log tells them: what the funnel is counted from."""

from django.db import models


class FunnelRow(models.Model):
    """A lead as the facts tell it: its dimensions, the first time of each stage, what it was won for.

    Derived by the reader `funnel` and by nothing else; `huoju replay funnel` builds it again. `changed_tx` lets a
    reader of this table fetch only what changed since it last looked.
    """

    lead_id = models.BigIntegerField(primary_key=True)
    channel_id = models.BigIntegerField(null=True)
    campaign_id = models.BigIntegerField(null=True)
    keyword = models.CharField(max_length=200)
    landing_page = models.CharField(max_length=500)
    product = models.CharField(max_length=60)
    region = models.CharField(max_length=12)
    industry = models.CharField(max_length=40)
    size = models.CharField(max_length=20)
    segment = models.CharField(max_length=80)
    owner_id = models.BigIntegerField(null=True)
    sdr_id = models.BigIntegerField(null=True)
    stage = models.CharField(max_length=14)
    captured_at = models.DateTimeField()
    mql_at = models.DateTimeField(null=True)
    sql_at = models.DateTimeField(null=True)
    opportunity_at = models.DateTimeField(null=True)
    poc_at = models.DateTimeField(null=True)
    won_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    won_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    won_currency = models.CharField(max_length=3, default="")
    warnings = models.CharField(max_length=200, default="")  # codes, sorted, with a comma between
    withdrawn = models.BooleanField(default=False)
    changed_tx = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["changed_tx"], name="funnel_changed")]

    def __str__(self) -> str:
        return f"lead {self.lead_id}"


class FunnelPayment(models.Model):
    """A payment as the facts tell it: revenue is counted from these, by the day it came in or by its lead's cohort."""

    payment_id = models.BigIntegerField(primary_key=True)
    lead_id = models.BigIntegerField()
    paid_at = models.DateTimeField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    withdrawn = models.BooleanField(default=False)
    changed_tx = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["changed_tx"], name="funnel_payment_changed")]

    def __str__(self) -> str:
        return f"payment {self.payment_id}"
