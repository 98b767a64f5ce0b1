"""Builds, what falls due, and sums."""

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.jobs import job, periodic, stopping

from . import membership


@job(label=_("Build a segment"), queue="segments", lock="segments.build")
def build_segment(*, segment_id: int) -> None:
    """Evaluate a segment over everybody; see `membership.build`."""
    membership.build(segment_id=segment_id, now=timezone.now())


@job(label=_("Empty an archived segment"), queue="segments", lock="segments.build")
def empty_segment(*, segment_id: int) -> None:
    """Let everybody leave an archived segment; see `membership.empty`."""
    membership.empty(segment_id=segment_id, now=timezone.now())


@periodic("* * * * * */15", label=_("Follow segments as time passes"), queue="segments")
def follow_due() -> None:
    """Evaluate whom time alone may have moved."""
    while not stopping() and membership.follow_due(now=timezone.now()):
        pass


@periodic("17 3 * * *", label=_("Sum up the days of segments"), queue="segments")
def sum_tallies() -> None:
    """One row a segment and day in place of many; who went without leaving (a person was removed) is counted out."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """WITH old AS (DELETE FROM segments_tally WHERE day < current_date
                            RETURNING segment_id, day, entered, "left")
               INSERT INTO segments_tally (segment_id, day, entered, "left")
               SELECT segment_id, day, sum(entered), sum("left") FROM old GROUP BY segment_id, day"""
        )
        cursor.execute(
            """INSERT INTO segments_tally (segment_id, day, entered, "left")
               SELECT id, current_date, greatest(missing, 0), greatest(-missing, 0) FROM (
                   SELECT s.id, (SELECT count(*) FROM segments_membership m
                                 WHERE m.segment_id = s.id AND m.left_at IS NULL)
                                - (SELECT coalesce(sum(t.entered - t."left"), 0) FROM segments_tally t
                                   WHERE t.segment_id = s.id) AS missing
                   FROM segments_segment s) AS compared
               WHERE missing <> 0"""
        )
