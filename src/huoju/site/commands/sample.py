"""`huoju sample`: loads the sample company into an empty database."""

import argparse

from huoju.core.database import data_dir, database_url
from huoju.site.console import say
from huoju.site.sample.load import load_if_empty
from huoju.site.sample.presence import Presence


def run(options: argparse.Namespace) -> None:
    """Load it, and leave a mark in the data folder for as long as it takes."""
    presence = Presence(database_url(data_dir()), data_dir())
    if not presence.is_empty():
        say("sample: not loaded, the database is in use already")
        return
    presence.unfinished.touch()
    say("sample: loading the sample company …")
    loaded = load_if_empty(say=lambda text: say(f"sample: {text}"), leads=options.leads)
    presence.unfinished.unlink()
    if loaded is not None:
        say(f"sample: {loaded.leads:,} leads in {loaded.seconds:.1f} s")
