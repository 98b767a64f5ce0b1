"""Forms of the workbench."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .labels import REJECT_LABELS
from .models import Activity

_WHEN = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class RejectForm(forms.Form):
    """Why a lead is given back."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=lambda: [(code.value, label) for code, label in REJECT_LABELS.items()]
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=150, widget=forms.Textarea(attrs={"rows": 2})
    )


class ActivityForm(forms.Form):
    """What was said, and when to speak again."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Activity.Kind)
    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=[("", "—"), *Activity.Outcome.choices], required=False
    )
    text = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "Business process, project trigger and cycle, risks, competitors, progress, commercial terms."
        ),
    )
    next_at = forms.DateTimeField(label=_("Next contact"), required=False, widget=_WHEN)
