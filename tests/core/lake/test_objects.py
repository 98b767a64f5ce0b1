"""The lake on object storage, by its URL: the same flow, changes, compaction and answers as in a folder."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from huoju.core.facts.operations import NewFact
from huoju.core.lake import operations
from huoju.core.lake.engines import engine, fact_table
from huoju.core.lake.models import File
from huoju.core.lake.store import store
from huoju.core.lake.tables import LakeTable

from .conftest import NOW, Put
from .kinds import Seen
from .objects import ObjectStore, object_store


@pytest.fixture
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """A bucket in which the lake is."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with object_store() as server:
        settings.LAKE_URL = f"s3://key:secret@bucket/one/lake?region=cn-north-1&scheme=http&endpoint_override={server.address}"
        yield server


def _pages() -> list[str]:
    seen = fact_table(Seen)
    return [page for (page,) in engine("duckdb").rows(seen.select("page").order_by("page"))]


def test_facts_flow_into_the_bucket_once_and_are_read_there(bucket: ObjectStore, put: Put) -> None:
    put(*(NewFact(payload=Seen(page=f"/{n}"), occurred_at=NOW, person_id=n) for n in range(1, 4)))
    assert operations.flow(now=NOW).facts == 3
    assert operations.flow(now=NOW).facts == 0
    late = NewFact(payload=Seen(page="/late"), occurred_at=NOW - timedelta(days=400), person_id=1)
    put(late)
    operations.flow(now=NOW)
    assert _pages() == ["/1", "/2", "/3", "/late"]
    # What the manifest knows is what the bucket holds, and nothing lies beside it.
    assert {f"bucket/one/lake/{path}" for path in File.objects.values_list("path", flat=True)} == set(
        bucket.objects
    )
    assert sorted(store().paths()) == sorted(File.objects.values_list("path", flat=True))


def test_changed_rows_compaction_and_rebuild(bucket: ObjectStore, put: Put, thing: LakeTable) -> None:
    question = thing.unbound().order_by("id")

    def same() -> int:
        told = engine("duckdb").run(question).to_pylist()
        assert told == engine("postgres").run(question).to_pylist()
        return len(told)

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lake_test_thing (id, name) SELECT n, 'A' FROM generate_series(1, 20) AS n"
        )
        operations.flow(now=NOW)
        assert same() == 20
        cursor.execute("UPDATE lake_test_thing SET name = 'é 火' WHERE id < 5")
        cursor.execute("DELETE FROM lake_test_thing WHERE id > 15")
        operations.flow(now=NOW + timedelta(hours=1))
    assert same() == 15
    operations.rebuild(now=NOW + timedelta(hours=2))
    assert same() == 15


def test_the_place_can_be_checked(bucket: ObjectStore) -> None:
    store().check()
    assert not any(name.endswith(".parquet") for name in bucket.objects)
