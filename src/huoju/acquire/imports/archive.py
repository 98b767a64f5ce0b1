"""Whether a ZIP archive is worth opening, judged by its central directory before anything is unpacked."""

import zipfile
from pathlib import Path

from .problems import FileProblem

MAX_ENTRIES = 5_000
MAX_DIRECTORY_BYTES = 4 * 1024 * 1024
MAX_UNPACKED = 2 * 1024**3
MAX_RATIO = 500  # repeated rows of a real sheet reach about 100; DEFLATE itself ends at 1,032
RATIO_MATTERS_FROM = 50 * 1024 * 1024


def check(path: Path) -> None:
    """Refuse archives that are not worth opening: too many parts, too large unpacked, or a ratio no sheet reaches."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65_557))
        tail = file.read()
        end = tail.rfind(b"PK\x05\x06")
        if end < 0 or len(tail) < end + 22:
            raise FileProblem("unreadable", detail="ZIP")
        entries = int.from_bytes(tail[end + 10 : end + 12], "little")
        directory = int.from_bytes(tail[end + 12 : end + 16], "little")
        if (
            end >= 20 and tail[end - 20 : end - 16] == b"PK\x06\x07"
        ):  # ZIP64: the true numbers stand elsewhere
            file.seek(min(size, int.from_bytes(tail[end - 12 : end - 4], "little")))
            record = file.read(56)
            entries = int.from_bytes(record[32:40], "little")
            directory = int.from_bytes(record[40:48], "little")
    if entries > MAX_ENTRIES or directory > MAX_DIRECTORY_BYTES:
        raise FileProblem("zip_entries", limit=MAX_ENTRIES)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise FileProblem("unreadable", detail=str(error)[:100]) from None
    if any(info.flag_bits & 1 for info in infos):
        raise FileProblem("encrypted")
    if sum(info.file_size for info in infos) > MAX_UNPACKED:
        raise FileProblem("zip_size", limit=MAX_UNPACKED // 1024**2)
    for info in infos:
        if info.file_size > RATIO_MATTERS_FROM and info.file_size > MAX_RATIO * max(info.compress_size, 1):
            raise FileProblem("zip_ratio", limit=MAX_RATIO)
