"""`huoju web`: serves pages and the API."""

import argparse

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from huoju.site.assets import collect
from huoju.site.commands import migrate
from huoju.site.console import end_with_parent


def run(options: argparse.Namespace) -> None:
    """Serve until a signal says stop; requests under way are answered first."""
    if options.migrate:
        migrate.run(options)
    collect()
    # The processes that are forked next must not share this one's connections, nor a pool whose threads stay here.
    for connection in connections.all(initialized_only=True):
        connection.close()
        if isinstance(connection, DatabaseWrapper):
            connection.close_pool()
    end_with_parent()
    Server(
        "huoju.site.wsgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.web,
        blocking_threads=options.threads,
        respawn_failed_workers=True,
        workers_kill_timeout=20,
        log_level=LogLevels.warning,
    ).serve()
