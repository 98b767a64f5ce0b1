"""The forms of a person's page."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from huoju.core.places import list_countries, list_regions
from huoju.hub.identity.policy import Email, Phone, normalise_email, normalise_phone

from .policy import Field


class FieldsForm(forms.Form):
    """The golden fields, to be corrected by hand."""

    name = forms.CharField(label=_("Full name"), max_length=120, required=False)
    title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    mobile = forms.CharField(label=_("Mobile"), max_length=40, required=False)
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False)
    region = forms.ChoiceField(label=_("Region"), required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)

    def __init__(self, *args: Any, contacts: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not contacts:  # who may not see them cannot write over them
            del self.fields["mobile"], self.fields["email"]
        for name, known in (
            ("region", list_regions()),
            ("country", list_countries()),
            ("language", settings.LANGUAGES),
        ):
            kept = self.initial.get(name, "")
            others = [] if kept in dict(known) or not kept else [(kept, kept)]  # of another system
            self.fields[name] = forms.ChoiceField(
                label=self.fields[name].label,
                choices=[("", "—"), *known, *others],
                required=False,
                initial=kept,
            )

    def clean_mobile(self) -> str:
        """In international form."""
        return normal_mobile(self.cleaned_data["mobile"])

    def clean_email(self) -> str:
        """In lower case."""
        return normal_email(self.cleaned_data["email"])

    def changes(self) -> dict[Field, str]:
        """What somebody changed."""
        return {
            Field(name): self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data
        }


def normal_mobile(text: str) -> str:
    """A number in E.164, empty for none. Raises `ValidationError`."""
    if not text.strip():
        return ""
    phone = normalise_phone(text)
    if not isinstance(phone, Phone):
        raise forms.ValidationError(_("This is not a phone number."))
    return phone.e164


def normal_email(text: str) -> str:
    """An address in lower case, empty for none. Raises `ValidationError`."""
    if not text.strip():
        return ""
    email = normalise_email(text)
    if not isinstance(email, Email):
        raise forms.ValidationError(_("This is not an e-mail address."))
    return email.address
