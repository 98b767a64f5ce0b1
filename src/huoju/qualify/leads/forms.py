"""Forms of the lead page."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from huoju.core.access import queries as access
from huoju.core.access.models import User
from huoju.core.access.policy import Role
from huoju.core.places import list_regions
from huoju.core.ui import stages
from huoju.hub.companies.queries import list_industries, list_sizes

from .models import Lead
from .policy import Stage, next_stages

# Steps that have a form of their own on the sales side (a deal needs an amount), or are not taken by hand.
_BY_DEALS = frozenset({Stage.SQL, Stage.OPPORTUNITY, Stage.POC, Stage.WON, Stage.LOST})


def stages_by_hand(lead: Lead, user: User) -> list[Stage]:
    """Where this user may take the lead with nothing but a reason."""
    allowed = next_stages(Stage(lead.stage), mover=Role(user.role))
    return [stage for stage in allowed if stage not in _BY_DEALS]


class MoveForm(forms.Form):
    """Take a lead to another stage by hand."""

    to = forms.ChoiceField(label=_("New stage"))
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, *args: Any, lead: Lead, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = stages_by_hand(lead, user)
        self.fields["to"].choices = [(step.value, stages.look(step).label) for step in steps]  # type: ignore[attr-defined]


NOBODY = "-"


def owner_options() -> list[tuple[str, str]]:
    """To whom leads may be given."""
    sellers = [(str(user.pk), str(user)) for user in access.list_sellers()]
    return [*sellers, (NOBODY, gettext("(nobody)"))]


class AssignForm(forms.Form):
    """Give leads to somebody, or to nobody."""

    owner = forms.ChoiceField(label=_("Owner"), choices=owner_options)

    def clean_owner(self) -> int | None:
        """The id of the user; None for nobody."""
        chosen = self.cleaned_data["owner"]
        return None if chosen == NOBODY else int(chosen)


class LeadForm(forms.ModelForm[Lead]):
    """The dimensions of a lead that may be corrected by hand, and its grade; codes are chosen by name."""

    region = forms.ChoiceField(label=_("Region"), required=False)
    industry = forms.ChoiceField(label=_("Industry"), required=False)
    size = forms.ChoiceField(label=_("Company size"), required=False)

    class Meta:
        model = Lead
        fields = ["product", "region", "industry", "size", "segment", "grade", "channel", "campaign"]
        labels = {"grade": _("Lead grade")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, known in (
            ("region", list_regions()),
            ("industry", list_industries()),
            ("size", list_sizes()),
        ):
            kept = getattr(self.instance, name)
            others = [] if kept in dict(known) or not kept else [(kept, kept)]  # of another system
            self.fields[name].choices = [("", "—"), *known, *others]  # type: ignore[attr-defined]
