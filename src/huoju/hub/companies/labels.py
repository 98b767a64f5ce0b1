"""What the fields of a company are called."""

from django.utils.translation import gettext_lazy as _

FIELD_LABELS = {
    "name": _("Company"),
    "brand": _("Short name"),
    "uscc": _("Unified social credit code"),
    "industry": _("Industry"),
    "region": _("Region"),
    "size": _("Company size"),
    "country": _("Country"),
    "parent": _("Parent company"),
}
