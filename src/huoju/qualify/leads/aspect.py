"""What leads say of a person when two records are compared."""

from collections.abc import Mapping, Sequence

from django.utils.timezone import localdate

from huoju.core.ui import stages
from huoju.core.ui.parts import Label

from .models import Lead


def leads_of(person_ids: Sequence[int]) -> Mapping[int, Sequence[Label]]:
    """One line a lead, the latest first: stage, product line, score, day. One query."""
    lines: dict[int, list[Label]] = {}
    rows = Lead.objects.filter(person_id__in=person_ids).order_by("-captured_at", "-id")
    for row in rows.only("person_id", "stage", "product", "score", "captured_at"):
        parts = (stages.look(row.stage).label, row.product, row.score, localdate(row.captured_at).isoformat())
        line = " · ".join(str(part) for part in parts if part not in ("", None))
        lines.setdefault(row.person_id, []).append(line)
    return lines
