"""The tables of the test target, and imports made from text."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from huoju.acquire.imports import operations, registry
from huoju.acquire.imports.models import Import

from .target import TABLES, ThingTarget

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MAPPING = {
    "version": 1,
    "columns": [
        {"field": "external_id", "from": "id"},
        {"field": "name", "from": "name"},
        {"field": "amount", "from": "amount"},
    ],
}

type MakeImport = Callable[..., Import]


def clock() -> datetime:
    return NOW


@pytest.fixture
def things(
    request: pytest.FixtureRequest, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The test target, registered, its tables empty; uploads go to a folder of the test."""
    request.getfixturevalue("db" if "transactional_db" not in request.fixturenames else "transactional_db")
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(registry, "_targets", dict(registry._targets))
    registry.register_target(ThingTarget())
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
    yield
    if "transactional_db" in request.fixturenames:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE import_test_thing, import_test_log")


@pytest.fixture
def make_import(things: None) -> MakeImport:
    """Upload text as a file and map it."""

    def make(text: str, mapping: Any = None, name: str = "things.csv") -> Import:
        record = operations.create_import(
            target=ThingTarget(), file_name=name, content=[text.encode()], actor="user:1", now=NOW
        )
        return operations.set_mapping(import_id=record.pk, mapping=mapping or MAPPING, now=NOW)

    return make


def rows_text(count: int, start: int = 1) -> str:
    """A file of `count` things."""
    return "id,name,amount\n" + "".join(f"x{n},thing {n},{n}.50\n" for n in range(start, start + count))
