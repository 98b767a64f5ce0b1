"""Real data for tests, kept outside the repository: `../shared/data`, or where HUOJU_TEST_DATA says."""

import os
from pathlib import Path

import pytest

_ROOT = Path(os.environ.get("HUOJU_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def shared_data(name: str) -> Path:
    """The path of one file of the shared data; the calling test is skipped where it is absent."""
    path = _ROOT / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path
