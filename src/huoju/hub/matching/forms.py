"""The form of the matching page."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ThresholdForm(forms.Form):
    """The probability from which people are asked, in percent."""

    threshold = forms.FloatField(
        label=_("Suggest from"),
        min_value=5,
        max_value=99.9,
        widget=forms.NumberInput(attrs={"step": "0.1", "class": "form-control", "inputmode": "decimal"}),
    )
