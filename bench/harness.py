"""What every benchmark stands on: a database of its own, and one JSON line a figure."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from huoju.core.database import EmbeddedServer

DATA_DIR = Path(os.environ.get("BENCH_DIR") or Path(__file__).resolve().parent.parent / "var" / "bench")
_RECIPE = Path(__file__).with_name("million.py")
TEMPLATE = "huoju_bench_template"
MILLION = "huoju_bench_million"
ON_A_MILLION = frozenset({"pages", "import_large"})
"""Benchmarks of a company with a million leads; it is made once, kept, and copied for each."""

server = EmbeddedServer(DATA_DIR)


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value, what it is compared with in the same run, and their ratio (value / reference)."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    note: str = ""

    def emit(self) -> None:
        """Print it as one JSON line on standard output."""
        ratio = self.value / self.reference if self.reference else None
        line = asdict(self) | {
            "value": round(self.value, 3),
            "reference": round(self.reference, 3) if self.reference is not None else None,
            "ratio": round(ratio, 4) if ratio is not None else None,
        }
        order = ("name", "value", "unit", "reference", "ratio", "note")
        print(json.dumps({key: line[key] for key in order}, ensure_ascii=False), flush=True)


type Benchmark = Callable[[], None]
_benchmarks: dict[str, Benchmark] = {}


def benchmark(name: str) -> Callable[[Benchmark], Benchmark]:
    """Register a function that measures and emits figures under `name`."""

    def register(function: Benchmark) -> Benchmark:
        _benchmarks[name] = function
        return function

    return register


def all_benchmarks() -> dict[str, Benchmark]:
    """Every benchmark by name, in the order of registration."""
    return dict(_benchmarks)


def say(text: str) -> None:
    """Progress, on standard error: standard output carries figures only."""
    print(text, file=sys.stderr, flush=True)


def _admin() -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(server._url("postgres"), autocommit=True)


def fresh_database(name: str, template: str = TEMPLATE) -> str:
    """A migrated, empty database, or a copy of `template`; returns its address."""
    with _admin() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(query.format(sql.Identifier(name), sql.Identifier(template)))
    return server._url(name)


def drop_database(name: str) -> None:
    """Remove a benchmark's database."""
    with _admin() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def make_template() -> None:
    """Start the server and migrate the database that the others are copied from."""
    server.start()
    with _admin() as connection:
        query = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(query.format(sql.Identifier(TEMPLATE)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    code = """
import django; django.setup()
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from huoju.core.facts import partitions
partitions.ensure(timezone.now())
"""
    subprocess.run([sys.executable, "-c", code], env=environment(server._url(TEMPLATE)), check=True)


def make_million() -> None:
    """Make the company with a million leads that benchmarks are run on, unless the one of an earlier run is as
    `million.py` would make it; then it is migrated, as a real one would be. Making takes minutes."""
    url, recipe = server._url(MILLION), hashlib.sha256(_RECIPE.read_bytes()).hexdigest()
    if _kept_recipe() == recipe:
        say("million: kept from an earlier run")
        subprocess.run([sys.executable, "-m", "bench.million", "migrate"], env=environment(url), check=True)
        return
    fresh_database(MILLION)
    subprocess.run([sys.executable, "-m", "bench.million"], env=environment(url), check=True)
    with _admin() as connection:  # only now: one that was not finished is made anew
        query = sql.SQL("COMMENT ON DATABASE {} IS {}")
        connection.execute(query.format(sql.Identifier(MILLION), sql.Literal(recipe)))


def _kept_recipe() -> object:
    with _admin() as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [MILLION]
        ).fetchone()
    return found[0] if found else None


def environment(url: str) -> dict[str, str]:
    """The environment of a process that works on the database at `url`."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "huoju.site.settings",
        "HUOJU_DATABASE_URL": url,
        "HUOJU_DATA_DIR": str(DATA_DIR),
        "HUOJU_LOG_LEVEL": "ERROR",
    }


def server_cpu_seconds() -> float:
    """CPU that the database server and all its processes, also those that ended, have used (Linux only)."""
    pid = int((server.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    ticks = 0
    for folder in Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if folder.name == str(pid):
            ticks += sum(map(int, fields[11:15]))  # with its children that ended
        elif fields[1] == str(pid):
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def run_alone(name: str) -> int:
    """Run one benchmark in a process and a database of its own; returns its exit code."""
    database = f"huoju_bench_{name}"
    command = [sys.executable, "-m", "bench.one", name]
    try:
        url = fresh_database(database, MILLION if name in ON_A_MILLION else TEMPLATE)
        return subprocess.run(command, env=environment(url), check=False).returncode
    finally:
        drop_database(database)
