"""`huoju backup FILE` and `huoju restore FILE`: the whole database in one file, by pg_dump."""

import argparse
import subprocess

import psycopg

from huoju.core.database import binary, data_dir, database_url
from huoju.site.console import CommandError, say

OLDEST_TARGET = 170000
"""Our pg_restore sets parameters that older servers do not know."""


def run(options: argparse.Namespace) -> None:
    """Write or read the file. Files that users uploaded are in `DATA_DIR/files` and are copied separately."""
    url = database_url(data_dir())
    if getattr(options, "restore", False):
        if not options.file.exists():
            raise CommandError(f"{options.file} does not exist")
        with psycopg.connect(url) as connection:
            if connection.info.server_version < OLDEST_TARGET:
                raise CommandError("restore needs PostgreSQL 17 or later; use the pg_restore of this server")
            tables = connection.execute(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchone()
        if tables != (0,):
            raise CommandError("restore fills an empty database only, and this one has tables")
        _run(
            "pg_restore",
            "--no-owner",
            "--exit-on-error",
            "--single-transaction",
            "--dbname",
            url,
            str(options.file),
        )
        say("restore: done; now run: huoju migrate")
        return
    unfinished = options.file.with_name(options.file.name + ".part")
    _run("pg_dump", "--format=custom", "--no-owner", "--file", str(unfinished), url)
    unfinished.replace(options.file)
    say(f"backup: {options.file} ({options.file.stat().st_size:,} bytes)")


def _run(program: str, *arguments: str) -> None:
    result = subprocess.run(
        [binary(program), *arguments],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if result.returncode:
        raise CommandError(f"{program} failed: {result.stderr.strip()}")
