"""Who waits for whom.

Readers of the log and the job for what is due evaluate profiles; two of them must not evaluate the same profile at
once, or the one with the older view could write last. A build evaluates everybody on an old view. So:

- `share_gate()`: readers and the job hold the gate together. A build closes it (`close_gate()`) for two short moments:
  at its start, so that nobody is still writing by the old definition, and at its end, while it looks at those whom the
  log has told of meanwhile (`Touched`). In between the readers only note whom they would have evaluated.
- `own_profiles(ids)`: an advisory lock for each eighth of the profiles, in ascending order. Facts come to readers by
  person, in eighths as well, so readers meet here only over merged persons, and with the job.

The gate first, then the eighths, then rows. All are given back when the transaction ends.
"""

from collections.abc import Iterable

from django.db import connection

from huoju.core.facts.operations import SHARDS

_GATE = 7_336_001
_EIGHTHS = 7_336_002


def share_gate() -> None:
    """Pass while no build closes the gate."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, 0)", [_GATE])


def close_gate() -> None:
    """Wait until nobody evaluates, and keep the others out until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_GATE])


def own_profiles(profile_ids: Iterable[int]) -> None:
    """Be the only one who evaluates these profiles."""
    with connection.cursor() as cursor:
        for shard in sorted({profile_id % SHARDS for profile_id in profile_ids}):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_EIGHTHS, shard])
