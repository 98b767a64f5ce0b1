"""Text tables: which encoding, which delimiter, and the records of the file one by one.

Nothing is held in memory but the current record. Broken quoting costs the row in which it stands, not the rows after
it: when a record turns out wrong, its first line alone is reported and the lines after it are read afresh.
"""

import codecs
import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .problems import FileProblem, RowProblem

DELIMITERS = (",", "\t", ";", "|")
MAX_LINE_CHARS = 8 * 1024 * 1024
# A record of more lines is a quotation mark that nobody closed.
MAX_RECORD_LINES = 1_000
# The limit of the csv module itself; setting another would change it for the whole process.
MAX_CELL_CHARS = 131_072
ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "gb18030": "GB18030"}

_BLOCK = 1024 * 1024
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
# Chinese text in GB18030 passes for UTF-8 by accident for a few characters ("联通" is the famous one), never for many
# different ones.
_CLEARLY_UTF8 = 12

type Record = tuple[int, list[str], RowProblem | None]


@dataclass(frozen=True, slots=True)
class Scan:
    """What one pass over the whole file found."""

    encoding: str
    lines: int
    has_nul: bool


class _UndecodableError(Exception):
    def __init__(self, encoding: str, line: int, byte: int) -> None:
        super().__init__(encoding)
        self.encoding, self.line, self.byte = encoding, line, byte

    def problem(self) -> FileProblem:
        return FileProblem("encoding", encoding=ENCODINGS[self.encoding], line=self.line, byte=self.byte)


def scan(path: Path, encoding: str | None = None) -> Scan:
    """Decode the whole file strictly; find its encoding unless given. Raises `FileProblem`."""
    if encoding is not None:
        codec = encoding.lower().replace("_", "-")
        codec = {"utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030"}.get(codec, codec)
        if codec not in ENCODINGS:
            raise FileProblem("unknown_encoding", encoding=encoding[:40])
        with path.open("rb") as file:
            if codec == "utf-8" and file.read(3) == codecs.BOM_UTF8:
                codec = "utf-8-sig"
        try:
            return _walk(path, codec)
        except _UndecodableError as error:
            raise error.problem() from None
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif head.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", "gb18030"]
    failures: list[_UndecodableError] = []
    for codec in candidates:
        try:
            return _walk(path, codec)
        except _UndecodableError as error:
            failures.append(error)
            if codec == "utf-8" and _distinct_characters(path, error.byte) >= _CLEARLY_UTF8:
                break  # a UTF-8 file with a broken place; GB18030 would accept nearly anything, and read nonsense
    raise max(failures, key=lambda failure: failure.byte).problem()


def _walk(path: Path, codec: str) -> Scan:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    offset = lines = run = 0
    has_nul = False
    last = ""
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                bad = error.object[: error.start].decode(codec, "ignore")
                line = lines + bad.count("\n") + 1
                raise _UndecodableError(codec, line, offset - pending + error.start) from None
            offset += len(block)
            if text:
                lines += text.count("\n") or text.count("\r")
                has_nul = has_nul or "\0" in text
                first, final = _newline(text), max(text.rfind("\n"), text.rfind("\r"))
                run += len(text) if first is None else first
                if run > MAX_LINE_CHARS:
                    raise FileProblem("line_too_long", line=lines + (first is None), limit=MAX_LINE_CHARS)
                if first is not None:
                    run = len(text) - final - 1
                last = text[-1]
            if not block:
                return Scan(codec, lines + (last not in ("", "\n", "\r")), has_nul)


def _newline(text: str) -> int | None:
    places = [place for place in (text.find("\n"), text.find("\r")) if place >= 0]
    return min(places) if places else None


def _distinct_characters(path: Path, until: int) -> int:
    """How many different characters outside ASCII the valid UTF-8 before byte `until` holds."""
    with path.open("rb") as file:
        file.seek(max(0, until - 4 * _BLOCK))
        text = file.read(min(until, 4 * _BLOCK)).decode("utf-8", "ignore")
    return len(set(_NON_ASCII.findall(text)))


def sniff_delimiter(sample: str) -> str:
    """The delimiter under which the sample's records, read with their quotes, agree best on their width."""
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            widths = [
                len(cells)
                for cells in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter)
                if cells
            ]
        except csv.Error:
            continue
        # The sample may end inside a record.
        counts = Counter(widths[:-1] if len(widths) > 2 else widths)
        width, rows = max(counts.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]), default=(1, 0))
        if width < 2:
            continue
        score = rows / counts.total() * (1 - 1 / width)
        if score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best


class DelimitedFile:
    """A CSV or TSV file. Opening it reads it once from end to end, so that later reading cannot fail half way."""

    def __init__(self, path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> None:
        self.path = path
        found = scan(path, encoding)
        self.encoding = found.encoding
        self.lines = found.lines
        self._has_nul = found.has_nul
        with path.open(encoding=self.encoding, newline="") as file:
            sample = file.read(64 * 1024)
        # Excel reads and writes "sep=;" as a first line that names the delimiter.
        named = re.match(r"sep=(.)\r?\n", sample, re.IGNORECASE)
        self._skip_lines = 1 if named else 0
        self.delimiter = delimiter or (named[1] if named else sniff_delimiter(sample))

    def records(self, width: int | None = None) -> Iterator[Record]:
        """Every record that is not blank: its ordinal (1 = first, blank ones counted), its cells, what is wrong.

        With `width`, records of another number of cells carry a problem; superfluous cells that are blank are cut.
        """
        with self.path.open(encoding=self.encoding, newline="") as file:
            for _ in range(self._skip_lines):
                next(file)
            yield from self._records(file, width)

    def _records(self, file: Iterator[str], width: int | None) -> Iterator[Record]:
        taken: deque[str] = deque()  # the lines of the current record
        again: deque[str] = deque()  # lines to be read once more

        def feed() -> Iterator[str]:
            while len(taken) < MAX_RECORD_LINES:
                if again:
                    line = again.popleft()
                else:
                    try:
                        line = next(file)
                    except StopIteration:
                        return
                taken.append(line)
                yield line

        ordinal = self._skip_lines
        check_nul = self._has_nul
        while True:
            reader = csv.reader(feed(), delimiter=self.delimiter, strict=True)
            failure: str | None = None
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    if not taken:
                        return
                    failure = "quote"
                    break
                except csv.Error as error:
                    failure = "cell_too_large" if "field limit" in str(error) else "quote"
                    break
                if check_nul and any("\0" in line for line in taken):
                    ordinal += 1
                    yield ordinal, cells, RowProblem("nul")
                elif width is None or len(cells) == width:
                    ordinal += 1
                    if any(cells):
                        yield ordinal, cells, None
                elif not any(cells):
                    ordinal += 1
                elif len(cells) > width and not any(cells[width:]):
                    ordinal += 1
                    yield ordinal, cells[:width], None
                elif len(taken) > 1:
                    failure = "quote"
                    break
                else:
                    ordinal += 1
                    yield ordinal, cells, RowProblem("field_count", {"count": len(cells), "expected": width})
                taken.clear()
            # The record is wrong, and may have swallowed others: settle its first line, read the others afresh.
            first = taken.popleft()
            again.extendleft(reversed(taken))
            taken.clear()
            ordinal += 1
            yield (ordinal, *self._one_line(first, width, failure))

    def _one_line(self, line: str, width: int | None, failure: str) -> tuple[list[str], RowProblem | None]:
        """A line on its own, read leniently: a stray quotation mark inside a cell is a character like any other."""
        try:
            cells = next(csv.reader([line], delimiter=self.delimiter), [])
        except csv.Error:
            return [line[:200].replace("\0", "")], RowProblem("cell_too_large", {"limit": MAX_CELL_CHARS})
        if "\0" in line:
            return cells, RowProblem("nul")
        cells = [cell.rstrip("\r\n") for cell in cells]
        if width is None or len(cells) == width:
            return cells, None
        if failure == "quote":
            return cells, RowProblem("quote")
        return cells, RowProblem("field_count", {"count": len(cells), "expected": width})
