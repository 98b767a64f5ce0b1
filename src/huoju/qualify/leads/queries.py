"""Reading leads, as far as a user may see them."""

from collections.abc import Sequence

from django.db.models import QuerySet

from huoju.core.access.models import User

from .models import Lead


def visible_to(user: User) -> QuerySet[Lead]:
    """The leads that `user` may see."""
    raise NotImplementedError


def get_lead_for(user: User, lead_id: int) -> Lead:
    """One lead. Raises `Lead.DoesNotExist` if there is none or `user` may not see it."""
    raise NotImplementedError


def list_person_ids(lead_ids: Sequence[int]) -> dict[int, int]:
    """The person of each lead."""
    return dict(Lead.objects.filter(pk__in=lead_ids).values_list("pk", "person_id"))
