"""Errors that a user can do something about."""

from django.db import IntegrityError, OperationalError
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


_LOST_RACES = {"23505", "40P01"}
"""What PostgreSQL says to the slower of two: the key is taken, or one has to give way for both not to wait for ever."""


def lost_race(exception: Exception) -> UserError | None:
    """What to tell whom the database refused because somebody else did the same at this instant; None for all else.

    Forms and operations look first and name what is taken. Between the look and the write the constraint decides.
    """
    if not isinstance(exception, IntegrityError | OperationalError):
        return None
    if getattr(exception.__cause__, "sqlstate", None) not in _LOST_RACES:
        return None
    return UserError(
        _("Somebody else saved at the same moment. Nothing was changed: look again, and try once more."),
        "race",
    )
