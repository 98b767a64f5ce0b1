"""`huoju replay READER`: what a reader derived from the fact log is derived again."""

import argparse

from huoju.core.facts.readers import all_readers, reader_named
from huoju.core.facts.replay import replay
from huoju.site.console import CommandError, say


def run(options: argparse.Namespace) -> None:
    """Replay the named reader, or list those that can be replayed."""
    replayable = [reader.name for reader in all_readers() if reader.reset is not None]
    if options.reader is None:
        say("\n".join(replayable) or "No reader can be replayed.")
        return
    if options.reader not in replayable:
        raise CommandError(
            f"no reader {options.reader!r} that can be replayed; there are: {', '.join(replayable)}"
        )
    steps = iter(range(100_000, 1 << 62, 100_000))
    step = next(steps)

    def progress(total: int) -> None:
        nonlocal step
        if total >= step:
            say(f"replay: {total:,} facts …")
            step = next(steps)

    total = replay(reader_named(options.reader), progress=progress)
    say(f"replay: {options.reader} is built again from {total:,} facts")
