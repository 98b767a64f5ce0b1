"""Forms, and what visitors and programs submitted."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Form(models.Model):
    """A form (表单) that anybody may fill in: on its hosted page, embedded elsewhere.

    `fields` and the consent text live in `FormVersion`; a submission keeps the version that was shown.
    """

    class Purpose(models.TextChoices):
        CONTACT = "contact", _("Contact sales")
        TRIAL = "trial", _("Trial or demo")
        DOWNLOAD = "download", _("White paper")
        WEBINAR = "webinar", _("Webinar")
        SUBSCRIBE = "subscribe", _("Subscription")

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose, default=Purpose.CONTACT)
    campaign = models.ForeignKey(
        "campaigns.Campaign", verbose_name=_("campaign"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="+",
    )  # fmt: skip
    product = models.CharField(_("product line"), max_length=60, blank=True)
    published = models.BooleanField(_("published"), default=True)
    allowed_origins = models.JSONField(
        _("sites that may embed it"),
        default=list,
        blank=True,
        help_text=_("Origins such as https://www.example.com."),
    )
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["name"]
        verbose_name = _("form")
        verbose_name_plural = _("forms")

    def __str__(self) -> str:
        return self.name


class FormVersion(models.Model):
    """What a form showed from one time on: fields, texts, consent wording, in each language. Never changed."""

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "number"], name="webforms_version_once")]

    def __str__(self) -> str:
        return f"{self.form_id}/{self.number}"


class Submission(models.Model):
    """One expression of interest as it came in, by form or API: kept as it was, whatever becomes of it."""

    class Via(models.TextChoices):
        FORM = "form", _("Form")
        API = "api", _("API")

    via = models.CharField(max_length=4, choices=Via)
    form = models.ForeignKey(Form, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.ForeignKey(FormVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    api_key = models.ForeignKey("access.ApiKey", null=True, on_delete=models.SET_NULL, related_name="+")
    # One submission per key: a reloaded page or a retried call is answered with the first one's result.
    idempotency_key = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    data = models.JSONField()  # the fields, as typed
    source = models.JSONField(default=dict)  # utm_*, page, referrer, visitor_id
    consent = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-received_at"]
        constraints = [models.UniqueConstraint(fields=["idempotency_key"], name="webforms_submission_once")]
        indexes = [
            models.Index(fields=["form", "-received_at"], name="webforms_submission_of_form"),
            models.Index(fields=["received_at", "id"], name="webforms_submission_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.via} {self.pk}"
