"""Users, teams and API keys."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from .policy import Action, Role, Scope, may, scope_of


class RoleChoice(models.TextChoices):
    """`Role` with its labels."""

    ADMIN = Role.ADMIN.value, _("Administrator")
    MARKETING = Role.MARKETING.value, _("Marketing")
    TELEMARKETING = Role.TELEMARKETING.value, _("Telemarketing")
    SALES = Role.SALES.value, _("Sales")
    SALES_MANAGER = Role.SALES_MANAGER.value, _("Sales manager")
    EXECUTIVE = Role.EXECUTIVE.value, _("Executive")


class Team(models.Model):
    """A sales team; its managers see the leads of its members."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """Somebody who works in Huoju, or (inactive) somebody whom an imported history names as owner."""

    name = models.CharField(_("name"), max_length=80)
    role = models.CharField(_("role"), max_length=20, choices=RoleChoice, default=RoleChoice.SALES)
    team = models.ForeignKey(
        Team, verbose_name=_("team"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    language = models.CharField(_("language"), max_length=10, blank=True)
    theme = models.CharField(
        _("theme"), max_length=5, default="auto",
        choices=[("auto", _("Automatic")), ("light", _("Light")), ("dark", _("Dark"))],
    )  # fmt: skip
    external_ref = models.CharField(
        _("external reference"), max_length=120, null=True, blank=True, unique=True,
        help_text=_("The name or id of this person in an old CRM; imports find them by it."),
    )  # fmt: skip

    objects: ClassVar[UserManager["User"]] = UserManager()

    class Meta:
        ordering = ["name", "username"]
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.username

    def may(self, action: Action | str) -> bool:
        """Whether this user may do `action`."""
        return self.is_active and may(self.role, Action(action))

    @property
    def scope(self) -> Scope:
        """Which leads this user sees."""
        return scope_of(self.role)


class ApiKey(models.Model):
    """A secret that lets a program in. Only its SHA-256 is kept; the key is shown once, when it is made."""

    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
