"""Reading requests about data."""

from collections.abc import Sequence

from django.db.models import QuerySet

from huoju.hub.identity.queries import members_of, profiles_of

from .models import DataRequest
from .registry import Alike, all_holders

OPEN = (DataRequest.State.UNCONFIRMED, DataRequest.State.OPEN, DataRequest.State.RUNNING)


def get_request(pk: int) -> DataRequest | None:
    """One request."""
    return DataRequest.objects.select_related("requested_by", "decided_by").filter(pk=pk).first()


def list_requests(*, open_only: bool = False) -> QuerySet[DataRequest]:
    """Requests, those that are due first on top."""
    rows = DataRequest.objects.order_by("due_at", "id")
    return rows.filter(state__in=OPEN) if open_only else rows


def everyone(person_id: int) -> list[int]:
    """All persons that a human being is today."""
    profile = profiles_of([person_id])[person_id]
    return members_of([profile])[profile]


def find_alike(persons: Sequence[int]) -> list[Alike]:
    """What may be about some persons, the newest first: somebody has to look."""
    found = [each for holder in all_holders() for each in holder.alike(persons)]
    return sorted(found, key=lambda each: each.at, reverse=True)


def find_everywhere(persons: Sequence[int]) -> list[tuple[str, str, int]]:
    """How much each holder has of some persons: code, label, count."""
    return [(holder.code, str(holder.label), holder.find(persons)) for holder in all_holders()]
