"""One ID on a person's page: the records that are read as this person, with their merges, and who else it may be."""

from typing import Any, Protocol

from django.http import HttpRequest

from huoju.core.access.gate import current_user
from huoju.core.access.policy import Action

from . import queries


class Shown(Protocol):
    """A profile as far as this panel asks for it."""

    @property
    def id(self) -> int:
        """The profile's own person."""

    @property
    def members(self) -> list[int]:
        """Every person who is read as it."""


def one_id_panel(request: HttpRequest, profile: Shown) -> dict[str, Any] | None:
    """Merges in force with their undo, pairs that wait for an answer, and the way to another record. Two queries."""
    if not current_user(request).may(Action.MERGE_PEOPLE):
        return None
    return {
        "person_id": profile.id,
        "merges": queries.list_merges_of(profile.members),
        "waiting": queries.count_waiting(profile.members),
    }
