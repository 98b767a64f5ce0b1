"""How the lake stands."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Sum

from huoju.core.facts.delivery import horizon_now
from huoju.core.facts.operations import SHARDS

from .facttables import fact_tables
from .flow import FACTS
from .manifest import live_files
from .models import File, Position
from .store import store
from .tables import all_tables

COUNTED = 10_000
"""Facts that have not flowed are counted up to so many."""


@dataclass(frozen=True, slots=True)
class LakeState:
    """The log (`facts`) or a table in the lake. `behind`: facts that have not flowed, counted to 10,000; of a table it
    is not known without reading it. `error`: why the last flow did not succeed, empty if it did."""

    name: str
    rows: int
    files: int
    bytes: int
    flowed_at: datetime | None
    behind: int
    waiting_since: datetime | None
    error: str
    failed_at: datetime | None


def list_states() -> list[LakeState]:
    """The log first, then every registered table. Three queries."""
    positions = {position.name: position for position in Position.objects.all()}
    kinds = fact_tables()
    sums: dict[str, tuple[int, int, int]] = {}
    found = (
        File.objects.filter(dropped=None)
        .values_list("table")
        .annotate(Count("id"), Sum("bytes"), Sum("rows"))
    )
    for table, files, size, rows in found:
        name = FACTS if table in kinds else table
        before = sums.get(name, (0, 0, 0))
        sums[name] = (before[0] + files, before[1] + size, before[2] + rows)
    states = []
    for name in (FACTS, *(table.name for table in all_tables())):
        position = positions.get(name) or Position(name=name)
        files, size, fact_rows = sums.get(name, (0, 0, 0))
        behind, since = _waiting(position) if name == FACTS else (0, None)
        states.append(
            LakeState(
                name=name, rows=fact_rows if name == FACTS else position.rows, files=files, bytes=size,
                flowed_at=position.flowed_at, behind=behind, waiting_since=since, error=position.error,
                failed_at=position.failed_at,
            )
        )  # fmt: skip
    return states


def list_positions() -> dict[str, tuple[int, datetime | None]]:
    """How far each flow has come, by name (`facts`, tables): the position, and when it last flowed."""
    return {name: (tx, at) for name, tx, at in Position.objects.values_list("name", "tx", "flowed_at")}


def _waiting(position: Position) -> tuple[int, datetime | None]:
    """How many facts have not flowed, and when the first of them was recorded."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*), min(recorded_at) FROM (
                   SELECT recorded_at FROM facts_fact WHERE shard = ANY(%s)
                   AND tx < %s AND (tx, id) > (%s, %s) LIMIT %s) counted""",
            [list(range(SHARDS)), horizon_now(), position.tx, position.fact_id, COUNTED],
        )
        count, since = cursor.fetchone()
    return int(count), since


def list_missing_files() -> list[str]:
    """Files that the manifest holds and the store does not: the lake must be rebuilt. Lists the whole store."""
    place = store()
    there = set(place.paths())
    tables = File.objects.filter(dropped=None).values_list("table", flat=True).distinct()
    live = [file.path for files in live_files(tables).values() for file in files]
    return [path for path in live if path not in there]
