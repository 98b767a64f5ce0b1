"""XLSX workbooks, read as a stream: one row at a time, shared strings on disk, memory flat whatever the file holds.

The archive is judged first (`archive.py`), what is unpacked is counted, and no single cell, tag or nesting can fill the
memory. The XML parser refuses document types, so entities cannot be declared.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Self

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from . import archive
from .problems import FileProblem, RowProblem
from .workbook_xml import (
    HELD_CHARS,
    MAX_DEPTH,
    SharedStrings,
    StartHandler,
    guarded,
    local_name,
    parse,
    unescape,
)

MAX_CELL_CHARS = 32_767  # Excel's own limit
MAX_STYLES = 100_000
MAX_SHEETS = 10_000

# Date formats that Excel's East Asian editions number without writing them into the file.
_EAST_ASIAN_DATES = frozenset({*range(27, 37), *range(50, 59)})
_ELEMENTS = frozenset({"c", "v", "t", "row", "rPh", "dimension"})
_EPOCH_1900, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 -- a cell has no zone

type Record = tuple[int, list[str], RowProblem | None]


class Workbook:
    """One sheet of an XLSX file. A context manager: it holds the archive open."""

    def __init__(self, path: Path, *, sheet: str | None = None) -> None:
        archive.check(path)
        self._archive = zipfile.ZipFile(path)
        # The last row that the sheet claims to have, once its beginning has been read; for progress bars.
        self.lines: int | None = None
        self._strings = SharedStrings()
        try:
            self._open(sheet)
        except BaseException:
            self.close()
            raise

    def _open(self, sheet: str | None) -> None:
        names = {name.lower().lstrip("/"): name for name in self._archive.namelist()}
        if "xl/workbook.xml" not in names:
            raise FileProblem("not_xlsx")
        sheets: list[tuple[str, str, bool]] = []
        targets: dict[str, str] = {}
        self._epoch = _EPOCH_1900

        def on_workbook(name: str, attributes: dict[str, str]) -> None:
            if local_name(name) == "sheet":
                relation = next(
                    (value for key, value in attributes.items() if local_name(key) == "id" and ":" in key), ""
                )
                if len(sheets) > MAX_SHEETS:
                    raise FileProblem("unreadable", detail="workbook.xml")
                sheets.append(
                    (attributes.get("name", ""), relation, attributes.get("state", "visible") == "visible")
                )
            elif local_name(name) == "workbookPr" and attributes.get("date1904") in ("1", "true"):
                self._epoch = _EPOCH_1904

        def on_relation(name: str, attributes: dict[str, str]) -> None:
            if local_name(name) == "Relationship" and attributes.get("TargetMode") != "External":
                if len(targets) > MAX_SHEETS:
                    raise FileProblem("unreadable", detail="workbook.xml.rels")
                targets[attributes.get("Id", "")] = attributes.get("Target", "")

        self._read(names["xl/workbook.xml"], on_workbook)
        if "xl/_rels/workbook.xml.rels" in names:
            self._read(names["xl/_rels/workbook.xml.rels"], on_relation)

        def part(relation: str) -> str | None:
            target = targets.get(relation, "")
            full = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return names.get(full.lower())

        tables = [(name, part(relation), visible) for name, relation, visible in sheets if part(relation)]
        if not tables:
            raise FileProblem("not_xlsx")
        self.sheets = [name for name, _part, _visible in tables]
        if sheet is None:
            chosen = next((table for table in tables if table[2]), tables[0])
        elif sheet in self.sheets:
            chosen = tables[self.sheets.index(sheet)]
        else:
            raise FileProblem("no_sheet", sheet=sheet[:100])
        self.sheet, self._part = chosen[0], chosen[1] or ""
        self._styles = self._read_styles(names)
        if "xl/sharedstrings.xml" in names:
            self._strings.begin(self._archive.open(names["xl/sharedstrings.xml"]))

    def _read(self, part: str, start: StartHandler) -> None:
        with self._archive.open(part) as stream:
            for _ in parse(stream, *guarded(start, lambda _name: None), lambda _text: None):
                pass

    def _read_styles(self, names: dict[str, str]) -> list[Callable[[str], str]]:
        """What to do with the number in a cell, by the cell's style."""
        formats: dict[int, str] = dict(BUILTIN_FORMATS)
        styles: list[Callable[[str], str]] = []
        inside = False

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            name = local_name(name)
            if len(styles) + len(formats) > MAX_STYLES:
                raise FileProblem("unreadable", detail="styles.xml")
            if name == "numFmt":
                formats[int(attributes.get("numFmtId", 0))] = attributes.get("formatCode", "")
            elif name in ("cellXfs", "cellStyleXfs"):
                inside = name == "cellXfs"
            elif name == "xf" and inside:
                number = int(attributes.get("numFmtId") or 0)
                styles.append(self._converter(number, formats.get(number, "")))

        if "xl/styles.xml" in names:
            try:
                self._read(names["xl/styles.xml"], start)
            except ValueError:
                raise FileProblem("unreadable", detail="styles.xml") from None
        return styles

    def _converter(self, number: int, code: str) -> Callable[[str], str]:
        if number in _EAST_ASIAN_DATES or (code and is_date_format(code.partition(";")[0])):
            return self._date
        if "%" in code:
            return _percent
        if re.fullmatch("0{2,20}", code):  # an id shown with leading zeros is meant with them
            return lambda text: plain_number(text).zfill(len(code))
        return plain_number

    def _date(self, text: str) -> str:
        try:
            days = float(text)
            if not -1 < days < 2_958_466:
                return plain_number(text)
            # Excel counts a 29 February 1900 that never was; before it the count is one day off.
            if self._epoch is _EPOCH_1900 and 0 < days < 60:
                days += 1
            moment = self._epoch + timedelta(seconds=round(days * 86_400))
        except (ValueError, OverflowError):
            return text
        if days < 1:
            return moment.strftime("%H:%M:%S")
        if moment.hour or moment.minute or moment.second:
            return moment.strftime("%Y-%m-%d %H:%M:%S") if moment.year > 999 else moment.isoformat(" ")
        return moment.date().isoformat()

    def records(self, width: int | None = None) -> Iterator[Record]:
        """Every row that is not blank: its number in the sheet, its cells as text, what is wrong with it."""
        with self._archive.open(self._part) as stream:
            reader = _SheetReader(self._strings, self._styles, width)
            for _ in parse(stream, reader.start, reader.end, reader.text):
                self.lines = reader.last_row
                if reader.rows:
                    yield from reader.rows
                    reader.rows = []

    def close(self) -> None:
        self._archive.close()
        self._strings.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class _SheetReader:
    """Handlers that turn the elements of a sheet into rows. Hot: a million rows are tens of millions of calls."""

    def __init__(
        self,
        strings: SharedStrings,
        styles: list[Callable[[str], str]],
        width: int | None,
        limit: int = 16_384,
    ) -> None:
        self.rows: list[Record] = []
        self._strings, self._styles, self._width, self._limit = strings, styles, width, limit
        self._number = self._column = self._depth = self._held = 0
        self._cells: list[str] = []
        self._kind = self._style = ""
        self._parts: list[str] = []
        self._wanted = False
        self._problem: RowProblem | None = None
        self._columns: dict[str, int] = {}
        self._phonetic = 0
        self._meanings: dict[str, str] = {}
        self.last_row: int | None = None

    def _meaning(self, name: str) -> str:
        """The element without the prefix that its writer chose; anything that we do not care for is blank."""
        local = local_name(name)
        meaning = local if local in _ELEMENTS else ""
        if len(self._meanings) < 1_000:
            self._meanings[name] = meaning
        return meaning

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FileProblem("unreadable", detail="XML depth")
        meaning = self._meanings.get(name)
        if meaning is None:
            meaning = self._meaning(name)
        if meaning == "c":
            reference = attributes.get("r")
            self._column = self._index(reference) if reference else self._column + 1
            self._kind = attributes.get("t", "")
            self._style = attributes.get("s", "")
            self._parts = []
            self._held = 0
        elif meaning == "v" or meaning == "t":
            self._wanted = not self._phonetic
        elif meaning == "row":
            number = attributes.get("r", "")
            self._number = int(number) if number.isdecimal() and len(number) < 8 else self._number + 1
            self._column = -1
            self._cells = []
            self._problem = None
        elif meaning == "rPh":
            self._phonetic += 1
        elif meaning == "dimension":
            digits = re.sub(r"^.*?(\d{1,7})$", r"\1", attributes.get("ref", ""))
            self.last_row = int(digits) if digits.isdecimal() else None

    def text(self, data: str) -> None:
        if self._wanted and self._held <= HELD_CHARS:
            self._parts.append(data)
            self._held += len(data)

    def end(self, name: str) -> None:
        self._depth -= 1
        meaning = self._meanings.get(name)
        if meaning is None:
            meaning = self._meaning(name)
        if meaning == "v" or meaning == "t":
            self._wanted = False
        elif meaning == "c":
            if self._parts:
                value = self._value("".join(self._parts))
                if value:
                    self._put(value)
        elif meaning == "row":
            cells = self._cells
            if cells:
                if (width := self._width) is not None:
                    if len(cells) < width:
                        cells.extend([""] * (width - len(cells)))
                    elif len(cells) > width:
                        self._problem = RowProblem("field_count", {"count": len(cells), "expected": width})
                self.rows.append((self._number, cells, self._problem))
        elif meaning == "rPh":
            self._phonetic -= 1

    def _put(self, value: str) -> None:
        cells, column = self._cells, self._column
        missing = column - len(cells)
        if missing > 0:
            if column > self._limit:
                raise FileProblem("too_many_columns", count=column + 1, limit=self._limit)
            cells.extend([""] * missing)
        if missing < 0:  # a cell out of order, or twice
            if column >= 0:
                cells[column] = value
        else:
            cells.append(value)

    def _value(self, text: str) -> str:
        kind = self._kind
        if kind == "s":
            value = self._strings[int(text)] if text.isdecimal() else ""
        elif kind in ("str", "inlineStr"):
            value = unescape(text)
        elif kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        elif kind == "e":
            return ""
        elif kind == "d":
            return text.replace("T", " ")
        else:
            style = self._style
            if style and style.isdecimal() and int(style) < len(self._styles):
                return self._styles[int(style)](text)
            return plain_number(text)
        if len(value) > MAX_CELL_CHARS:
            self._problem = RowProblem("cell_too_large", {"limit": MAX_CELL_CHARS})
            return value[:200]
        if "\0" in value:
            self._problem = RowProblem("nul")
        return value

    def _index(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = 0
            for letter in letters.upper():
                column = column * 26 + ord(letter) - 64
            if not letters.isascii() or not letters.isalpha() or len(letters) > 3:
                raise FileProblem("unreadable", detail=reference[:20])
            column -= 1
            self._columns[letters] = column
        return column


def plain_number(text: str) -> str:
    """A number as a person would type it: `1.38E10` is 13800000000, `0.1` stays, binary noise after 15 digits goes."""
    if text.isdecimal() and len(text) < 16:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > 40:
        return text
    digits = len(number.as_tuple().digits)
    if digits > 15:
        number = Decimal(f"{number:.14E}")
    shown = f"{number:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _percent(text: str) -> str:
    try:
        return plain_number(str(Decimal(text) * 100)) + "%"
    except InvalidOperation:
        return text
