"""Building a reader's state again from the first fact."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from .delivery import LAST_ID, Horizon, ensure_cursors, horizon_now, read
from .models import Cursor
from .readers import Reader


class NotReplayableError(Exception):
    """The reader's effects cannot be derived again from the log."""


def replay(
    reader: Reader, *, horizon: Horizon = "committed", progress: Callable[[int], None] | None = None
) -> int:
    """Empty what `reader` derived and build it again from the whole log; returns the number of facts handled.

    One transaction: others see the old state until the new one is complete; a crash leaves the old one. Workers skip
    the reader meanwhile because its cursors are locked. A fact that fails stops the replay with its error.

    Raises `NotReplayableError`.
    """
    if reader.reset is None:
        raise NotReplayableError(reader.name)
    handle = reader.rebuild or reader.handle
    ensure_cursors([reader])
    with transaction.atomic():
        list(Cursor.objects.select_for_update().filter(reader=reader.name).order_by("shard"))
        reader.reset()
        edge = horizon_now(horizon)
        now = timezone.now()
        after, total = (0, UUID(int=0)), 0
        while facts := read(reader.kind_names, after=after, below=edge, limit=reader.batch):
            handle(facts, now)
            after, total = (facts[-1].tx, facts[-1].id), total + len(facts)
            if progress:
                progress(total)
        if reader.after_replay is not None:
            reader.after_replay(now)
        if horizon == "committed":
            Cursor.objects.filter(reader=reader.name).update(tx=edge - 1, fact_id=LAST_ID, moved_at=now)
    return total
