"""What flows: everything, once; what changed, and nothing else."""

import os
from dataclasses import field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from huoju.core.facts import kinds
from huoju.core.facts.kinds import fact
from huoju.core.facts.operations import NewFact
from huoju.core.lake import flow as flows
from huoju.core.lake import manifest, operations
from huoju.core.lake.engines import engine, fact_table
from huoju.core.lake.models import File, Part, Position
from huoju.core.lake.store import Store, store
from huoju.core.lake.tables import LakeTable
from tests.races import race

from .conftest import NOW, Put
from .kinds import Seen


def _pages() -> list[str]:
    seen = fact_table(Seen)
    return [page for (page,) in engine("duckdb").rows(seen.select("page").order_by("page"))]


def _seen(page: str, *, person: int | None = 1, days: int = 0) -> NewFact:
    return NewFact(payload=Seen(page=page), occurred_at=NOW - timedelta(days=days), person_id=person)


def _execute(query: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, values)


def _same(table: LakeTable) -> None:
    question = table.unbound().order_by("id")
    assert engine("duckdb").run(question).to_pylist() == engine("postgres").run(question).to_pylist()


def test_facts_flow_once(put: Put) -> None:
    """A second flow finds nothing; a late fact goes to the month in which it occurred."""
    put(_seen("/a"), _seen("/b"))
    assert operations.flow(now=NOW).facts == 2
    assert operations.flow(now=NOW).facts == 0
    put(_seen("/late", days=400))
    assert operations.flow(now=NOW).facts == 1
    assert _pages() == ["/a", "/b", "/late"]
    assert sorted(File.objects.values_list("month", "rows")) == [("2025-10", 1), ("2026-11", 2)]


def test_chunks_are_whole_transactions(put: Put) -> None:
    """Many small transactions flow in several steps, without a gap or a double between them."""
    for number in range(30):
        put(*(_seen(f"/{number:02}/{each}", person=each) for each in range(3)))
    place, counts = store(), []
    while count := flows.flow_facts(place, now=NOW, chunk=16):
        counts.append(count)
    assert len(counts) > 3
    assert sum(counts) == 90
    assert _pages() == sorted(f"/{number:02}/{each}" for number in range(30) for each in range(3))


def test_a_slow_transaction_is_not_stepped_over(put: Put) -> None:
    """What began first and commits last flows when it has committed, whatever flowed in between."""
    put(_seen("/first"))
    slow = psycopg.connect(**_parameters())
    slow.execute("SELECT pg_current_xact_id()")
    put(_seen("/during"))
    assert operations.flow(now=NOW).facts == 1
    assert _pages() == ["/first"]
    slow.execute(
        """INSERT INTO facts_fact SELECT '00000000-0000-0000-0000-00000000000a', kind, version, person_id, visitor_id,
           company_id, occurred_at, recorded_at, actor, source, '{"page": "/slow"}', NULL, shard,
           pg_current_xact_id()::text::bigint + (SELECT lift FROM facts_lift) FROM facts_fact LIMIT 1"""
    )
    slow.commit()
    slow.close()
    assert operations.flow(now=NOW).facts == 2
    assert _pages() == ["/during", "/first", "/slow"]


def _parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    return {key: value for key, value in parameters.items() if key not in {"cursor_factory", "context"}}


def test_older_versions_are_lifted(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the old shape and of the new one are read together; what a fact lacks is NULL."""
    names, types = dict(kinds._by_name), dict(kinds._by_type)
    monkeypatch.setattr(kinds, "_by_name", names)
    monkeypatch.setattr(kinds, "_by_type", types)

    @fact("lake_test.changed")
    class Old:
        size: int
        dropped: str = "x"

    put(NewFact(payload=Old(size=1), occurred_at=NOW))
    operations.flow(now=NOW)
    put(NewFact(payload=Old(size=2), occurred_at=NOW))
    del names["lake_test.changed"]

    @fact(
        "lake_test.changed", version=2, upcasts={1: lambda raw: {"size": f"{raw['size']} m", "kind": "old"}}
    )
    class New:
        size: str
        kind: str = ""
        more: list[str] = field(default_factory=list)

    put(NewFact(payload=New(size="3 km"), occurred_at=NOW))
    operations.flow(now=NOW)
    found = engine("duckdb").rows(fact_table(New).select("size", "kind", "more", "version").order_by("size"))
    assert found == [("1", None, None, 1), ("2 m", "old", None, 1), ("3 km", "", "[]", 2)]
    operations.rebuild(now=NOW, names=["facts"])
    found = engine("duckdb").rows(fact_table(New).select("size", "kind", "more", "version").order_by("size"))
    assert found == [("1 m", "old", None, 1), ("2 m", "old", None, 1), ("3 km", "", "[]", 2)]


def test_a_value_that_does_not_fit_stops_nothing(put: Put) -> None:
    """It is NULL; its fact and all others flow."""
    put(_seen("/a"))
    _execute(
        """INSERT INTO facts_fact SELECT '00000000-0000-0000-0000-00000000000a', kind, version, person_id, visitor_id,
           company_id, occurred_at, recorded_at, actor, source, '{"page": "/odd", "seconds": "many", "tags": ["x"]}',
           NULL, shard, tx FROM facts_fact LIMIT 1"""
    )
    assert operations.flow(now=NOW).errors == {}
    seen = fact_table(Seen)
    found = engine("duckdb").rows(seen.select("page", "seconds", "tags").order_by("page"))
    assert found == [("/a", None, "[]"), ("/odd", None, '["x"]')]


def test_object_storage_is_read_through_arrow(
    put: Put, thing: LakeTable, place: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """What DuckDB cannot read by itself; and an address that is a URL."""
    settings.LAKE_URL = f"file://{place}"
    local = Store.__init__

    def remote(store: Store, url: str) -> None:
        local(store, url)
        store.has_paths = False

    monkeypatch.setattr(Store, "__init__", remote)
    put(_seen("/a", days=40), _seen("/b"))
    _execute("INSERT INTO lake_test_thing (id, name) SELECT n, 'n' FROM generate_series(1, 9) n")
    assert operations.flow(now=NOW).errors == {}
    _execute("DELETE FROM lake_test_thing WHERE id < 3")
    operations.flow(now=NOW)
    seen = fact_table(Seen)
    recent = seen.filter(seen.occurred_at > NOW - timedelta(days=9)).select("page")
    assert engine("duckdb").rows(recent) == [("/b",)]
    _same(thing)


def test_threads_ask_at_once(put: Put) -> None:
    """Each gets its own answer."""
    put(*(_seen(f"/{n}", person=n) for n in range(20)))
    operations.flow(now=NOW)
    seen = fact_table(Seen)

    def asking(person: int) -> list[Any]:
        question = seen.filter(seen.person_id == person).select("page")
        return [engine("duckdb").rows(question) for _ in range(5)]

    assert race(*(partial(asking, n) for n in range(4))) == [[[(f"/{n}",)]] * 5 for n in range(4)]


def test_changes_of_a_table_flow(thing: LakeTable) -> None:
    """New, changed and deleted rows; an unchanged table costs no file."""
    _execute(
        "INSERT INTO lake_test_thing SELECT n, 'N' || n, n / 3.0, now(), '2026-11-21' FROM generate_series(1, 100) n"
    )
    assert operations.flow(now=NOW).tables == {thing.name: 100}
    assert operations.flow(now=NOW).tables == {thing.name: 0}
    _same(thing)
    _execute("UPDATE lake_test_thing SET name = 'x', tags = ARRAY['a', 'b,\"'] WHERE id <= 3")
    _execute(
        "DELETE FROM lake_test_thing WHERE id BETWEEN 3 AND 4; INSERT INTO lake_test_thing VALUES (200, '')"
    )
    assert operations.flow(now=NOW).tables == {thing.name: 5}
    _same(thing)
    assert list(File.objects.order_by("id").values_list("part", "rows")) == [
        (Part.ROWS, 100),
        (Part.CHANGES, 5),
    ]
    # The same number of rows, though one went and one came.
    _execute("DELETE FROM lake_test_thing WHERE id = 200; INSERT INTO lake_test_thing VALUES (201, 'y')")
    assert operations.flow(now=NOW).tables == {thing.name: 2}
    _execute("INSERT INTO lake_test_thing VALUES (200, 'again')")
    operations.flow(now=NOW)
    _same(thing)
    _execute("TRUNCATE lake_test_thing")
    operations.flow(now=NOW)
    _same(thing)


def test_a_savepoint_of_an_open_transaction_is_not_missed(thing: LakeTable) -> None:
    """Rows that an open transaction wrote behind savepoints flow once it has committed."""
    _execute("INSERT INTO lake_test_thing VALUES (1, 'a')")
    with psycopg.connect(**_parameters()) as other:
        other.execute("SELECT pg_current_xact_id()")
        with other.transaction():
            other.execute("UPDATE lake_test_thing SET name = 'b'")
        _execute("INSERT INTO lake_test_thing VALUES (2, 'c')")
        operations.flow(now=NOW)
        assert operations.flow(now=NOW).tables == {thing.name: 0}
    operations.flow(now=NOW)
    _same(thing)


def test_a_table_of_another_shape_is_made_anew(thing: LakeTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column more in the registration: all rows have it after the next flow."""
    _execute("INSERT INTO lake_test_thing VALUES (1, 'a'), (2, 'b')")
    operations.flow(now=NOW)
    wider = LakeTable(
        name=thing.name,
        relation=thing.relation,
        columns={**thing.columns, "long": "string"},
        sources={**thing.sources, "long": "name || name"},
    )
    monkeypatch.setattr("huoju.core.lake.tables._tables", {wider.name: wider})
    assert operations.flow(now=NOW).tables == {thing.name: 2}
    assert engine("duckdb").rows(wider.unbound().select("long").order_by("long")) == [("aa",), ("bb",)]


def test_what_cannot_flow_stops_nothing_else(put: Put, thing: LakeTable) -> None:
    """A table that is not there is reported; facts flow, and it flows when it is back."""
    put(_seen("/a"))
    _execute("ALTER TABLE lake_test_thing RENAME TO elsewhere")
    flowed = operations.flow(now=NOW)
    assert flowed.facts == 1
    assert "lake_test_thing" in flowed.errors[thing.name]
    assert Position.objects.get(name=thing.name).failed_at == NOW
    _execute("ALTER TABLE elsewhere RENAME TO lake_test_thing; INSERT INTO lake_test_thing VALUES (1, 'a')")
    assert operations.flow(now=NOW).errors == {}
    assert Position.objects.get(name=thing.name).error == ""
    _same(thing)


def test_two_flows_exclude_each_other(put: Put) -> None:
    """The second says that it is busy; what the first one moves is moved once."""
    put(_seen("/a"))

    def holding() -> str:
        with manifest.only_writer():
            pass
        return "free"

    with manifest.only_writer(), pytest.raises(manifest.BusyError):
        race(holding)
    assert race(holding) == ["free"]

    def attempt() -> int | None:
        try:
            return operations.flow(now=NOW).facts
        except manifest.BusyError:
            return None

    results = race(attempt, attempt)
    assert [each for each in results if each] == [1]
    assert _pages() == ["/a"]


def test_orphans_are_swept_and_unread(put: Put, place: Path) -> None:
    """A file that the manifest does not hold is not read, and goes with the next sweep."""
    put(_seen("/a"))
    operations.flow(now=NOW)
    (file,) = place.rglob("*.parquet")
    orphan = file.with_name("0.parquet")
    os.link(file, orphan)
    assert _pages() == ["/a"]
    assert operations.sweep() == 1
    assert not orphan.exists()
    assert _pages() == ["/a"]


def test_compaction_is_safe_beside_readers(put: Put, place: Path) -> None:
    """Files that a reader began with stay until it is done."""
    for number in range(9):
        put(_seen(f"/{number}"))
        operations.flow(now=NOW)
    with manifest.reading(["fact_lake_test__seen"]) as files:
        (old,) = files.values()
        assert len(old) == 9

        def compact() -> int:
            merged = operations.compact().files
            return merged + operations.sweep()

        assert race(compact) == [9]
        assert all((place / file.path).exists() for file in old)
        assert _pages() == [f"/{number}" for number in range(9)]
    assert operations.sweep() == 9
    assert len(list(place.rglob("*.parquet"))) == 1
    assert _pages() == [f"/{number}" for number in range(9)]


def test_erased_persons_are_taken_anew_from_the_log(put: Put, place: Path) -> None:
    """Personal fields are blank in every file; deleted facts are gone; others stay as they were."""
    put(
        _seen("/a", person=1),
        _seen("/b", person=2),
        _seen("/c", person=1, days=100),
        _seen("/v", person=None),
    )
    operations.flow(now=NOW)
    seen = fact_table(Seen)
    (visit,) = engine("duckdb").rows(seen.filter(seen.page == "/v").select("id"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL huoju.erasing = 'on'")
        cursor.execute("""UPDATE facts_fact SET payload = payload || '{"page": ""}' WHERE person_id = 1""")
        cursor.execute("DELETE FROM facts_fact WHERE id = %s", visit)
        assert operations.erase_persons(person_ids=[1], fact_ids=[UUID(visit[0])]) == 2
    assert _pages() == ["", "", "/b"]
    assert len(list(place.rglob("*.parquet"))) == 2
    assert engine("duckdb").rows(seen.order_by("id")) == engine("postgres").rows(seen.order_by("id"))
    assert operations.flow(now=NOW).facts == 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("facts"), st.lists(st.integers(0, 500), min_size=1, max_size=4)),
        st.tuples(st.just("upsert"), st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True)),
        st.tuples(st.just("delete"), st.lists(st.integers(1, 9), min_size=1, max_size=3)),
        st.tuples(st.sampled_from(["flow", "compact", "sweep", "rebuild"]), st.just([])),
    ),
    max_size=12,
)  # fmt: skip


@given(steps=STEPS)
@hypothesis_settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_lake_equals_the_database(put: Put, thing: LakeTable, steps: list[tuple[str, list[int]]]) -> None:
    """After any history of facts, late ones too, changes, deletions, flows and compactions."""
    for number, (step, values) in enumerate(steps):
        if step == "facts":
            put(*(_seen(f"/{number}", person=value, days=value) for value in values))
        elif step == "upsert":
            _execute(
                """INSERT INTO lake_test_thing (id, name, tags) SELECT id, %s, ARRAY[%s] FROM unnest(%s) id
                   ON CONFLICT (id) DO UPDATE SET name = excluded.name""",
                f"n{number}", f"t{number}", values,
            )  # fmt: skip
        elif step == "delete":
            _execute("DELETE FROM lake_test_thing WHERE id = ANY(%s)", values)
        elif step == "flow":
            operations.flow(now=NOW)
        elif step == "compact":
            operations.compact(whole=True)
        elif step == "sweep":
            operations.sweep()
        else:
            operations.rebuild(now=NOW)
    assert operations.flow(now=NOW).errors == {}
    _same(thing)
    question = fact_table(Seen).order_by("id")
    assert engine("duckdb").run(question).to_pylist() == engine("postgres").run(question).to_pylist()
