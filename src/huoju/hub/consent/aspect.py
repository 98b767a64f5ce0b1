"""What consent says of a person when two records are compared."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from huoju.core.ui.parts import Label

from .queries import answers_of
from .telling import channel_label, purpose_label


def consents_of(person_ids: Sequence[int]) -> Mapping[int, Sequence[Label]]:
    """The answer that counts for each channel and purpose. One query."""
    lines: dict[int, list[Label]] = {}
    seen: set[tuple[int, str, str]] = set()
    for row in answers_of(person_ids):
        key = (row.person_id, row.channel, row.purpose)
        if key in seen or row.state == "pending":
            continue
        seen.add(key)
        values = {"channel": channel_label(row.channel), "purpose": purpose_label(row.purpose)}
        line = _("Yes: %(purpose)s by %(channel)s") if row.granted else _("No: %(purpose)s by %(channel)s")
        lines.setdefault(row.person_id, []).append(line % values)
    return lines
