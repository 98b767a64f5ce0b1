"""People as lists show them, as far as a user may see them."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from huoju.hub.identity import queries as persons

from ..registry import visible_ids


def list_people(user: Any) -> QuerySet[Any]:
    """The profiles that `user` may see: those of whom they may see a member. With their companies."""
    return persons.list_profiles(among=visible_ids(user))


def get_visible(user: Any, person_id: int) -> Any:
    """A profile's own person, with the company. Raises `Http404` if there is none or `user` may not see it."""
    found = list_people(user).filter(Q(pk=person_id)).first()
    if found is None:
        raise Http404
    return found
