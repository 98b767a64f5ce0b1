"""`huoju manage …`: Django's management commands, for those who know them."""

import argparse

from django.core.management import execute_from_command_line


def run(options: argparse.Namespace) -> None:
    """Run the command with its arguments."""
    execute_from_command_line(["huoju manage", *options.arguments])
