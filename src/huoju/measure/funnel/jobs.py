"""Work beside the requests."""

import logging
import time

from django.db import DatabaseError, connection

from huoju.measure.warehouse import operations as warehouse

from . import queries
from .days import company_today
from .policy.spec import Dimension, parse

log = logging.getLogger(__name__)


def warm_up() -> None:
    """Load the mirror and compile the usual questions before the first visitor asks them. For a thread of its own in
    each web process; without a database there is nothing to load yet, and the first question will do it."""
    started = time.monotonic()
    try:
        for view in ("cohort", "period"):
            spec = parse({"view": [view], "split": [Dimension.CHANNEL.value]}, company_today())
            for trend in (Dimension.MONTH, Dimension.WEEK):
                queries.report(spec, today=company_today(), trend=trend)
        log.info("funnel: warm after %.1f s", time.monotonic() - started)
    except (DatabaseError, warehouse.LoadingError) as error:
        log.warning("funnel: not warmed up (%s)", error)
    finally:
        connection.close()
