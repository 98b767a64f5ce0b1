"""Leads that nobody could take are tried again when somebody has room."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.jobs import job, periodic, stopping

from .operations import route_batch, take_from_left
from .queries import anybody_free, list_waiting

CHUNK = 2000


@job(label=_("Hand out leads that wait"), queue="routing", lock="routing")
def route_waiting(*, after: int = 0, brought_in: bool = False) -> None:
    """Route the MQLs that wait without an owner, oldest first, until nobody has room; see `operations.route_batch`."""
    while not stopping():
        with transaction.atomic():
            lead_ids = list_waiting(after=after, limit=CHUNK, brought_in=brought_in)
            if not lead_ids or not anybody_free():
                return
            route_batch(lead_ids, now=timezone.now(), brought_in=brought_in)
            after = lead_ids[-1]
    route_waiting.defer(after=after, brought_in=brought_in)


@periodic("*/10 * * * *", label=_("Look for leads that wait for an owner"), queue="routing")
def route_waiting_regularly() -> None:
    """A safety net: whatever made room without telling, and who has left, is found within ten minutes."""
    while not stopping() and take_from_left(limit=CHUNK, now=timezone.now()) == CHUNK:
        pass
    if anybody_free():
        route_waiting.using(key="route_waiting").defer()
