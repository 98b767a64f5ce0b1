"""What all routes of the JSON API share: ids, the one shape of an error, how a route says no."""

from collections.abc import Sequence
from typing import Annotated

from django.utils.functional import Promise
from ninja import Field, Schema

type Id = Annotated[int, Field(ge=0, lt=2**63)]
"""The number of a row, where it goes into SQL as it is: a larger one would be an error of the database."""


class FieldProblem(Schema):
    """What is wrong with one field."""

    field: str = Field(description="Its path, as the caller knows it; empty where it is the whole.")
    message: str
    code: str


class ErrorBody(Schema):
    """What went wrong: `code` for programs, `message` for people, in the language of Accept-Language."""

    code: str
    message: str
    fields: list[FieldProblem] = []


class ErrorOut(Schema):
    """An error."""

    error: ErrorBody


class Refused(Exception):  # noqa: N818 (an answer, not a failure)
    """The answer is no: `site/rest.py` sends it as `ErrorOut` with `status`. Nothing was changed.

    `retry_after`: in how many seconds the same request may be welcome.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str | Promise,
        fields: Sequence[FieldProblem] = (),
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.retry_after = status, retry_after
        self.body = ErrorBody(code=code, message=str(message), fields=list(fields))
