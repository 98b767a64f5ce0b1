"""What people said."""

from collections.abc import Sequence

from ..models import Consent


def answers_of(person_ids: Sequence[int]) -> list[Consent]:
    """Every answer of some persons (of all members of a profile), the latest first."""
    return list(Consent.objects.filter(person_id__in=person_ids).order_by("-at", "-id"))


def has_consent(person_ids: Sequence[int], *, channel: str, purpose: str) -> dict[int, bool]:
    """The latest answer of each person for one channel and purpose; who never answered is missing."""
    rows = (
        Consent.objects.filter(person_id__in=person_ids, channel=channel, purpose=purpose)
        .exclude(state="pending")
        .order_by("person_id", "-at", "-id")
        .distinct("person_id")
    )
    return {row.person_id: row.granted for row in rows}
