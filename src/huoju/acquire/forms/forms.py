"""Forms of the editor: what a form is, apart from its fields."""

import secrets
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from huoju.acquire.campaigns.queries import list_campaigns

from .models import Form
from .operations import FormSettings


class NewForm(forms.Form):
    """A form begins with a name and a purpose."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For yourselves; visitors see the title.")
    )
    purpose = forms.ChoiceField(label=_("Purpose"), choices=Form.Purpose.choices, widget=forms.RadioSelect)
    campaign: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label=_("Campaign"),
        queryset=None,
        empty_label="—",
        required=False,
        help_text=_("Counts where the visitor's link names no campaign."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campaign"].queryset = list_campaigns()  # type: ignore[attr-defined]

    def settings(self) -> FormSettings:
        """The settings of the new form; its address is made from the name and can be changed later."""
        campaign = self.cleaned_data["campaign"]
        slug = slugify(self.cleaned_data["name"])[:60] or self.cleaned_data["purpose"]
        if Form.objects.filter(slug=slug).exists():
            slug = f"{slug}-{secrets.token_hex(3)}"
        return FormSettings(
            name=self.cleaned_data["name"],
            slug=slug,
            purpose=self.cleaned_data["purpose"],
            campaign_id=campaign.pk if campaign else None,
            product=campaign.product if campaign else "",
        )


class SettingsForm(forms.ModelForm[Form]):
    """The settings beside the editor."""

    origins = forms.CharField(
        label=_("Sites that may embed it"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "https://www.example.com"}),
        help_text=_("One a line, with https:// and without a path."),
    )

    class Meta:
        model = Form
        fields = ["name", "slug", "purpose", "campaign", "product", "published"]
        help_texts = {"slug": _("Part of the public address. Links with the old one stop working.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campaign"].queryset = list_campaigns(archived=None)  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["origins"] = "\n".join(self.instance.allowed_origins)

    def settings(self) -> FormSettings:
        """The settings as the operation takes them."""
        values = self.cleaned_data
        return FormSettings(
            name=values["name"],
            slug=values["slug"],
            purpose=values["purpose"],
            campaign_id=values["campaign"].pk if values["campaign"] else None,
            product=values["product"],
            published=values["published"],
            allowed_origins=values["origins"].splitlines(),
        )
