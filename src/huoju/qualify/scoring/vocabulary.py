"""What rules may ask about a lead, in the words of the user's language, with the values there are."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from django.utils.translation import gettext as _

from huoju.acquire.campaigns.queries import list_channel_options
from huoju.core.places import list_provinces
from huoju.core.ui.ruleform import Known
from huoju.hub.companies.policy import FUNCTION_LABELS, SENIORITY_LABELS
from huoju.hub.companies.queries import list_industries, list_sizes


def list_fields() -> list[Known]:
    """The fields of a lead's profile that hold something, in the order in which an editor offers them."""
    yes_no = {
        "company_usable": _("Company name is usable"),
        "has_name": _("Has a name"),
        "has_mobile": _("Has a mobile number"),
        "is_test": _("Is a test submission"),
        "is_blocked": _("Is a competitor, own staff or blacklisted"),
    }
    mails = {
        "work": _("Work"),
        "free": _("Free mail"),
        "role": _("Role mailbox"),
        "disposable": _("Disposable"),
    }
    kinds = {
        "free": _("Free"), "paid": _("Paid"), "partner": _("Partner"), "sales": _("Sales' own"),
        "referral": _("Referral"), "employee": _("Employees"),
    }  # fmt: skip
    return [
        _choice("region", _("Region"), list_provinces()),
        _choice("industry", _("Industry"), list_industries()),
        _choice("company_size", _("Company size"), list_sizes()),
        Known(name="employees", label=_("Number of employees"), kind="number"),
        _choice("seniority", _("Seniority"), _labels(SENIORITY_LABELS)),
        _choice("function", _("Function"), _labels(FUNCTION_LABELS)),
        Known(name="title", label=_("Job title")),
        _choice("email_class", _("E-mail address"), list(mails.items())),
        _choice("source", _("Channel"), list(list_channel_options().items())),
        _choice("source_kind", _("Kind of channel"), list(kinds.items())),
        Known(name="campaign", label=_("Campaign (UTM)")),
        Known(name="product", label=_("Product line")),
        Known(name="city", label=_("City (code)")),
        Known(name="country", label=_("Country (code)")),
        Known(name="language", label=_("Language (code)")),
        *(Known(name=name, label=label, kind="flag") for name, label in yes_no.items()),
    ]


def _choice(name: str, label: str, options: Sequence[tuple[str, str]]) -> Known:
    return Known(name=name, label=label, kind="choice", options=options)


def _labels[Code: StrEnum](named: Mapping[Code, str]) -> list[tuple[str, str]]:
    return [(code.value, _(label)) for code, label in named.items()]
