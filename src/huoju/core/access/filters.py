"""Filters of the settings pages."""

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .models import ApiKey, RoleChoice, Team, User


class UserFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Users by name, role, team, status."""

    q = django_filters.CharFilter(label=_("Search users"), method="search")
    role = django_filters.MultipleChoiceFilter(label=_("Role"), choices=RoleChoice)
    team = django_filters.ModelChoiceFilter(label=_("Team"), queryset=Team.objects.all())
    active = django_filters.ChoiceFilter(
        label=_("Status"),
        method="by_status",
        choices=[("yes", _("Active")), ("no", _("Deactivated"))],
        empty_label=_("Any"),
    )

    class Meta:
        model = User
        fields: list[str] = []

    def search(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """By part of the name, username or mail address."""
        return rows.filter(
            Q(name__icontains=value) | Q(username__icontains=value) | Q(email__icontains=value)
        )

    def by_status(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """Active or not."""
        return rows.filter(is_active=value == "yes")


class ApiKeyFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Keys by name and status."""

    q = django_filters.CharFilter(label=_("Search keys"), field_name="name", lookup_expr="icontains")
    revoked = django_filters.ChoiceFilter(
        label=_("Status"),
        method="by_status",
        choices=[("no", _("In use")), ("yes", _("Revoked"))],
        empty_label=_("Any"),
    )

    class Meta:
        model = ApiKey
        fields: list[str] = []

    def by_status(self, rows: QuerySet[ApiKey], name: str, value: str) -> QuerySet[ApiKey]:
        """Revoked or not."""
        return rows.filter(revoked_at__isnull=value == "no")
