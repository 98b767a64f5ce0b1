"""`huoju migrate`: brings the database to this version."""

import argparse

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from huoju.core.facts import partitions
from huoju.core.search.queries import is_indexed
from huoju.hub.profile.jobs import PEOPLE, combine_again, index_people
from huoju.hub.profile.queries import lacks_combined
from huoju.site.console import say


def is_current() -> bool:
    """Whether every migration of this version is applied."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def run(options: argparse.Namespace) -> None:
    """Apply what is missing, make the partitions of the coming months, and have derived what a newer version keeps."""
    del options
    call_command("migrate", interactive=False, verbosity=0)
    if lacks_combined():
        combine_again.using(key="combine_again").defer()
    if not is_indexed(PEOPLE):
        index_people.using(key="index_people").defer()
    for name in partitions.ensure(timezone.now()):
        say(f"migrate: made the partition {name}")
