"""Spark reads the same files and gives the same answers."""

from datetime import UTC, datetime
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest
from django.db import transaction

from huoju.core.facts.operations import NewFact, append
from huoju.core.lake import operations
from huoju.core.lake.engines import Engine, engine, fact_table

from .kinds import Bought, Seen

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.spark
@pytest.mark.django_db
def test_spark_answers_as_the_others_do(spark_engine: Engine) -> None:
    """Counts, sums and nested values come out alike."""
    with transaction.atomic():
        append(
            [
                NewFact(payload=Seen(page="/a", seconds=3), occurred_at=NOW, person_id=1),
                NewFact(payload=Seen(page='/b,"\n', tags=["x", "y"]), occurred_at=NOW, person_id=1),
                NewFact(payload=Seen(page="", at=NOW), occurred_at=NOW.replace(year=2020), visitor_id="v"),
                NewFact(payload=Bought(amount=Decimal("10.5"), sure=True), occurred_at=NOW, person_id=2),
            ],
            actor="user:1", source="test", now=NOW,
        )  # fmt: skip
    operations.flow(now=NOW, horizon="own")
    for payload in (Seen, Bought):
        question = fact_table(payload).order_by("id")
        answers = [
            each.run(question).to_pylist() for each in (spark_engine, engine("duckdb"), engine("postgres"))
        ]
        assert answers[0] == answers[1] == answers[2]
    seen, asked = fact_table(Seen), ibis.table({"person_id": "int64"}, name="asked")
    question = seen.semi_join(asked, "person_id").group_by("person_id").agg(n=lambda t: t.count())
    given = {"asked": pa.table({"person_id": pa.array([1, 3, 99], pa.int64())})}
    assert spark_engine.rows(question, given) == engine("duckdb").rows(question, given) == [(1, 2)]
    assert spark_engine.rows(question, {"asked": given["asked"].slice(0, 0)}) == []
