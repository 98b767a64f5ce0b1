"""`huoju lake status|flow|rebuild|compact`: looks after the lake by hand; the worker does it every minute."""

import argparse

from django.utils import timezone

from huoju.core.lake import operations, queries
from huoju.core.lake.manifest import BusyError
from huoju.site.console import CommandError, say


def run(options: argparse.Namespace) -> int:
    """Do what `options.action` says; 1 if something could not flow."""
    if options.action == "status":
        return _status()
    try:
        if options.action == "compact":
            done = operations.compact(whole=True)
            say(f"lake: {done.files:,} files merged, {done.tables} tables written anew")
            say(f"lake: {operations.sweep():,} files removed")
            return 0
        if options.action == "rebuild":
            known = {state.name for state in queries.list_states()}
            if unknown := set(options.names) - known:
                raise CommandError(
                    f"no {', '.join(sorted(unknown))} in the lake; there are: {', '.join(sorted(known))}"
                )
            flowed = operations.rebuild(now=timezone.now(), names=options.names, progress=_progress)
            operations.sweep()
        else:
            flowed = operations.flow(now=timezone.now(), progress=_progress)
    except BusyError:
        raise CommandError("another process changes the lake just now; try again in a moment") from None
    say(f"lake: {flowed.facts:,} facts, {sum(flowed.tables.values()):,} rows of {len(flowed.tables)} tables")
    for name, error in flowed.errors.items():
        say(f"lake: {name} did not flow: {error}")
    return 1 if flowed.errors else 0


def _progress(facts: int) -> None:
    say(f"lake: {facts:,} facts …")


def _status() -> int:
    failed = 0
    for state in queries.list_states():
        when = f"{state.flowed_at:%Y-%m-%d %H:%M:%S} UTC" if state.flowed_at else "never flowed"
        behind = f", {state.behind:,} facts behind" if state.behind else ""
        size = f"{state.rows:>12,} rows {state.files:>5} files {state.bytes / 1e6:>9,.1f} MB"
        say(f"{state.name:<28} {size}  {when}{behind}")
        if state.error:
            failed += 1
            say(f"    {state.error}")
    return 1 if failed else 0
