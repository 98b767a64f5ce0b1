"""The lake keeps up by itself: a flow every minute, housekeeping every ten."""

import logging
import time

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core import jobs
from huoju.core.facts.tide import TIDE

from . import operations
from .manifest import BusyError

log = logging.getLogger(__name__)

QUEUE = "lake"
_PATIENCE = 300
"""Seconds for which an import may keep the lake from flowing."""


@jobs.periodic("* * * * *", label=_("Bring new rows to the lake"), queue=QUEUE)
def flow() -> None:
    """Bring the lake up to now. What fails is on the operations page, and is tried again with the next flow."""
    if TIDE.holds("lake.flow", _PATIENCE, time.monotonic()):
        return
    try:
        operations.flow(now=timezone.now(), stopping=jobs.stopping)
    except BusyError:
        log.info("lake: another flow is under way")


# Half a minute after a flow began: at the same second the flow would always be first, and this never run.
@jobs.periodic("5-59/10 * * * * 30", label=_("Tidy the lake’s files"), queue=QUEUE)
def keep() -> None:
    """Merge small files, remove those that nobody reads any more."""
    try:
        operations.compact()
        operations.sweep()
    except BusyError:
        log.info("lake: busy; housekeeping waits for its next turn")
