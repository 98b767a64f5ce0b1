"""Values of a profile in the words of the user's language."""

from django.utils.translation import gettext as _

from huoju.core.places import country_name, region_name
from huoju.core.ui.parts import Label
from huoju.core.ui.templatetags.ui import masked

from .policy import HAND, Field, kind_of_source

LANGUAGES = {"zh-hans": "简体中文", "zh": "中文", "zh-cn": "简体中文", "en": "English"}
CONTACTS = (Field.MOBILE, Field.EMAIL)
"""Fields that are shown masked, and unmasked only with a note in the log."""


def shown_value(field: Field, value: str) -> str:
    """A value as people read it; contacts masked."""
    match field:
        case Field.REGION:
            return region_name(value)
        case Field.COUNTRY:
            return country_name(value)
        case Field.LANGUAGE:
            return LANGUAGES.get(value.lower(), value)
        case Field.MOBILE | Field.EMAIL:
            return masked(value)
        case Field.NAME | Field.TITLE:
            return value


def source_label(source: str) -> Label:
    """Where a value came from: "Import 7", "Form" …"""
    rest = source.partition(":")[2]
    labels = {
        HAND: _("by hand"),
        "rule": _("by rule"),
        "expired": _("expired"),
        "form": _("Form"),
        "intake": _("Form"),
        "api": _("API"),
        "import": _("Import"),
    }
    label = labels.get(kind_of_source(source))
    return source if label is None else f"{label} {rest}".strip()
