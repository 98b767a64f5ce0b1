"""Channels and campaigns."""

from django.db import models
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _


class ChannelKind(models.TextChoices):
    """How a channel is paid for."""

    FREE = "free", _("Free")
    PAID = "paid", _("Paid")
    PARTNER = "partner", _("Partner")
    SALES = "sales", _("Sales' own")
    REFERRAL = "referral", _("Referral")
    EMPLOYEE = "employee", _("Employees")


DEFAULT_CHANNEL_NAMES = {
    "website": gettext_noop("Website"),
    "seo": gettext_noop("Organic search"),
    "sem": gettext_noop("Paid search"),
    "feed": gettext_noop("Feed ads"),
    "hotline": gettext_noop("400 hotline"),
    "content": gettext_noop("Content"),
    "social": gettext_noop("Social media"),
    "ai": gettext_noop("AI assistants"),
    "email": gettext_noop("E-mail"),
    "events": gettext_noop("Events"),
    "partner": gettext_noop("Partners and associations"),
    "kol": gettext_noop("KOL"),
    "referral": gettext_noop("Customer referral"),
    "sales": gettext_noop("Sales' own"),
    "employees": gettext_noop("Employees"),
    "links": gettext_noop("Other websites"),
}
"""Channels that every installation starts with (migration 0003), by code, in the order of that table."""


def channel_label(code: str, name: str) -> str:
    """What a channel is called on screen: a default channel that nobody renamed follows the viewer's language."""
    return gettext(name) if DEFAULT_CHANNEL_NAMES.get(code) == name else name


class Channel(models.Model):
    """Where people come from (渠道): `code` is what UTM sources, imports and the API name it by."""

    code = models.SlugField(_("code"), max_length=60, unique=True, allow_unicode=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=ChannelKind, default=ChannelKind.FREE)
    # Values of utm_source / utm_medium that mean this channel: "source", "source/medium", "*/medium".
    utm_aliases = models.JSONField(_("UTM values"), default=list, blank=True)
    archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("channel")
        verbose_name_plural = _("channels")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name on screen, in the viewer's language for a default channel."""
        return channel_label(self.code, self.name)


class Campaign(models.Model):
    """Something that marketing does to bring people in (市场活动), found again by its utm_campaign."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    name = models.CharField(_("name"), max_length=120)
    code = models.SlugField(
        _("UTM campaign"),
        max_length=80,
        unique=True,
        allow_unicode=True,
        help_text=_("The value of utm_campaign in its links."),
    )
    channel = models.ForeignKey(
        Channel, verbose_name=_("channel"), on_delete=models.PROTECT, related_name="+"
    )
    utm_source = models.CharField(_("UTM source"), max_length=80, blank=True)
    utm_medium = models.CharField(_("UTM medium"), max_length=80, blank=True)
    product = models.CharField(_("product line"), max_length=60, blank=True)
    budget = models.DecimalField(_("budget"), max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    owner = models.ForeignKey(
        "access.User",
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RUNNING)
    archived = models.BooleanField(_("archived"), default=False)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on=None)
                | models.Q(starts_on=None)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="campaign_ends_after_start",
                violation_error_message=_("A campaign cannot end before it starts."),
            )
        ]

    def __str__(self) -> str:
        return self.name
