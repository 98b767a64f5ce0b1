"""Forms of identity."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .comparison import Comparison


class FindForm(forms.Form):
    """What the other record is known by."""

    q = forms.CharField(label=_("Name, mobile, e-mail or another identifier"), max_length=200, required=True)


class MergeForm(forms.Form):
    """Which of two profiles stays, and why they are one."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, comparison: Comparison, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sides = (comparison.left, comparison.right)
        self.fields["keep"] = forms.ChoiceField(
            label=_("Profile to keep"),
            widget=forms.RadioSelect,
            choices=[(side.profile_id, f"{side.name} (#{side.profile_id})") for side in sides],
            initial=min(side.profile_id for side in sides),
        )
