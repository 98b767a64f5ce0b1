"""Errors that a user can do something about."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_SCHEMA_TEXTS: dict[str, str | Promise] = {
    "missing": _("This is needed."),
    "extra_forbidden": _("There is no such field."),
    "string_type": _("This has to be text."),
    "string_too_long": _("This is too long."),
    "bool_type": _("This has to be true or false."),
    "bool_parsing": _("This has to be true or false."),
    "int_type": _("This has to be a whole number."),
    "int_parsing": _("This has to be a whole number."),
    "greater_than_equal": _("This number is too small."),
    "less_than_equal": _("This number is too large."),
    "less_than": _("This number is too large."),
    "list_type": _("This has to be a list."),
    "dict_type": _("This has to be an object."),
    "model_attributes_type": _("This has to be an object."),
    "timezone_aware": _("This moment needs its time zone."),
    "datetime_parsing": _("There is no such moment."),
    "datetime_from_date_parsing": _("There is no such moment."),
}


def schema_message(code: str) -> str:
    """What a person reads when JSON does not fit its schema; `code` is the type of pydantic's error."""
    return str(_SCHEMA_TEXTS.get(code, _("This value does not fit here.")))


class UserError(Exception):
    """What was asked for cannot be done, for a reason that `message` tells the user in the user's language.

    Nothing was changed. Pages show the message; the API answers 409 with it.
    """

    def __init__(self, message: str | Promise, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return str(self.message)
