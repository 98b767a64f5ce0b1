"""What can be wrong with an uploaded file, and how we say it.

A `FileProblem` stops the whole file and is shown to the person who uploaded it; a `RowProblem` stops one row, which
then stands in the list of rejected rows. Both carry a code (stored, tested, translated on display) and parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from huoju.core.errors import UserError

type Param = str | int

FILE_PROBLEMS: dict[str, Promise] = {
    "empty": _("The file is empty."),
    "gone": _("The uploaded file was deleted: somebody in it asked to be erased."),
    "no_rows": _("The file has a header but no rows."),
    "unreadable": _("The file is damaged and cannot be read: %(detail)s"),
    "binary": _("This is not a table. Upload a CSV, TSV, XLSX or Parquet file."),
    "html": _(
        "This file is a web page, although its name says otherwise. Open it in Excel and save it as XLSX."
    ),
    "old_xls": _("This is the old Excel format (.xls). Open it in Excel and save it as XLSX."),
    "not_xlsx": _("This file is a ZIP archive but not an Excel workbook (XLSX)."),
    "encrypted": _("The workbook is protected by a password. Remove the password and upload it again."),
    "zip_entries": _("The workbook holds more than %(limit)s parts. It is damaged or built to do harm."),
    "zip_size": _("Unpacked, the workbook is larger than %(limit)s MB. Split it, or save the sheet as CSV."),
    "zip_ratio": _(
        "The workbook unpacks to more than %(limit)s times its size. It is damaged or built to do harm."
    ),
    "xml_entities": _(
        "The workbook declares XML entities, which no spreadsheet program does. It is not read."
    ),
    "no_sheet": _("The workbook has no sheet named “%(sheet)s”."),
    "encoding": _(
        "The text is not valid %(encoding)s: line %(line)s, byte %(byte)s of the file. "
        "Save it as “CSV UTF-8” and upload it again."
    ),
    "unknown_encoding": _("We do not read the encoding “%(encoding)s”."),
    "too_many_columns": _("The file has %(count)s columns; %(limit)s are possible."),
    "line_too_long": _(
        "Line %(line)s is longer than %(limit)s characters. Is the delimiter or the line end right?"
    ),
    "too_large": _("The file is larger than %(limit)s MB."),
}

RUN_PROBLEMS: dict[str, Promise] = {
    "mapping": _("The mapping no longer fits: %(detail)s"),
    "internal": _(
        "Something went wrong inside Huoju (%(detail)s). What was imported so far is intact; try again."
    ),
}

ROW_PROBLEMS: dict[str, Promise] = {
    "field_count": _("%(count)s cells where the header has %(expected)s"),
    "quote": _("A quotation mark is opened and not closed"),
    "nul": _("The row contains NUL characters"),
    "cell_too_large": _("A cell holds more than %(limit)s characters"),
}


class FileProblem(UserError):  # noqa: N818 -- it is what the user reads, and often theirs to mend
    """The file as a whole cannot be read. `str()` of it is the sentence for the user, in the active language."""

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(FILE_PROBLEMS[code], code)
        self.params: dict[str, Param] = params

    def __str__(self) -> str:
        return str(self.message) % self.params

    def __reduce__(self) -> tuple[object, ...]:
        # Problems travel from the reading process to the writing one.
        return (_rebuild, (self.code, self.params))


def _rebuild(code: str, params: dict[str, Param]) -> FileProblem:
    return FileProblem(code, **params)


def problem_text(error: Mapping[str, Any]) -> str:
    """A stored problem of a whole import (`code`, `params`) in the active language."""
    text = str(FILE_PROBLEMS.get(error["code"]) or RUN_PROBLEMS.get(error["code"]) or error["code"])
    said: str = text % error["params"]
    return said


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why one row of the file could not be read."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(ROW_PROBLEMS[self.code]) % self.params
