"""One expression, the same answer from the lake and from PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest
from django.db import transaction

from huoju.core.facts.operations import NewFact, append
from huoju.core.lake import operations
from huoju.core.lake.engines import engine, fact_table, tables

from .kinds import Bought, Seen

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _put(*facts: NewFact) -> None:
    with transaction.atomic():
        append(facts, actor="user:1", source="test", now=NOW)


@pytest.mark.django_db
def test_both_engines_give_the_same_answer() -> None:
    """Counts, sums and nested values come out alike."""
    _put(
        NewFact(payload=Seen(page="/a", seconds=3), occurred_at=NOW, person_id=1),
        NewFact(payload=Seen(page='/b,"\n', seconds=None, tags=["x", "y"]), occurred_at=NOW, person_id=1),
        NewFact(payload=Seen(page="", at=NOW), occurred_at=NOW.replace(year=2020), visitor_id="v"),
        NewFact(
            payload=Bought(amount=Decimal("10.5"), sure=True), occurred_at=NOW, person_id=2, company_id=3
        ),
    )
    flowed = operations.flow(now=NOW, horizon="own")
    assert (flowed.facts, flowed.errors) == (4, {})
    for payload, count in ((Seen, 3), (Bought, 1)):
        question = fact_table(payload).order_by("id")
        lake, live = engine("duckdb").run(question), engine("postgres").run(question)
        assert lake.num_rows == count
        assert lake.to_pylist() == live.to_pylist()
    seen = fact_table(Seen)
    question = (
        seen.filter(seen.seconds > 1)
        .group_by("person_id")
        .agg(n=lambda t: t.count(), s=lambda t: t.seconds.sum())
    )
    assert engine().rows(question) == engine("postgres").rows(question) == [(1, 1, 3)]


@pytest.mark.django_db
def test_rows_can_be_given_with_the_question() -> None:
    """A set of persons that is in no table takes part in a join."""
    _put(*(NewFact(payload=Seen(page=f"/{n}"), occurred_at=NOW, person_id=n) for n in range(5)))
    operations.flow(now=NOW, horizon="own")
    seen, asked = fact_table(Seen), ibis.table({"person_id": "int64"}, name="asked")
    question = seen.semi_join(asked, "person_id").select("page").order_by("page")
    given = {"asked": pa.table({"person_id": pa.array([1, 3, 99], pa.int64())})}
    assert engine("duckdb").rows(question, given) == [("/1",), ("/3",)]
    assert engine("postgres").rows(question, given) == [("/1",), ("/3",)]


@pytest.mark.django_db
def test_an_empty_lake_answers() -> None:
    """Before the first flow every table is there, typed and empty."""
    assert "fact_lake_test__seen" in tables()
    seen = fact_table(Seen)
    assert engine("duckdb").rows(seen) == []
    assert engine("duckdb").rows(seen.agg(n=seen.count())) == [(0,)]


def test_an_unknown_engine_is_refused() -> None:
    """With the names that there are."""
    with pytest.raises(ValueError, match="duckdb"):
        engine("oracle")
