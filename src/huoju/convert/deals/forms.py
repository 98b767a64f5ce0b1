"""Forms of the deals."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .labels import LOST_LABELS

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OpenForm(forms.Form):
    """Open an opportunity."""

    name = forms.CharField(label=_("Name"), max_length=200)
    amount = forms.DecimalField(
        label=_("Expected amount"), max_digits=14, decimal_places=2, min_value=0, required=False
    )
    expected_on = forms.DateField(label=_("Expected signing"), required=False, widget=_DAY)


class ReopenForm(OpenForm):
    """Open a lost sale again."""

    reason = forms.CharField(label=_("Why it opens again"), max_length=200)


class StartPocForm(forms.Form):
    """Start a trial."""

    criteria = forms.CharField(
        label=_("Success criteria"), max_length=5000, widget=forms.Textarea(attrs={"rows": 4})
    )
    due_on = forms.DateField(label=_("Due"), required=False, widget=_DAY)


class EndPocForm(forms.Form):
    """End a trial."""

    result = forms.ChoiceField(
        label=_("Result"),
        choices=[("passed", _("Passed")), ("failed", _("Failed"))],
        widget=forms.RadioSelect,
    )
    failure_reason = forms.CharField(
        label=_("Failure reason"),
        max_length=200,
        required=False,
        help_text=_("Needed when the trial failed."),
    )


class WinForm(forms.Form):
    """The contract is signed."""

    amount = forms.DecimalField(label=_("Contract amount"), max_digits=14, decimal_places=2)
    won_on = forms.DateField(label=_("Signed on"), widget=_DAY)


class LoseForm(forms.Form):
    """The sale is lost."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=lambda: [(code.value, label) for code, label in LOST_LABELS.items()]
    )
    competitor = forms.CharField(
        label=_("Competitor"), max_length=120, required=False, help_text=_("Needed when a competitor won.")
    )
    note = forms.CharField(
        label=_("Note"), max_length=150, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class PaymentForm(forms.Form):
    """Money came in."""

    amount = forms.DecimalField(label=_("Amount"), max_digits=14, decimal_places=2)
    paid_on = forms.DateField(label=_("Paid on"), widget=_DAY)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class WithdrawForm(forms.Form):
    """A payment was entered by mistake."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
