"""Open an uploaded table, whatever it is, and read its rows as a stream.

`open_table` looks at the content, never at the name. What comes out is always the same: columns with unique names, and
rows as `(number, cells, problem)`, the number being the one that Excel shows beside the row, every cell text.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, Self

import duckdb

from .delimited import MAX_CELL_CHARS, DelimitedFile
from .problems import FileProblem, RowProblem
from .workbook import Workbook

MAX_COLUMNS = 1_000
MAX_FILE_BYTES = 1024**3
SAMPLE_ROWS = 200
_HEADER_WITHIN = 20  # a title and some remarks may stand above the header

type Row = tuple[int, list[str], RowProblem | None]

_DATA_CELL = re.compile(
    r"""^(?:\+?\d[\d\s()./:-]{6,}      # a phone, a date, a long number
    |[^\s@]+@[^\s@]+\.[^\s@]+          # a mail address
    |https?://\S+
    |-?[\d,]*\.?\d+%?)$""",
    re.VERBOSE,
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
    b"BZh",
    b"\x7fELF",
    b"MZ\x90",
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file. `name` is unique in the file; `title` is what the header says, blank if it says nothing."""

    index: int
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person may set when we guess wrong. `header_row` 0 means that there is none."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None


class _Records(Protocol):
    def records(self, width: int | None = None) -> Iterator[Row]: ...


class _ParquetFile:
    """A Parquet file, read by DuckDB in bounded memory. The first record is its schema."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with _duckdb() as connection:
                found = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
                counted = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone()
        except duckdb.Error as error:
            raise FileProblem("unreadable", detail=str(error)[:100]) from None
        self._names = [str(name) for name, *_rest in found]
        self.lines = 1 + (counted[0] if counted else 0)

    def records(self, width: int | None = None) -> Iterator[Row]:
        del width  # every row of a Parquet file is as wide as its schema
        yield 1, list(self._names), None
        quoted = [name.replace('"', '""') for name in self._names]
        columns = ", ".join(
            f"coalesce(left(CAST(\"{name}\" AS VARCHAR), {MAX_CELL_CHARS + 1}), '')" for name in quoted
        )
        number = 1
        try:
            with _duckdb() as connection:
                # The names come from the file, quoted; the path is a parameter.
                cursor = connection.execute(f"SELECT {columns} FROM read_parquet(?)", [str(self._path)])
                while block := cursor.fetchmany(2_048):
                    for cells in block:
                        number += 1
                        if any(cells):
                            yield number, list(cells), _cell_problem(cells)
        except duckdb.Error as error:
            raise FileProblem("unreadable", detail=str(error)[:100]) from None


def _cell_problem(cells: Sequence[str]) -> RowProblem | None:
    if any("\0" in cell for cell in cells):
        return RowProblem("nul")
    if any(len(cell) > MAX_CELL_CHARS for cell in cells):
        return RowProblem("cell_too_large", {"limit": MAX_CELL_CHARS})
    return None


def _duckdb() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": "200MB",
            "threads": 1,
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
        },
    )


class Table:
    """An opened file: its columns, and its rows as often as one likes. A context manager.

    `columns` in the order of the file; `header_row` is the header's row number (0: the file has none and the columns
    are named `Column 1` …); `encoding`, `delimiter`, `sheet` say how it is read and may be given back as options;
    `row_estimate` is for progress bars, None where the format does not say.
    """

    def __init__(self, source: _Records, kind: str, options: ReadOptions) -> None:
        self._source, self.kind = source, kind
        sample = list(islice(source.records(), SAMPLE_ROWS + _HEADER_WITHIN))
        if not sample:
            raise FileProblem("empty")
        place = _header_place(sample) if options.header_row is None else _given(sample, options.header_row)
        self.header_row = 0 if place is None else sample[place][0]
        rows = sample if place is None else sample[place + 1 :]
        width = len(sample[place][1]) if place is not None else _usual_width(rows)
        if (
            kind == "xlsx"
        ):  # a sheet does not pad its header; cells beyond it belong to columns without a title
            width = max([width, *(len(_trimmed(cells)) for _number, cells, _problem in rows)])
        titles = [] if place is None else [" ".join(title.split()) for title in sample[place][1]]
        while (
            kind == "csv"
            and titles
            and not titles[-1]
            and all(not "".join(r[1][len(titles) - 1 :]) for r in rows)
        ):
            titles.pop()  # every line ends in a delimiter
            width -= 1
        if width > MAX_COLUMNS:
            raise FileProblem("too_many_columns", count=width, limit=MAX_COLUMNS)
        titles += [""] * (width - len(titles))
        self.columns = tuple(_columns(titles))
        if not rows:
            raise FileProblem("no_rows")
        self.encoding: str | None = getattr(source, "encoding", None)
        self.delimiter: str | None = getattr(source, "delimiter", None)
        self.sheet: str | None = getattr(source, "sheet", None)
        self.sheets: list[str] = getattr(source, "sheets", [])
        lines: int | None = getattr(source, "lines", None)
        self.row_estimate = None if lines is None else max(1, lines - self.header_row)

    @property
    def names(self) -> list[str]:
        """The unique names of the columns."""
        return [column.name for column in self.columns]

    def rows(self, after: int = 0) -> Iterator[Row]:
        """The rows below the header with numbers greater than `after`, in the order of the file."""
        begin = max(after, self.header_row)
        for row in self._source.records(len(self.columns)):
            if row[0] > begin:
                yield row

    def sample(self, count: int = SAMPLE_ROWS) -> list[list[str]]:
        """The cells of the first readable rows."""
        return [cells for _number, cells, problem in islice(self.rows(), count) if problem is None]

    def reading(self) -> ReadOptions:
        """The options that open the same file in the same way without guessing."""
        return ReadOptions(self.encoding, self.delimiter, self.sheet, self.header_row)

    def close(self) -> None:
        """Let go of the file."""
        if isinstance(self._source, Workbook):
            self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def open_table(path: Path, options: ReadOptions | None = None) -> Table:
    """Open a CSV, TSV, XLSX or Parquet file. Raises `FileProblem` with a sentence for the user."""
    options = options or ReadOptions()
    size = path.stat().st_size
    if size == 0:
        raise FileProblem("empty")
    if size > MAX_FILE_BYTES:
        raise FileProblem("too_large", limit=MAX_FILE_BYTES // 1024**2)
    with path.open("rb") as file:
        head = file.read(8_192)
    source: _Records
    kind = _kind_of(head, path)
    if kind == "xlsx":
        workbook = Workbook(path, sheet=options.sheet)
        try:
            return Table(workbook, kind, options)
        except BaseException:
            workbook.close()
            raise
    if kind == "parquet":
        source = _ParquetFile(path)
    else:
        source = DelimitedFile(path, encoding=options.encoding, delimiter=options.delimiter)
    return Table(source, kind, options)


def _kind_of(head: bytes, path: Path) -> str:
    """`csv`, `xlsx` or `parquet`, by content; anything else raises."""
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(_OLE):
        # An encrypted workbook is an old-style container with a stream of this name.
        with path.open("rb") as file:
            encrypted = "EncryptedPackage".encode("utf-16-le") in file.read(4 * 1024 * 1024)
        raise FileProblem("encrypted" if encrypted else "old_xls")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<style")):
        raise FileProblem("html")
    if start.startswith(b"<?xml"):
        raise FileProblem("html" if b"<html" in start or b"spreadsheet" in start else "binary")
    if head.startswith(_MAGIC):
        raise FileProblem("binary")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "csv"
    if len(_CONTROL.findall(head)) > len(head) // 50:
        raise FileProblem("binary")
    return "csv"


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _usual_width(rows: Sequence[Row]) -> int:
    return Counter(len(cells) for _number, cells, _problem in rows).most_common(1)[0][0]


def _given(sample: Sequence[Row], number: int) -> int | None:
    return next((place for place, row in enumerate(sample) if row[0] >= number), None) if number else None


def _header_place(sample: Sequence[Row]) -> int | None:
    """Where in the sample the header is: the first row about as wide as the table, if it holds words and not data."""
    filled = [sum(1 for cell in cells if cell.strip()) for _number, cells, _problem in sample]
    usual = Counter(filled).most_common(1)[0][0]
    enough = max(1, (max(usual, *filled[:_HEADER_WITHIN]) if len(filled) < 3 else usual) / 2)
    for place, (_number, cells, _problem) in enumerate(sample[:_HEADER_WITHIN]):
        if filled[place] < enough:
            continue
        data = sum(1 for cell in cells if _DATA_CELL.match(cell.strip()))
        strong = any("@" in cell and _DATA_CELL.match(cell.strip()) for cell in cells)
        return None if strong or data * 2 > filled[place] else place
    return 0


def _columns(titles: Sequence[str]) -> Iterator[Column]:
    taken: set[str] = set()
    for index, title in enumerate(titles):
        base = name = title or f"Column {index + 1}"
        copy = 2
        while name in taken:
            name = f"{base} ({copy})"
            copy += 1
        taken.add(name)
        yield Column(index, name, title)
