"""How entering and leaving a segment read on a timeline."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from huoju.core.facts.telling import Names, Told, register_names, register_teller

from .facts import SegmentEntered, SegmentLeft
from .models import Segment


def register() -> None:
    """Called by the wiring."""
    register_names("segment", _names)
    register_teller(SegmentEntered, _entered)
    register_teller(SegmentLeft, _left)


def _names(ids: Sequence[int]) -> Mapping[int, str]:
    return dict(Segment.objects.filter(pk__in=ids).values_list("pk", "name"))


def _entered(fact: SegmentEntered, names: Names) -> Told:
    name = names.of("segment", fact.segment_id)
    return Told(_("Entered the segment “%(name)s”") % {"name": name}, icon="users-plus")


def _left(fact: SegmentLeft, names: Names) -> Told:
    name = names.of("segment", fact.segment_id)
    return Told(_("Left the segment “%(name)s”") % {"name": name}, icon="users-minus")
