"""Files for tests: written, read back, refused."""

from pathlib import Path

import pytest

from huoju.acquire.imports.files import ReadOptions, open_table
from huoju.acquire.imports.problems import FileProblem


def put(folder: Path, content: bytes, name: str = "leads.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read(
    path: Path, options: ReadOptions | None = None
) -> tuple[list[str], list[tuple[int, list[str], str | None]]]:
    with open_table(path, options) as table:
        return table.names, [
            (number, cells, problem.code if problem else None) for number, cells, problem in table.rows()
        ]


def problem_of(path: Path, options: ReadOptions | None = None) -> FileProblem:
    with pytest.raises(FileProblem) as caught, open_table(path, options) as table:
        for _row in table.rows():
            pass
    assert str(caught.value)
    return caught.value
