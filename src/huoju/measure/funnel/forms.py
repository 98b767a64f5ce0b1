"""The inputs of the simulator."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .policy.simulator import STEPS

RATE_FIELDS = tuple(f"rate_{step}" for step in STEPS)
EFFORT_FIELDS = tuple(f"effort_{step}" for step in STEPS)
HANDLING_FIELDS = tuple(f"handling_{step}" for step in STEPS)


class SimulatorForm(forms.Form):
    """Impressions, price and value; for each step its rate in per cent, handling per item and cost of improving."""

    impressions = forms.IntegerField(label=_("Impressions"), min_value=0, max_value=10**12)
    price = forms.DecimalField(label=_("Price per impression"), min_value=0, max_digits=12, decimal_places=6)
    value = forms.DecimalField(label=_("Value of a customer"), min_value=0, max_digits=14, decimal_places=2)
    better = forms.DecimalField(
        label=_("Improve one step by %"),
        min_value=Decimal("0.01"),
        max_value=1000,
        max_digits=6,
        decimal_places=2,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        money: dict[str, Any] = {"min_value": 0, "max_digits": 14, "decimal_places": 2, "required": False}
        for rate, effort, handling in zip(RATE_FIELDS, EFFORT_FIELDS, HANDLING_FIELDS, strict=True):
            self.fields[rate] = forms.DecimalField(min_value=0, max_value=100, max_digits=9, decimal_places=6)
            self.fields[effort] = forms.DecimalField(**money)
            self.fields[handling] = forms.DecimalField(**money)
