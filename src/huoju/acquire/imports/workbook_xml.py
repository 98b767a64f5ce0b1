"""The XML inside a workbook: parsed block by block, with limits on whatever a hostile file could let grow."""

import os
import re
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from typing import IO
from xml.parsers import expat

from . import archive
from .problems import FileProblem

MAX_DEPTH = 64
MAX_STRINGS = 20_000_000
# How much of one token (a tag, a comment) the parser may have to hold.
MAX_TOKEN = 8 * 1024 * 1024
HELD_CHARS = 128 * 1024
_BLOCK = 256 * 1024
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")

type StartHandler = Callable[[str, dict[str, str]], None]
type EndHandler = Callable[[str], None]


def parse(
    stream: IO[bytes], start: StartHandler, end: EndHandler, text: Callable[[str], None]
) -> Iterator[None]:
    """Feed the XML to the handlers block by block, yielding after each, so that a caller can hand on what came out."""
    parser = expat.ParserCreate()

    def refuse(*_arguments: object) -> None:
        raise FileProblem("xml_entities")

    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    parser.buffer_size = 64 * 1024
    parser.ordered_attributes = False
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    unpacked = 0
    try:
        while block := stream.read(_BLOCK):
            unpacked += len(block)
            if unpacked > archive.MAX_UNPACKED:
                raise FileProblem("zip_size", limit=archive.MAX_UNPACKED // 1024**2)
            parser.Parse(block, False)
            if unpacked - parser.CurrentByteIndex > MAX_TOKEN:
                raise FileProblem("unreadable", detail="XML token")
            yield
        parser.Parse(b"", True)
        yield
    except (
        expat.ExpatError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        UnicodeError,
    ) as error:
        raise FileProblem("unreadable", detail=str(error)[:100]) from None


def guarded(start: StartHandler, end: EndHandler) -> tuple[StartHandler, EndHandler]:
    """The same handlers, refusing elements nested without end: the parser keeps each open one in memory."""
    depth = 0

    def start_guarded(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise FileProblem("unreadable", detail="XML depth")
        start(name, attributes)

    def end_guarded(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name)

    return start_guarded, end_guarded


def local_name(name: str) -> str:
    return name.rpartition(":")[2]


def unescape(text: str) -> str:
    """Undo `_x000D_`: characters that XML cannot hold."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(
        lambda match: chr(int(match[1], 16)) if not 0xD800 <= int(match[1], 16) <= 0xDFFF else "", text
    )


class SharedStrings:
    """The strings of the workbook, in a temporary file: a million rows may have five million different ones.

    They are unpacked as far as somebody asks: the first rows need the first strings only.
    """

    def __init__(self) -> None:
        self._unpacking: Iterator[None] = iter(())
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the workbook
        self._ends = array("Q")
        self._length = 0
        self._recent: dict[int, str] = {}

    def begin(self, stream: IO[bytes]) -> None:
        """Take the strings from `stream`, bit by bit."""
        self._unpacking = self._unpack(stream)

    def _unpack(self, stream: IO[bytes]) -> Iterator[None]:
        parts: list[str] = []
        buffer = bytearray()
        ignore = held = 0
        wanted = False

        def start(name: str, _attributes: dict[str, str]) -> None:
            nonlocal ignore, wanted
            name = local_name(name)
            if name == "t":
                wanted = not ignore
            elif name == "rPh":  # how the text is read aloud; not part of it
                ignore += 1

        def end(name: str) -> None:
            nonlocal ignore, wanted, held
            name = local_name(name)
            if name == "t":
                wanted = False
            elif name == "rPh":
                ignore -= 1
            elif name == "si":
                buffer.extend(unescape("".join(parts)).encode("utf-8", "replace"))
                self._ends.append(self._length + len(buffer))
                if len(self._ends) > MAX_STRINGS:
                    raise FileProblem("zip_size", limit=archive.MAX_UNPACKED // 1024**2)
                parts.clear()
                held = 0

        def text(data: str) -> None:
            nonlocal held
            if wanted and held <= HELD_CHARS:  # enough to see that it is too long
                parts.append(data)
                held += len(data)

        for _ in parse(stream, *guarded(start, end), text):
            self._file.seek(0, os.SEEK_END)  # somebody may have read meanwhile
            self._file.write(buffer)
            self._length += len(buffer)
            buffer.clear()
            yield
        stream.close()

    def __getitem__(self, index: int) -> str:
        known = self._recent.get(index)
        if known is not None:
            return known
        while index >= len(self._ends):
            if next(self._unpacking, self) is self:  # the end
                raise FileProblem("unreadable", detail=f"string {index}")
        begin = self._ends[index - 1] if index else 0
        self._file.seek(begin)
        value = self._file.read(self._ends[index] - begin).decode()
        if len(self._recent) >= 20_000:
            self._recent.clear()
        if len(value) <= 200:
            self._recent[index] = value
        return value

    def close(self) -> None:
        self._file.close()
