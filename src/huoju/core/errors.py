"""Errors that a user can do something about."""

from django.utils.functional import Promise


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
