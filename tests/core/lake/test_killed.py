"""A flow that is killed again and again loses nothing and doubles nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from huoju.core.facts.operations import NewFact
from huoju.core.lake import operations
from huoju.core.lake.engines import engine, fact_table
from huoju.core.lake.manifest import BusyError
from huoju.core.lake.models import File
from huoju.core.lake.tables import LakeTable

from .conftest import NOW, Put
from .kinds import Seen


@pytest.mark.kill
def test_killed_flows_lose_and_double_nothing(put: Put, thing: LakeTable, place: Path) -> None:
    """After nine kills in the middle and a sweep, the lake equals the database, file by file."""
    for number in range(300):
        put(*(NewFact(payload=Seen(page=f"/{number}"), occurred_at=NOW, person_id=each) for each in range(8)))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lake_test_thing (id, name) SELECT n, n::text FROM generate_series(1, 500) n"
        )
    settings = connection.settings_dict
    address = psycopg.conninfo.make_conninfo(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"], dbname=settings["NAME"]
    )
    environment = {**os.environ, "HUOJU_DATABASE_URL": address, "HUOJU_LOG_LEVEL": "ERROR"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.core.lake.flow_process", str(place)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as nursery:  # fmt: skip
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        for kill in range(9):
            nursery.stdin.write("go\n")
            child = int(nursery.stdout.readline())
            for _ in range(kill % 3):  # so many steps are done, the next one is under way
                nursery.stdout.readline()
            time.sleep(0.004 * kill)
            os.kill(child, signal.SIGKILL)
            while nursery.stdout.readline() != "ended\n":
                pass
            with connection.cursor() as cursor:
                cursor.execute("UPDATE lake_test_thing SET name = name || '!' WHERE id %% 9 = %s", [kill])
        nursery.stdin.close()
    deadline = time.monotonic() + 30
    while True:
        try:
            assert operations.flow(now=NOW).errors == {}
            break
        except BusyError:  # the server has not noticed yet that the last one is dead
            assert time.monotonic() < deadline
            time.sleep(0.05)
    operations.sweep()
    files = {str(path.relative_to(place)) for path in place.rglob("*.parquet")}
    assert files == set(File.objects.values_list("path", flat=True))
    for question in (fact_table(Seen).order_by("id"), thing.unbound().order_by("id")):
        assert engine("duckdb").run(question).to_pylist() == engine("postgres").run(question).to_pylist()
    assert engine("duckdb").rows(fact_table(Seen).agg(n=fact_table(Seen).count())) == [(2400,)]
