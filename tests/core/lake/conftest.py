"""A lake, a log and a table of the test's own."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from huoju.core.facts.operations import NewFact, append
from huoju.core.lake import tables
from huoju.core.lake.models import File, Position, State
from huoju.core.lake.tables import LakeTable
from tests.races import committed_log

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
THING = LakeTable(
    name="lake_test_thing",
    relation="lake_test_thing",
    columns={
        "id": "int64",
        "name": "string",
        "amount": "decimal(14, 2)",
        "at": "timestamp('UTC')",
        "on": "date",
        "tags": "array<string>",
        "loud": "boolean",
    },
    sources={"on": '"on"', "loud": "name = upper(name)"},
)

type Put = Callable[..., None]


@pytest.fixture(autouse=True)
def place(settings: Any, tmp_path: Path) -> Path:
    """Where the lake is."""
    settings.LAKE_URL = str(tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture
def put(transactional_db: None) -> Iterator[Put]:
    """Append facts in a transaction of their own, to an empty log; the lake is empty too."""

    def put(*facts: NewFact) -> None:
        with transaction.atomic():
            append(facts, actor="user:1", source="test", now=NOW)

    with committed_log(NOW):
        _forget()
        yield put
        _forget()


@pytest.fixture
def thing(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[LakeTable]:
    """An empty table in PostgreSQL, the only one registered."""
    monkeypatch.setattr(tables, "_tables", {THING.name: THING})
    with connection.cursor() as cursor:
        cursor.execute(
            """DROP TABLE IF EXISTS lake_test_thing;
               CREATE TABLE lake_test_thing (id bigint PRIMARY KEY, name text, amount numeric(14, 2),
                   at timestamptz, "on" date, tags text[])"""
        )
    _forget()
    yield THING
    _forget()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE lake_test_thing")


def _forget() -> None:
    for model in (State, Position, File):
        model.objects.all().delete()
