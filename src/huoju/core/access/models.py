"""Users, teams and API keys."""

from typing import ClassVar, Self

import pghistory
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


@pghistory.track()
class Team(models.Model):
    """A sales team; its managers see the leads of its members."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


# The history answers "who made whom an administrator"; password hashes have no place in it.
@pghistory.track(exclude=["password", "last_login"])
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
    time_zone = models.CharField(_("time zone"), max_length=40, blank=True)
    external_ref = models.CharField(
        _("external reference"), max_length=120, null=True, blank=True, unique=True,
        help_text=_("The name or id of this person in an old CRM; imports find them by it."),
    )  # fmt: skip

    objects: ClassVar[UserManager[Self]] = UserManager()

    class Meta:
        ordering = ["name", "username"]
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name, or the username of somebody who has none."""
        return self.name or self.username

    def may(self, action: Action | str) -> bool:
        """Whether this user may do `action`."""
        return self.is_active and may(self.role, Action(action))

    @property
    def scope(self) -> Scope:
        """Which leads this user sees."""
        return scope_of(self.role)


@pghistory.track(exclude=["key_hash", "last_used_at"])
class ApiKey(models.Model):
    """A secret that lets a program in. Only its SHA-256 is kept; the key is shown once, when it is made."""

    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=16, unique=True)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SavedView(models.Model):
    """A list as a user keeps it: filters and sorting (`query`, as in the address) and the columns shown.

    The row with the empty name is the list as the user last arranged it: its columns, no filters.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    list_code = models.CharField(max_length=60)
    name = models.CharField(_("name"), max_length=60, blank=True)
    query = models.CharField(max_length=2000, blank=True)
    columns = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [models.UniqueConstraint(fields=["user", "list_code", "name"], name="one_view_a_name")]

    def __str__(self) -> str:
        return self.name or self.list_code


class RateAllowance(models.Model):
    """How far ahead of time a caller already is: the state of `ratelimit.allow`. An unlogged table: losing it in a
    crash is harmless."""

    key = models.CharField(max_length=64, primary_key=True)
    taken_until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("rate allowance")

    def __str__(self) -> str:
        return self.key
