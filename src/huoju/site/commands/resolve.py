"""`huoju resolve`: who is one person, found out anew for everybody."""

import argparse

from django.utils import timezone

from huoju.hub.identity.operations import reresolve
from huoju.site.console import say


def run(options: argparse.Namespace) -> None:
    """Say what would be one person by today's rules, and with `--propose` put it into the review queue."""
    found = reresolve(propose=options.propose, actor="system", now=timezone.now())
    say(f"resolve: {found.persons:,} persons, {found.pairs:,} pairs that may be one and are not")
    if options.propose:
        say(f"resolve: {found.asked:,} of them are new in the review queue")
