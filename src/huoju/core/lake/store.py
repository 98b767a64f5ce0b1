"""Where the files are: a local folder or object storage, through pyarrow's filesystems."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from pyarrow import fs

from huoju.core.ids import uuid7

_ROW_GROUP = 131_072


class Store:
    """The lake's files below one address: a folder, or a URL that pyarrow knows (`s3://bucket/path?region=…`)."""

    def __init__(self, url: str) -> None:
        """`url`: a path or a URL. Nothing is opened or made yet."""
        if "://" in url:
            self.filesystem, self.root = fs.FileSystem.from_uri(url)
        else:
            self.filesystem, self.root = fs.LocalFileSystem(), str(Path(url).resolve())
        self.is_local = isinstance(self.filesystem, fs.LocalFileSystem)
        self.has_paths = self.is_local
        """Whether any program can open a file by its address."""

    def address(self, path: str) -> str:
        """What the filesystem calls the file at `path`."""
        return f"{self.root}/{path}"

    def write(self, folder: str, rows: pa.Table) -> tuple[str, int]:
        """Write `rows` to a new file in `folder`; its path and its size in bytes. It is on disk when this returns."""
        path = f"{folder}/{_new_name()}.parquet"
        address = self.address(path)
        if self.is_local:
            self.filesystem.create_dir(os.path.dirname(address), recursive=True)
        with self.filesystem.open_output_stream(address) as stream:
            pq.write_table(rows, stream, compression="zstd", row_group_size=_ROW_GROUP, write_page_index=True)
            size = stream.tell()
        if self.is_local:
            _sync(address)
        return path, size

    def read(self, path: str) -> pa.Table:
        """The rows of a file."""
        return pq.read_table(self.address(path), filesystem=self.filesystem, partitioning=None)

    def delete(self, paths: Iterable[str]) -> int:
        """Remove files; one that is not there is fine. How many were there."""
        removed = 0
        for path in paths:
            try:
                self.filesystem.delete_file(self.address(path))
            except FileNotFoundError:
                continue
            removed += 1
        return removed

    def paths(self) -> Iterator[str]:
        """Every file below the address."""
        below = fs.FileSelector(self.root, recursive=True, allow_not_found=True)
        for each in self.filesystem.get_file_info(below):
            if each.type is fs.FileType.File:
                yield each.path.removeprefix(f"{self.root}/")

    def check(self) -> None:
        """Write, read and remove a small file. Raises `OSError` if the place cannot be used."""
        path, _ = self.write("check", pa.table({"answer": [42]}))
        self.read(path)
        self.delete([path])


def store() -> Store:
    """The lake's place, as the settings say."""
    return Store(settings.LAKE_URL)


def _new_name() -> str:
    made: UUID = uuid7()
    return made.hex


def _sync(address: str) -> None:
    """To the disk, name and all: the manifest must not outlive the file in a power cut."""
    for path in (address, os.path.dirname(address)):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
