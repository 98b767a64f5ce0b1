"""Appending: with the change that it reports, once, and never changed afterwards."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from pydantic import ValidationError

from huoju.core.facts.delivery import get_fact
from huoju.core.facts.kinds import fact, kind_of
from huoju.core.facts.models import Fact
from huoju.core.facts.operations import SHARDS, NewFact, append, append_one, shard_of

from .conftest import NOW
from .kinds import Counted, Grown


def new(n: int, **more: object) -> NewFact:
    return NewFact(payload=Counted(n=n), occurred_at=NOW, **more)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_what_is_appended_comes_back_typed() -> None:
    payload = Counted(n=3, who="张伟 🔥\t\\N", tags=["a", "b\n"])
    earlier = NOW - timedelta(days=400)
    stored = NewFact(payload=payload, occurred_at=earlier, person_id=7, company_id=9, visitor_id="v1")
    (id_,) = append([stored], actor="user:1", source="test", now=NOW)
    assert id_ is not None
    found = get_fact(id_)
    assert found.data() == payload
    assert (found.kind, found.version, found.person_id, found.company_id, found.visitor_id) == (
        ("test.counted", 1, 7, 9, "v1")
    )
    assert (found.occurred_at, found.recorded_at, found.actor, found.source) == (
        earlier,
        NOW,
        "user:1",
        "test",
    )


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        append([new(1)], actor="system", source="test", now=NOW)


def test_a_rolled_back_change_leaves_no_fact(clean_log: None) -> None:
    with transaction.atomic():
        append_one(new(1, dedup_key="once"), actor="system", source="test", now=NOW)
        transaction.set_rollback(True)
    with transaction.atomic():
        assert append_one(new(1, dedup_key="once"), actor="system", source="test", now=NOW) is not None
    assert Fact.objects.count() == 1


@pytest.mark.django_db
def test_a_dedup_key_is_appended_once_across_and_within_batches() -> None:
    first = append([new(1, dedup_key="a"), new(2), new(3, dedup_key="a")], actor="s", source="t", now=NOW)
    second = append([new(4, dedup_key="b"), new(5, dedup_key="a")], actor="s", source="t", now=NOW)
    assert [id_ is not None for id_ in [*first, *second]] == [True, True, False, True, False]
    kept = [fact.payload["n"] for fact in Fact.objects.filter(kind="test.counted").order_by("id")]
    assert kept == [1, 2, 4]


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["facts_fact", "facts_fact_default"])
def test_the_log_cannot_be_changed(statement: str, table: str) -> None:
    append_one(
        NewFact(payload=Counted(n=1), occurred_at=NOW), actor="s", source="t", now=NOW.replace(year=2020)
    )
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


@pytest.mark.django_db
def test_a_payload_with_an_unknown_field_is_refused_when_read() -> None:
    id_ = append_one(new(1), actor="s", source="t", now=NOW)
    assert id_ is not None
    found = get_fact(id_)
    found.payload["surprise"] = 1
    with pytest.raises(ValidationError, match="surprise"):
        found.data()


def test_an_old_version_is_lifted() -> None:
    assert kind_of(Grown).decode({"sum": 5}, 1) == Grown(total=5)
    assert kind_of(Grown).decode({"total": 5}, 2) == Grown(total=5)


def test_a_kind_is_registered_once_and_names_only_fields_that_it_has() -> None:
    with pytest.raises(ValueError, match="twice"):

        @fact("test.counted")
        class Again:
            n: int

    with pytest.raises(ValueError, match="'missing'"):

        @fact("test.wrong", personal=("missing",))
        class Wrong:
            n: int


def test_a_persons_facts_share_a_shard_and_shards_share_the_work() -> None:
    assert {shard_of(42, str(n)) for n in range(50)} == {42 % SHARDS}
    assert {shard_of(None, f"visitor-{n}") for n in range(200)} == set(range(SHARDS))
