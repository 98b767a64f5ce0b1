"""Tables of the settings pages."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huoju.core.ui.columns import AgoColumn, BadgeColumn, PersonColumn, TitleColumn

from .forms import SCOPE_LABELS
from .models import ApiKey, Team, User
from .policy import ApiScope


def user_url(user: User) -> str:
    """Where a user is changed."""
    return reverse("access:user", args=[user.pk])


def team_url(team: Team) -> str:
    """Where a team is changed."""
    return reverse("access:team", args=[team.pk])


class UserTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Users."""

    name = PersonColumn(verbose_name=pgettext_lazy("person", "Name"), url=user_url, accessor="display_name")
    username = tables.Column(verbose_name=_("Username"))
    email = tables.Column(verbose_name=_("E-mail"))
    role = tables.Column(verbose_name=_("Role"), accessor="get_role_display")
    team = tables.Column(verbose_name=_("Team"))
    is_active = BadgeColumn(
        verbose_name=_("Status"),
        look=lambda active: (_("Active"), "success") if active else (_("Deactivated"), "secondary"),
    )
    last_login = AgoColumn(verbose_name=_("Last sign-in"))
    date_joined = AgoColumn(verbose_name=_("Added on"))


class TeamTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Teams."""

    name = TitleColumn(verbose_name=_("Name"), url=team_url)
    managers = tables.Column(verbose_name=_("Managers"))
    members = tables.Column(
        verbose_name=_("Members"), attrs={"td": {"class": "hj-right hj-number"}, "th": {"class": "hj-right"}}
    )


class ApiKeyTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """API keys."""

    name = tables.Column(verbose_name=_("Name"))
    prefix = tables.Column(verbose_name=_("Begins with"))
    scopes = tables.Column(verbose_name=_("Scopes"))
    created_by = tables.Column(verbose_name=_("Made by"))
    created_at = AgoColumn(verbose_name=_("Made"))
    last_used_at = AgoColumn(verbose_name=_("Last used"))
    revoked_at = tables.Column(verbose_name=_("Status"), empty_values=())

    def render_prefix(self, value: str) -> str:
        """The visible part of the secret."""
        return format_html("<code>{}…</code>", value)

    def render_scopes(self, value: list[str]) -> str:
        """A badge a scope."""
        labels = ((SCOPE_LABELS.get(ApiScope(scope), scope),) for scope in value)
        return format_html_join(" ", '<span class="hj-badge">{}</span>', labels)

    def render_created_by(self, value: User) -> str:
        """Keys rest while their maker may not sign in."""
        if value.is_active:
            return str(value)
        return format_html('{} <span class="hj-badge hj-badge-warning">{}</span>', value, _("Deactivated"))

    def render_revoked_at(self, value: Any, record: ApiKey) -> str:
        """Living keys carry the button that ends them."""
        if value:
            return format_html('<span class="hj-badge hj-badge-secondary">{}</span>', _("Revoked"))
        return format_html(
            '<button type="button" class="btn btn-sm" hx-post="{}" hx-swap="none" hx-confirm="{}" data-danger>'
            "{}</button>",
            reverse("access:revoke_api_key", args=[record.pk]),
            _("Revoke “%(name)s”? Programs that use it are locked out at once, for good.")
            % {"name": record.name},
            _("Revoke"),
        )
