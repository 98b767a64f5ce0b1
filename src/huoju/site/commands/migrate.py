"""`huoju migrate`: brings the database to this version."""

import argparse

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from huoju.core.facts import partitions
from huoju.site.console import say


def is_current() -> bool:
    """Whether every migration of this version is applied."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def run(options: argparse.Namespace) -> None:
    """Apply what is missing, and make the partitions of the coming months."""
    del options
    call_command("migrate", interactive=False, verbosity=0)
    for name in partitions.ensure(timezone.now()):
        say(f"migrate: made the partition {name}")
