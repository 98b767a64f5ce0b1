"""Leads, their touches, and the history of their stages."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from huoju.core.ui.stages import look

from .policy import OPEN, Grade, Stage

STAGE_CHOICES = [(stage.value, look(stage).label) for stage in Stage]
GRADE_CHOICES = [
    (Grade.INVALID.value, _("Invalid")),
    (Grade.CULTIVABLE.value, _("Can be nurtured")),
    (Grade.INTERESTED.value, _("Interested")),
    (Grade.CONVERTIBLE.value, _("Ready to convert")),
    (Grade.COOPERATED.value, _("Customer")),
]
OPEN_STAGES = sorted(stage.value for stage in OPEN)
"""While a lead stands in one of these, a further interest of its person joins it as a touch."""


class Lead(models.Model):
    """One expression of interest by a person, followed to the end (线索).

    `stage` and the times of the stages are written by `operations.lifecycle` alone; a trigger writes `StageChange`. The
    source (channel, campaign, keyword, page) and the dimensions (region, industry, size, product) are those of the
    first touch and stay with the lead because reports are built from them.
    """

    person = models.ForeignKey(
        "identity.Person",
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # who makes a lead holds its person (docs/decisions/0035)
    )
    company = models.ForeignKey(
        "companies.Company",
        verbose_name=_("company"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_constraint=False,  # who points to a company holds it (`companies.operations.hold`)
    )

    stage = models.CharField(_("stage"), max_length=14, choices=STAGE_CHOICES, default=Stage.LEAD.value)
    stage_at = models.DateTimeField(_("in this stage since"))
    stage_actor = models.CharField(max_length=80)
    stage_reason = models.CharField(_("reason"), max_length=200, blank=True)
    grade = models.CharField(_("grade"), max_length=12, choices=GRADE_CHOICES, blank=True)

    captured_at = models.DateTimeField(_("first contact"))
    mql_at = models.DateTimeField(_("MQL at"), null=True, blank=True)
    sql_at = models.DateTimeField(_("SQL at"), null=True, blank=True)
    opportunity_at = models.DateTimeField(_("opportunity at"), null=True, blank=True)
    poc_at = models.DateTimeField(_("POC at"), null=True, blank=True)
    won_at = models.DateTimeField(_("won at"), null=True, blank=True)
    lost_at = models.DateTimeField(_("lost at"), null=True, blank=True)

    # Channels and campaigns are archived, never deleted: nothing to check.
    channel = models.ForeignKey(
        "campaigns.Channel",
        verbose_name=_("channel"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    campaign = models.ForeignKey(
        "campaigns.Campaign",
        verbose_name=_("campaign"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    keyword = models.CharField(_("keyword"), max_length=200, blank=True)
    landing_page = models.CharField(_("landing page"), max_length=500, blank=True)
    referrer = models.CharField(_("referrer"), max_length=500, blank=True)
    product = models.CharField(_("product line"), max_length=60, blank=True)
    region = models.CharField(_("region"), max_length=12, blank=True)
    industry = models.CharField(_("industry"), max_length=40, blank=True)
    size = models.CharField(_("company size"), max_length=20, blank=True)
    segment = models.CharField(_("business segment"), max_length=80, blank=True)

    owner = models.ForeignKey(
        "access.User",
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    sdr = models.ForeignKey(
        "access.User",
        verbose_name=_("telemarketer"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    assigned_at = models.DateTimeField(_("assigned at"), null=True, blank=True)

    score = models.SmallIntegerField(_("score"), default=0)
    band = models.CharField(_("score band"), max_length=2, blank=True)

    # Ids in other systems are "system:id"; the unique constraint makes a second import of one file an update.
    external_id = models.CharField(_("external id"), max_length=200, null=True, blank=True)  # noqa: DJ001 (absent is not empty)
    warnings = models.JSONField(_("data warnings"), default=list, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    import_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(stage__in=OPEN_STAGES),
                name="leads_one_open_lead_a_person",
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=models.Q(external_id__isnull=False),
                name="leads_external_id_once",
            ),
            models.CheckConstraint(
                condition=models.Q(stage__in=sorted(stage.value for stage in Stage)),
                name="leads_stage_known",
            ),
        ]
        indexes = [
            models.Index(fields=["captured_at", "id"], name="leads_by_capture"),
            models.Index(fields=["stage", "captured_at", "id"], name="leads_by_stage"),
            models.Index(fields=["owner", "captured_at", "id"], name="leads_by_owner"),
            models.Index(fields=["person"], name="leads_by_person"),
            models.Index(fields=["channel", "captured_at", "id"], name="leads_by_channel"),
            models.Index(
                fields=["campaign", "captured_at", "id"],
                name="leads_by_campaign",
                condition=models.Q(campaign__isnull=False),
            ),
            # What else the list is sorted by; NULLs are fetched apart.
            models.Index(fields=["score", "id"], name="leads_by_score"),
            models.Index(
                fields=["mql_at", "id"], name="leads_by_mql", condition=models.Q(mql_at__isnull=False)
            ),
            models.Index(
                fields=["sql_at", "id"], name="leads_by_sql", condition=models.Q(sql_at__isnull=False)
            ),
            models.Index(
                fields=["won_at", "id"], name="leads_by_won", condition=models.Q(won_at__isnull=False)
            ),
            # What it is filtered by: one column each, small because equal keys share a page, combined by the planner.
            models.Index(fields=["region"], name="leads_by_region"),
            models.Index(fields=["industry"], name="leads_by_industry"),
            models.Index(fields=["size"], name="leads_by_size"),
            models.Index(fields=["band"], name="leads_by_band"),
            models.Index(fields=["product"], name="leads_by_product", condition=~models.Q(product="")),
            models.Index(fields=["sdr"], name="leads_by_sdr", condition=models.Q(sdr__isnull=False)),
            models.Index(fields=["id"], name="leads_with_warnings", condition=~models.Q(warnings=[])),
            models.Index(
                fields=["import_id"], name="leads_by_import", condition=models.Q(import_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Touch(models.Model):
    """One contact that brought or reinforced a lead: the first made it, later ones joined it."""

    # Goes with the lead by a trigger (`core.parts`), like the other parts of one.
    lead = models.ForeignKey(
        Lead, on_delete=models.DB_CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    at = models.DateTimeField()
    via = models.CharField(max_length=10)  # form, api, import, hand
    channel = models.ForeignKey(
        "campaigns.Channel",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    campaign = models.ForeignKey(
        "campaigns.Campaign",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    keyword = models.CharField(max_length=200, blank=True)
    landing_page = models.CharField(max_length=500, blank=True)
    message = models.TextField(blank=True)
    # What it came from ("submission:12", "import:3/77"): one touch each, however often a reader is run.
    origin = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin"], name="leads_touch_once")]
        indexes = [models.Index(fields=["lead", "at"], name="leads_touch_of_lead")]

    def __str__(self) -> str:
        return f"{self.via} {self.at}"


class StageChange(models.Model):
    """A lead went from one stage to another. Written by a trigger on `Lead` and by nothing else."""

    lead = models.ForeignKey(
        Lead, on_delete=models.DB_CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    from_stage = models.CharField(max_length=14, blank=True)
    to_stage = models.CharField(max_length=14)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["lead", "id"], name="leads_change_of_lead")]

    def __str__(self) -> str:
        return f"{self.from_stage} → {self.to_stage}"
