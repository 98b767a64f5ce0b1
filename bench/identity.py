"""One ID: a million records and ten million edges resolved as sets."""

import time
from typing import NamedTuple

import duckdb

from huoju.hub.identity.operations.bulk import resolve_edges

from .harness import Figure, benchmark

RECORDS = 1_000_000
EDGES = (1_000_000, 10_000_000)

# Half of the records repeat somebody, by mobile, mail or OpenID; each thousandth comes from a shared box, whose
# people are told apart row by row. Two and a half edges a record.
_GENERATED = """
    CREATE TABLE given AS
    WITH r AS (SELECT i AS record, hash(i) AS h, hash(i) % greatest({records} * 2 // 3, 1) AS p
               FROM range({records}) t(i))
    SELECT record, 'mobile' AS kind, '+861' || lpad((p % 10000000000)::VARCHAR, 10, '3') AS value, true AS strong
    FROM r WHERE h % 10 < 9
    UNION ALL SELECT record, 'email', 'p' || p || '@c' || p % 9973 || '.cn', true FROM r WHERE h % 20 < 15
    UNION ALL SELECT record, 'wechat_openid', 'o' || hash(p)::VARCHAR, true FROM r WHERE h % 20 >= 13
    UNION ALL SELECT record, 'visitor', 'v' || hash(record)::VARCHAR, false FROM r WHERE h % 20 < 9
    UNION ALL SELECT record, 'email', 'box' || record // 40000, true FROM r WHERE h % 1000 = 0
"""


class _Run(NamedTuple):
    wall: float
    cpu: float
    edges: int
    people: int
    one_by_one: int


def _run(records: int) -> _Run:
    with duckdb.connect(config={"threads": 2}) as lake:
        lake.execute(_GENERATED.format(records=records))
        edges = lake.execute("SELECT count(*) FROM given").fetchall()[0][0]
        wall, cpu = time.perf_counter(), time.process_time()
        found = resolve_edges(lake, "given")
        return _Run(
            time.perf_counter() - wall, time.process_time() - cpu, edges, found.people, found.one_by_one
        )


def _median(edges: int) -> _Run:
    """The middle one of three runs by CPU time."""
    return sorted((_run(edges * 10 // 25) for _ in range(3)), key=lambda run: run.cpu)[1]


@benchmark("identity_resolve")
def resolve() -> None:
    """Seconds for a million records against a minute; for a million and ten million edges, and how they grow."""
    run = _run(RECORDS)
    note = (
        f"{run.edges} edges, {run.people} people, {run.one_by_one} records one by one; {run.cpu:.1f} s of CPU"
    )
    Figure("identity.resolve.1m_records", run.wall, "s", 60, f"{note}; reference: the limit").emit()
    small, large = (_median(edges) for edges in EDGES)
    note = f"{large.edges} edges, {large.people} people; {large.cpu:.1f} s of CPU; reference: the limit"
    Figure("identity.resolve.10m_edges", large.wall, "s", 150, note).emit()
    grown = large.cpu / small.cpu * small.edges / large.edges * 10
    note = "CPU of ten million edges over that of one million; reference: the limit"
    Figure("identity.resolve.growth", grown, "times", 12, note).emit()
