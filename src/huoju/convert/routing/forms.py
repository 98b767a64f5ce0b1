"""Forms of routing."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from huoju.core.access.queries import list_sellers, list_users
from huoju.core.places import list_provinces

from .models import SalesSeat


class SeatForm(forms.Form):
    """Who receives which leads, and how many."""

    user = forms.ModelChoiceField(queryset=list_sellers(), label=_("Sales person"))
    regions = forms.MultipleChoiceField(
        label=_("Regions"), required=False, help_text=_("None chosen: everywhere."),
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )  # fmt: skip
    products = forms.CharField(
        label=_("Product lines"), required=False, help_text=_("With commas between them; empty: all.")
    )
    capacity = forms.IntegerField(label=_("Open leads at most"), min_value=0, max_value=100_000, initial=100)
    weight = forms.IntegerField(
        label=_("Weight"), min_value=0, max_value=100, initial=1,
        help_text=_("Twice the weight gets twice the leads; zero gets none in turn."),
    )  # fmt: skip
    away = forms.BooleanField(label=_("Away: gets no new leads"), required=False)

    def __init__(self, *args: Any, seat: SalesSeat | None = None, **kwargs: Any) -> None:
        """`seat` is changed; without one somebody new gets a seat."""
        super().__init__(*args, **kwargs)
        self.fields["regions"].choices = list_provinces()  # type: ignore[attr-defined]
        people = list_sellers()
        if seat is None:
            people = people.exclude(pk__in=SalesSeat.objects.values("user_id"))
        else:
            people = list_users().filter(pk=seat.user_id)
            self.initial = {
                "user": seat.user_id, "regions": seat.regions, "products": ", ".join(seat.products),
                "capacity": seat.capacity, "weight": seat.weight, "away": seat.away,
            }  # fmt: skip
            self.fields["user"].disabled = True
        self.fields["user"].queryset = people  # type: ignore[attr-defined]

    def clean_products(self) -> list[str]:
        """The product lines as a list."""
        text: str = self.cleaned_data["products"].replace("，", ",").replace("、", ",")
        return [part.strip() for part in text.split(",") if part.strip()]
