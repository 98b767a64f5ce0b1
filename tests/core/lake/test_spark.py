"""Spark reads the same files and gives the same answers."""

from decimal import Decimal

import ibis
import pyarrow as pa
import pytest
from django.db import connection

from huoju.core.facts.operations import NewFact
from huoju.core.lake import operations
from huoju.core.lake.engines import Engine, engine, fact_table
from huoju.core.lake.tables import LakeTable

from .conftest import NOW, Put
from .kinds import Bought, Seen

pytestmark = [pytest.mark.spark]


def test_spark_answers_as_the_others_do(put: Put, thing: LakeTable, spark_engine: Engine) -> None:
    """Facts, late and nested ones; a table with changed and deleted rows, before and after it is written anew."""
    put(
        NewFact(payload=Seen(page="/a", seconds=3), occurred_at=NOW, person_id=1),
        NewFact(payload=Seen(page='/b,"\n', tags=["x", "y"]), occurred_at=NOW, person_id=1),
        NewFact(payload=Seen(page="", at=NOW), occurred_at=NOW.replace(year=2020), visitor_id="v"),
        NewFact(payload=Bought(amount=Decimal("10.5"), sure=True, ratio=0.1), occurred_at=NOW, person_id=2),
    )
    _execute("""INSERT INTO lake_test_thing SELECT n, 'n' || n, n / 4.0, now(), '2026-11-21', ARRAY['a', NULL]
                FROM generate_series(1, 9) n""")
    assert operations.flow(now=NOW).errors == {}
    _execute("UPDATE lake_test_thing SET name = 'X' WHERE id < 3; DELETE FROM lake_test_thing WHERE id = 9")
    assert operations.flow(now=NOW).tables == {thing.name: 3}
    questions = [fact_table(Seen), fact_table(Bought), thing.unbound()]
    _all_the_same(questions, spark_engine)
    operations.compact(whole=True)
    _all_the_same(questions[2:], spark_engine)
    seen, asked = fact_table(Seen), ibis.table({"person_id": "int64"}, name="asked")
    question = seen.semi_join(asked, "person_id").group_by("person_id").agg(n=lambda t: t.count())
    given = {"asked": pa.table({"person_id": pa.array([1, 3, 99], pa.int64())})}
    assert spark_engine.rows(question, given) == engine("duckdb").rows(question, given) == [(1, 2)]
    assert spark_engine.rows(question, {"asked": given["asked"].slice(0, 0)}) == []


def _all_the_same(questions: list[ibis.Table], spark_engine: Engine) -> None:
    engines = (spark_engine, engine("duckdb"), engine("postgres"))
    for question in questions:
        spark, duckdb, live = (each.run(question.order_by("id")).to_pylist() for each in engines)
        assert spark == duckdb == live
        assert spark


def _execute(query: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query)
