"""Forms of a company's page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from huoju.core.access.models import User
from huoju.core.geo import REGIONS, region_of
from huoju.core.places import list_countries, region_name

from .display import list_industries, list_sizes
from .models import Company
from .policy import normalise_company
from .policy.names import Unusable
from .queries import visible_to


class CompanyField(forms.CharField):
    """A company by its number, its registration number, or its name as it would be normalised."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.user: User | None = None

    def clean(self, value: Any) -> Company | None:
        """The company that the user means and may see."""
        text = str(super().clean(value) or "").strip()
        if not text or self.user is None:
            return None
        rows = visible_to(self.user)
        number = text.removeprefix("#").partition(" ")[0] if text.startswith("#") else text
        if number.isascii() and number.isdecimal() and len(number) < 18:
            found = rows.filter(pk=int(number)).first()
        else:
            name = normalise_company(text)
            key = text if isinstance(name, Unusable) else name.key
            found = (
                rows.filter(uscc=text).first()
                or rows.filter(key=key).first()
                or rows.filter(name=text).first()
            )
        if found is None:
            raise forms.ValidationError(_("There is no company of this name or number."), code="unknown")
        return found


def _any(choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("", "—"), *choices]


class CompanyForm(forms.Form):
    """What may be set by hand."""

    name = forms.CharField(label=_("Company"), max_length=200)
    uscc = forms.CharField(
        label=_("Unified social credit code"),
        required=False,
        max_length=40,
        help_text=_("18 characters; the last one is a check digit."),
    )
    industry = forms.ChoiceField(label=_("Industry"), required=False, choices=lambda: _any(list_industries()))
    region = forms.CharField(
        label=_("Region"),
        required=False,
        max_length=60,
        help_text=_("A province or city, such as 广东 or Shenzhen."),
    )
    size = forms.ChoiceField(label=_("Company size"), required=False, choices=lambda: _any(list_sizes()))
    country = forms.ChoiceField(label=_("Country"), required=False, choices=lambda: _any(list_countries()))
    parent = CompanyField(
        label=_("Parent company"),
        required=False,
        max_length=200,
        help_text=_("To whose group it belongs: its name, number or credit code."),
    )

    def __init__(self, data: Any = None, *, company: Company, user: User) -> None:
        initial = {name: getattr(company, name) for name in ("name", "uscc", "industry", "size", "country")}
        initial |= {
            "region": region_name(company.region),
            "parent": f"#{company.parent_id} {company.parent}" if company.parent else "",
        }
        super().__init__(data, initial=initial)
        self.company = company
        parent = self.fields["parent"]
        if isinstance(parent, CompanyField):
            parent.user = user
        if company.industry and company.industry not in dict(list_industries()):  # of an imported history
            self.fields["industry"].choices = _any([(company.industry, company.industry), *list_industries()])  # type: ignore[attr-defined]

    def clean_region(self) -> str:
        """Its code."""
        text = str(self.cleaned_data["region"]).strip()
        if not text:
            return ""
        if text == region_name(self.company.region):
            return self.company.region
        found = REGIONS.get(text) or region_of(text)
        if found is None:
            raise forms.ValidationError(_("Huoju knows no such region."), code="unknown")
        return found.code

    def changes(self) -> dict[str, str | int | None]:
        """What was changed, as `operations.update_company` takes it."""
        changed: dict[str, str | int | None] = {}
        for name in self.changed_data:
            value = self.cleaned_data[name]
            changed[name] = value.pk if isinstance(value, Company) else value
        return changed


class DomainForm(forms.Form):
    """A domain of the company."""

    domain = forms.CharField(label=_("Domain"), max_length=255)


class MergeForm(forms.Form):
    """Which other company it is, and why."""

    other = CompanyField(
        label=_("The other company"), max_length=200, help_text=_("Its name, number or credit code.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        other = self.fields["other"]
        if isinstance(other, CompanyField):
            other.user = user
