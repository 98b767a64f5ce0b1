"""`huoju doctor`: looks for problems and says what to do about them."""

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import find
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import ForeignKey
from django.utils import timezone
from pyarrow import ArrowInvalid

from huoju.core import jobs
from huoju.core.database import MINIMUM_VERSION
from huoju.core.facts.queries import list_reader_states
from huoju.core.lake.queries import list_missing_files, list_states
from huoju.core.lake.store import store
from huoju.site.commands.migrate import is_current
from huoju.site.console import say

MINIMUM_DISK_GB = 2.0
MAXIMUM_LAG = timedelta(minutes=1)
MAXIMUM_CLOCK_DIFFERENCE = timedelta(seconds=2)
CJK_FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/Library/Fonts",
)
CJK_FONT_NAMES = (
    "cjk",
    "sourcehan",
    "wqy",
    "wenquan",
    "pingfang",
    "simsun",
    "simhei",
    "msyh",
    "droidsansfallback",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `ok=None` is a remark: nothing is broken."""

    subject: str
    ok: bool | None
    text: str


type Check = Callable[[datetime], Iterator[Finding]]


def check_python(now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """A Python that we support."""
    version = f"Python {sys.version.split()[0]}"
    yield Finding("python", sys.version_info >= (3, 13), version)


def check_disk(now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """Room in the data folder."""
    free = shutil.disk_usage(settings.DATA_DIR).free / 1e9
    yield Finding("disk", free >= MINIMUM_DISK_GB, f"{free:,.1f} GB free in {settings.DATA_DIR}")


def check_server(now: datetime) -> Iterator[Finding]:
    """The database server: its version, its clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, version(), clock_timestamp()")
        number, version, clock = cursor.fetchone()
    yield Finding("database", number >= MINIMUM_VERSION, f"{version.split(' on ')[0]}, 15 or later is needed")
    difference = abs(clock - now)
    yield Finding(
        "clock",
        difference <= MAXIMUM_CLOCK_DIFFERENCE,
        f"{difference.total_seconds():.1f} s between this machine and the database",
    )


def check_migrations(now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """The database is at this version."""
    current = is_current()
    yield Finding("migrations", current, "all applied" if current else "not all applied: run huoju migrate")


def check_partitions(now: datetime) -> Iterator[Finding]:
    """This month and the next have their partition of the fact log."""
    start = now.astimezone(UTC).replace(day=1)
    months = [start, (start + timedelta(days=32)).replace(day=1)]
    with connection.cursor() as cursor:
        for month in months:
            name = f"facts_fact_{month:%Y%m}"
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
            (there,) = cursor.fetchone()
            yield Finding("partitions", there, name if there else f"{name} is missing: run huoju migrate")


def check_readers(now: datetime) -> Iterator[Finding]:
    """Every reader of the fact log keeps up, and nothing lies undelivered."""
    for state in list_reader_states():
        since = state.waiting_since
        late = since is not None and now - since > MAXIMUM_LAG
        text = f"{state.name}: {state.behind:,} facts behind"
        if late:
            text += f" since {since:%Y-%m-%d %H:%M} UTC: does huoju worker run?"
        yield Finding("readers", not late, text)
        if state.open_letters:
            yield Finding(
                "readers", False, f"{state.name}: {state.open_letters} dead letters, see the operations page"
            )


def check_jobs(now: datetime) -> Iterator[Finding]:
    """No queue is stuck, nothing was given up."""
    for queue in jobs.list_queues():
        late = queue.oldest is not None and now - queue.oldest > MAXIMUM_LAG and not queue.running
        text = f"{queue.queue}: {queue.waiting} waiting, {queue.running} running, {queue.failed} failed"
        yield Finding("jobs", not (late or queue.failed), text + (": does huoju worker run?" if late else ""))


def check_lake(now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """The lake's place can be written and holds what its manifest says; everything flows."""
    try:
        store().check()
        missing = list_missing_files()
    except (OSError, ArrowInvalid) as error:
        yield Finding("lake", False, f"{settings.LAKE_URL} cannot be used: {error}")
        return
    text = f"{len(missing)} files are missing in {settings.LAKE_URL}: run huoju lake rebuild"
    yield Finding("lake", not missing, text if missing else settings.LAKE_URL)
    for state in list_states():
        if state.error:
            yield Finding("lake", False, f"{state.name} does not flow: {state.error}")


def check_references(now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """Every row that another names is there, also where no foreign key sees to it (docs/decisions/0032, 0035)."""
    dangling = 0
    for table, column, target, key in _unchecked():
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM {table} AS part WHERE {column} IS NOT NULL"
                f" AND NOT EXISTS (SELECT FROM {target} AS whole WHERE whole.{key} = part.{column})"
            )
            (count,) = cursor.fetchone()
        if count:
            dangling += count
            text = f"{count:,} rows of {table} name a {column} that is not in {target}: a defect, please report it"
            yield Finding("references", False, text)
    if not dangling:
        yield Finding("references", True, "every row that is named is there")


def _unchecked() -> Iterator[tuple[str, str, str, str]]:
    """Table, column, table and key that it names: of all foreign keys without a constraint."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and not getattr(
                field, "db_constraint", True
            ):  # not in the stubs
                target = field.related_model._meta
                quoted = connection.ops.quote_name
                yield (
                    quoted(model._meta.db_table),
                    quoted(str(field.column)),
                    quoted(target.db_table),
                    quoted(str(field.target_field.column)),
                )


def check_assets(now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """What pages load is there, and the translations are compiled."""
    missing = [name for name in ("vendor/htmx.min.js", "vendor/tabler.min.css") if find(name) is None]
    yield Finding(
        "assets", not missing, f"missing: {', '.join(missing)}: run make setup" if missing else "complete"
    )
    uncompiled = [
        path
        for folder in settings.LOCALE_PATHS
        for path in Path(folder).glob("*/LC_MESSAGES/*.po")
        if not path.with_suffix(".mo").exists()
    ]
    text = "not compiled: run make setup" if uncompiled else "compiled"
    yield Finding("languages", not uncompiled, text)


def check_fonts(now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """A font with Chinese characters; only documents made on the server need one."""
    files = (
        path
        for folder in CJK_FONT_FOLDERS
        for path in Path(folder).expanduser().rglob("*")
        if path.suffix.lower() in {".ttf", ".ttc", ".otf"}
    )
    found = any(name in path.name.lower() for path in files for name in CJK_FONT_NAMES)
    yield Finding("fonts", True if found else None, "a CJK font" if found else "no CJK font (fonts-noto-cjk)")


def check_exposure(now: datetime) -> Iterator[Finding]:  # noqa: ARG001
    """Settings that are fine on one's own machine only."""
    yield Finding("debug", None if settings.DEBUG else True, "HUOJU_DEBUG is on" if settings.DEBUG else "off")
    local = any(name in settings.PUBLIC_URL for name in ("//localhost", "//127.0.0.1"))
    plain = settings.PUBLIC_URL.startswith("http://") and not local
    text = f"{settings.PUBLIC_URL}" + (": cookies travel unprotected, use https" if plain else "")
    yield Finding("address", not plain, text)


BEFORE_THE_DATABASE: tuple[Check, ...] = (check_python, check_disk, check_assets, check_fonts, check_exposure)
NEED_THE_TABLES: tuple[Check, ...] = (
    check_partitions,
    check_readers,
    check_jobs,
    check_lake,
    check_references,
)


def examine(now: datetime) -> Iterator[Finding]:
    """All findings; what cannot be looked at because of an earlier problem is left out."""
    for check in BEFORE_THE_DATABASE:
        yield from check(now)
    try:
        yield from check_server(now)
        migrations = list(check_migrations(now))
        yield from migrations
        if all(finding.ok for finding in migrations):
            for check in NEED_THE_TABLES:
                yield from check(now)
    except DatabaseError as error:
        yield Finding("database", False, f"cannot be used: {error}".strip())


def run(options: argparse.Namespace) -> int:
    """Print the findings; 1 if something is wrong."""
    del options
    problems = 0
    for finding in examine(timezone.now()):
        mark = {True: "ok", None: "note", False: "PROBLEM"}[finding.ok]
        problems += finding.ok is False
        say(f"{mark:<8} {finding.subject:<11} {finding.text}")
    say(f"\n{problems} problem{'s' * (problems > 1)}" if problems else "\nNo problems.")
    return 1 if problems else 0
