"""Facts of segments. They are filed under the profile."""

from huoju.core.facts.kinds import fact


@fact("segment.entered")
class SegmentEntered:
    """A profile came into a segment. `cause`: `change` (something happened), `time` or `build` (a new definition)."""

    segment_id: int
    version: int
    cause: str


@fact("segment.left")
class SegmentLeft:
    """A profile is in a segment no more."""

    segment_id: int
    version: int
    cause: str
