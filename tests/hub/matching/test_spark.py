"""With Spark as the engine of the installation the same pairs are found, for the same reasons."""

from typing import Any

import pytest

from huoju.core.lake.engines import Engine
from huoju.hub.identity.models import MergeProposal
from huoju.hub.matching.engine import Matcher

from .test_running import PAIR, STRANGERS, find, people

pytestmark = [pytest.mark.spark, pytest.mark.django_db]


def test_a_run_is_compared_by_spark_where_the_settings_say_so(
    settings: Any, spark_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []
    read = Matcher._read

    def reading(self: Matcher, scored: Any, columns: Any) -> Any:
        used.append(type(scored).__name__)
        return read(self, scored, columns)

    monkeypatch.setattr(Matcher, "_read", reading)
    one, two, *_others = people(*PAIR, *STRANGERS)
    found = []
    for name in ("duckdb", spark_engine.name):
        settings.LAKE_ENGINE = name
        run = find()
        assert (run.problem, run.persons, run.suggested) == ("", 5, 1)
        found.append(MergeProposal.objects.values_list("left_id", "right_id", "score", "evidence").get())
        MergeProposal.objects.all().delete()
    assert used == ["DuckDBDataFrame", "SparkDataFrame"]
    assert found[0] == found[1]
    assert found[0][:2] == (one, two)
