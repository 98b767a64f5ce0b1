"""Making the lake and keeping it: one process at a time changes it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from huoju.core.facts.delivery import Horizon

from . import flow as flows
from .compaction import compact_facts, compact_tables
from .erasure import rewrite_facts, rewrite_tables
from .manifest import BusyError, Change, hold_writers, oldest_in_use, only_writer
from .models import File, Position
from .store import Store, store
from .tables import all_tables

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Flowed:
    """What a flow moved: facts, and rows by table. `errors` by name: what could not, and stays for the next time."""

    facts: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def flow(
    *,
    now: datetime,
    horizon: Horizon = "committed",
    stopping: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] | None = None,
) -> Flowed:
    """Bring the lake up to now: every fact below the horizon, every registered table.

    What fails (a table that is not there, a place that cannot be written) is reported and does not stop the others.
    Raises `BusyError` while another process changes the lake. `horizon="own"` is for tests within one transaction.
    """
    place, flowed = store(), Flowed()
    with only_writer():
        try:
            while not stopping() and (count := flows.flow_facts(place, now=now, horizon=horizon)):
                flowed.facts += count
                if progress:
                    progress(flowed.facts)
                if horizon == "own":
                    break
        except Exception as error:  # noqa: BLE001 (recorded; the tables flow all the same)
            _failed(flows.FACTS, error, flowed, now)
        for table in all_tables():
            if stopping():
                break
            try:
                flowed.tables[table.name] = flows.flow_table(place, table, now=now, horizon=horizon)
            except Exception as error:  # noqa: BLE001 (recorded; the other tables flow all the same)
                _failed(table.name, error, flowed, now)
    return flowed


def _failed(name: str, error: Exception, flowed: Flowed, now: datetime) -> None:
    log.warning("lake: %s did not flow: %s", name, error)
    flowed.errors[name] = f"{type(error).__name__}: {error}"
    Position.objects.update_or_create(
        name=name, defaults={"error": flowed.errors[name][:2000], "failed_at": now}
    )


def rebuild(
    *, now: datetime, names: Sequence[str] = (), horizon: Horizon = "committed",
    progress: Callable[[int], None] | None = None,
) -> Flowed:  # fmt: skip
    """Make the lake anew from PostgreSQL; `names` (`facts`, tables) narrows it down.

    Readers see the old files until the manifest changes, then an incomplete lake until the flow has caught up.
    """
    with only_writer(), transaction.atomic():
        positions = Position.objects.all()
        files = File.objects.filter(dropped=None)
        if names:
            of_tables = [name for name in names if name != flows.FACTS]
            positions = positions.filter(name__in=names)
            chosen = files.filter(table__in=of_tables)
            files = chosen | files.filter(table__startswith="fact_") if flows.FACTS in names else chosen
        positions.delete()
        change = Change(store())
        files.update(dropped=change.generation)
    return flow(now=now, horizon=horizon, progress=progress)


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did: files of facts that went into others, tables written anew."""

    files: int
    tables: int


def compact(*, whole: bool = False) -> Compacted:
    """Merge small files and write tables anew whose changes weigh; `whole`: everything that can be.

    Safe beside readers: the files that they read stay until they are done. Raises `BusyError`.
    """
    place = store()
    with only_writer():
        return Compacted(compact_facts(place, whole=whole), compact_tables(place, whole=whole))


def sweep() -> int:
    """Remove the files that the manifest does not hold and nobody can be reading; how many they were.

    Raises `BusyError`: a file that is being written now is not in the manifest either.
    """
    place: Store = store()
    with only_writer():
        oldest = oldest_in_use()
        unread = File.objects.exclude(dropped=None)
        if oldest is not None:
            unread = unread.filter(dropped__lte=oldest)
        removed = place.delete(unread.values_list("path", flat=True))
        unread.delete()
        known = set(File.objects.values_list("path", flat=True))
        return removed + place.delete([path for path in place.paths() if path not in known])


def erase_persons(*, person_ids: Sequence[int], fact_ids: Sequence[UUID] = ()) -> int:
    """Take the facts of these persons, these facts, and the rows of these persons in tables anew; how many files and
    tables were rewritten.

    Called in the transaction that blanked them in PostgreSQL, after that; waits for a flow that is under way. What the
    lake holds of them afterwards is what PostgreSQL holds: personal fields blank, what was deleted gone. The old files
    are removed once the transaction has committed and nobody reads them.
    """
    with transaction.atomic():
        hold_writers()
        change = Change(store())
        rewritten = rewrite_facts(change.store, change, person_ids=person_ids, fact_ids=fact_ids)
        if person_ids:
            rewritten += rewrite_tables(change.store, change, person_ids=person_ids)
        change.commit()
    transaction.on_commit(_sweep_if_free)
    return rewritten


def _sweep_if_free() -> None:
    try:
        sweep()
    except BusyError:
        log.info("lake: busy; what was erased is removed by the next sweep")
