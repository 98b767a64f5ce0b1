"""`huoju match`: look for persons that may be one, here and now, and put them into the review."""

import argparse

from django.utils import timezone

from huoju.core.errors import UserError
from huoju.hub.matching import queries, running
from huoju.site.console import CommandError, say


def run(options: argparse.Namespace) -> None:
    """Search and say what was found. Nobody is merged by it."""
    try:
        asked = running.open_run(actor="command", train=options.train, now=timezone.now())
    except UserError as error:
        raise CommandError(str(error)) from error
    say(f"match: comparing {queries.count_persons():,} persons …")
    running.carry_out(asked.pk)
    done = queries.get_run(asked.pk)
    if done is None or (done.problem and not done.version):
        raise CommandError(done.problem if done else "the run is gone")
    say(
        f"match: {done.candidates:,} pairs compared, {done.above:,} likely ones, "
        f"{done.suggested:,} of them new in the review"
    )
    if done.problem:
        say(f"match: the weights that were learned were not taken: {done.problem}")
