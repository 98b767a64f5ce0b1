"""Forms of channels, campaigns and links."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from huoju.core.access.models import User
from huoju.core.access.policy import Role

from .models import Campaign, Channel, ChannelKind
from .policy import UTM_KEYS, build_link
from .queries import list_channels


class CampaignForm(forms.ModelForm[Campaign]):
    """A campaign. Its code can be given once; links with it are out in the world afterwards."""

    code = forms.CharField(
        label=_("UTM campaign"),
        max_length=80,
        required=False,
        help_text=_("The value of utm_campaign in its links. Left empty, it is made from the name."),
    )

    class Meta:
        model = Campaign
        fields = [
            *("name", "code", "channel", "state", "starts_on", "ends_on", "budget", "currency"),
            *("product", "owner", "utm_source", "utm_medium"),
        ]
        widgets = {
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "utm_source": _("What its links start with, for example baidu or wechat."),
            "utm_medium": _("For example cpc, social or email."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["code"]
        current = self.instance.channel_id
        channels = [each for each in list_channels(archived=None) if not each.archived or each.pk == current]
        _field(self, "channel", forms.ModelChoiceField).choices = [
            ("", "—"),
            *((each.pk, str(each)) for each in channels),
        ]
        _field(self, "owner", forms.ModelChoiceField).queryset = User.objects.filter(
            is_active=True, role__in=[Role.MARKETING, Role.ADMIN]
        )


def _field[F: forms.Field](form: forms.BaseForm, name: str, kind: type[F]) -> F:
    found = form.fields[name]
    if not isinstance(found, kind):
        raise TypeError(name)
    return found


class ChannelForm(forms.Form):
    """A channel, with the UTM values that mean it, one a line."""

    name = forms.CharField(label=_("Name"), max_length=80)
    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        required=False,
        help_text=_(
            "What imports and the API call it. Left empty, it is made from the name; it never changes."
        ),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=ChannelKind)
    utm_aliases = forms.CharField(
        label=_("UTM values"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "One a line: a source (baidu), a source and medium (baidu/cpc), or any source of a medium (*/cpc)."
        ),
    )

    def __init__(self, *args: Any, channel: Channel | None = None, **kwargs: Any) -> None:
        if channel is not None:
            kwargs["initial"] = {
                "name": str(channel),
                "kind": channel.kind,
                "utm_aliases": "\n".join(channel.utm_aliases),
            }
        super().__init__(*args, **kwargs)
        self.channel = channel
        if channel is not None:
            del self.fields["code"]

    def values(self) -> dict[str, Any]:
        """What `operations.save_channel` takes."""
        name = self.cleaned_data["name"]
        if self.channel is not None and name == str(self.channel):
            name = self.channel.name  # a default name that was only shown translated stays a default name
        return {
            "name": name,
            "code": self.cleaned_data.get("code", ""),
            "kind": self.cleaned_data["kind"],
            "utm_aliases": self.cleaned_data["utm_aliases"].splitlines(),
        }


class LinkForm(forms.Form):
    """What a tracked link is built from. `utm_campaign` is the campaign's code and not asked for."""

    base = forms.CharField(
        label=_("Page"),
        max_length=1000,
        widget=forms.URLInput(attrs={"placeholder": "https://www.example.com/product"}),
    )
    utm_source = forms.CharField(label="utm_source", max_length=80, required=False)
    utm_medium = forms.CharField(label="utm_medium", max_length=80, required=False)
    utm_term = forms.CharField(label="utm_term", max_length=80, required=False, help_text=_("Keyword"))
    utm_content = forms.CharField(
        label="utm_content", max_length=80, required=False, help_text=_("Placement or creative")
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign

    def clean_base(self) -> str:
        """An http(s) address; the scheme may be left out."""
        base: str = self.cleaned_data["base"].strip()
        if "://" not in base:
            base = f"https://{base}"
        try:
            build_link(base, {})
        except ValueError:
            raise forms.ValidationError(_("This is not a web address.")) from None
        return base

    @property
    def link(self) -> str:
        """The tracked link."""
        utm = {key: self.cleaned_data.get(key, "") for key in UTM_KEYS} | {"utm_campaign": self.campaign.code}
        return build_link(self.cleaned_data["base"], utm)
