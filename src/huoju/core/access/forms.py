"""Forms of the profile, users, teams and API keys."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .models import RoleChoice, Team, User
from .policy import ApiScope

# The zones people of the company sit in, before the long list of all.
_COMMON_ZONES = [
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Europe/Berlin",
    "Europe/London",
]
_COMMON_ZONES += ["America/New_York", "America/Los_Angeles", "UTC"]

SCOPE_LABELS = {
    ApiScope.PEOPLE_READ: _("Read people"),
    ApiScope.PEOPLE_WRITE: _("Write people and tags"),
    ApiScope.LEADS_READ: _("Read leads"),
    ApiScope.LEADS_WRITE: _("Submit leads and forms"),
    ApiScope.DEALS_WRITE: _("Write deals and payments"),
    ApiScope.REPORTS_READ: _("Read reports"),
    ApiScope.SEGMENTS: _("Read and define segments"),
}


def _zones() -> list[tuple[str, Any]]:
    rest = sorted(zoneinfo.available_timezones() - set(_COMMON_ZONES))
    return [
        ("", _("Of the house (%(zone)s)") % {"zone": settings.TIME_ZONE}),
        (str(_("Frequent")), [(zone, zone) for zone in _COMMON_ZONES]),
        (str(_("All")), [(zone, zone) for zone in rest]),
    ]


class ProfileForm(forms.ModelForm[User]):
    """A user's own name and preferences."""

    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("As the browser says")), *settings.LANGUAGES]
    )
    theme = forms.ChoiceField(
        label=_("Theme"),
        widget=forms.RadioSelect,
        choices=[("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))],
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, choices=_zones)

    class Meta:
        model = User
        fields = ["name", "language", "theme", "time_zone"]
        labels = {"name": pgettext_lazy("person", "Name")}


class UserForm(forms.ModelForm[User]):
    """A user as the administrator sees one."""

    role = forms.ChoiceField(label=_("Role"), choices=RoleChoice)

    class Meta:
        model = User
        fields = ["name", "username", "email", "role", "team"]
        labels = {"name": pgettext_lazy("person", "Name")}
        help_texts = {
            "username": _("For signing in. Letters, digits and @ . + - _ only."),
            "team": _("A sales manager sees the leads of the team."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autofocus"] = True
        if self.instance.pk:
            # Renaming a login surprises its owner; a new person gets a new account.
            del self.fields["username"]


class TeamForm(forms.ModelForm[Team]):
    """A team."""

    class Meta:
        model = Team
        fields = ["name"]


class ApiKeyForm(forms.Form):
    """What a new key is for and what it may do."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Say who uses it: “Website contact form”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(scope.value, label) for scope, label in SCOPE_LABELS.items()],
    )
