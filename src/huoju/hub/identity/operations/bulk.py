"""Everything resolved at once 全量归并: who is one person among millions of records, as sets.

The policy (`policy.connected_groups`) takes rows one after the other and guards each union. A group that offends no
guard as a whole offends none on the way, so there the order does not matter: it is simply what hangs together, and
DuckDB finds that as sets. Only groups that do offend one (a shared box, two UnionIDs) are taken row by row, by the
policy itself. The result is the policy's, record by record; a property test holds the two together.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb
from django.db import connection, transaction

from ..policy import (
    KIND_RULES,
    Evidence,
    Identifier,
    IdentifierKind,
    Method,
    Strength,
    Suggestion,
    connected_groups,
)
from .proposals import propose_batch

_SCORE = 0.9
_BATCH = 10_000


class BulkResult(NamedTuple):
    """What `resolve_edges` found: `one_by_one` records stand in groups that offend a guard as a whole."""

    records: int
    people: int
    one_by_one: int


def resolve_edges(lake: duckdb.DuckDBPyConnection, edges: str) -> BulkResult:
    """Resolve the records of the relation `edges` (record bigint, kind text, value text, strong boolean) in `lake`.

    Values are in normal form, records without any identifier are nobody's concern. Leaves the table `resolved`
    (record, person: the smallest record of its group). Equal to `policy.connected_groups` on the records in ascending
    order, each with its identifiers in the order of the relation's rows.
    """
    lake.execute(
        f"""CREATE OR REPLACE TEMP TABLE edge AS
            SELECT record::BIGINT AS record, kind, value, strong, row_number() OVER () AS place FROM {edges}"""
    )
    _join(lake)
    lake.execute(
        """CREATE OR REPLACE TABLE resolved AS
           SELECT record, coalesce(root, record) AS person
           FROM (SELECT DISTINCT record FROM edge) LEFT JOIN label ON node = record"""
    )
    one_by_one = _guard(lake)
    records, people = _counted(lake, "SELECT count(*), count(DISTINCT person) FROM resolved")
    lake.execute("DROP TABLE edge; DROP TABLE label")
    return BulkResult(records, people, one_by_one)


def _counted(lake: duckdb.DuckDBPyConnection, statement: str) -> tuple[int, ...]:
    row = lake.execute(statement).fetchone()
    if row is None:
        raise RuntimeError("a count has a row")
    return tuple(row)


def _join(lake: duckdb.DuckDBPyConnection) -> None:
    """Leave the table `label` (node, root): for each record that shares something, the smallest of those it hangs
    together with.

    Each round hooks every record to its smallest neighbour, follows the hooks to their ends, and keeps the links
    between the ends. Whoever has a smaller neighbour is gone after a round, so few rounds are needed.
    """
    lake.execute(
        """CREATE OR REPLACE TEMP TABLE link AS
           SELECT DISTINCT e.record AS u, s.first AS v FROM edge e JOIN (
               SELECT kind, value, min(record) AS first FROM edge WHERE strong
               GROUP BY kind, value HAVING min(record) < max(record)) s USING (kind, value)
           WHERE e.strong AND e.record <> s.first"""
    )
    lake.execute(
        """CREATE OR REPLACE TEMP TABLE label AS
           SELECT node, node AS root FROM (SELECT u AS node FROM link UNION SELECT v FROM link)"""
    )
    while _counted(lake, "SELECT count(*) FROM link")[0]:
        lake.execute(
            "CREATE OR REPLACE TEMP TABLE hook AS SELECT u AS node, min(v) AS root FROM link GROUP BY u"
        )
        while _counted(lake, "SELECT count(*) FROM hook a JOIN hook b ON b.node = a.root")[0]:
            lake.execute(
                """CREATE OR REPLACE TEMP TABLE hook AS
                   SELECT a.node, coalesce(b.root, a.root) AS root FROM hook a LEFT JOIN hook b ON b.node = a.root"""
            )
        lake.execute(
            """CREATE OR REPLACE TEMP TABLE label AS
               SELECT l.node, coalesce(h.root, l.root) AS root FROM label l LEFT JOIN hook h ON h.node = l.root"""
        )
        lake.execute(
            """CREATE OR REPLACE TEMP TABLE link AS
               SELECT DISTINCT greatest(a, b) AS u, least(a, b) AS v FROM (
                   SELECT coalesce(hu.root, u) AS a, coalesce(hv.root, v) AS b
                   FROM link LEFT JOIN hook hu ON hu.node = u LEFT JOIN hook hv ON hv.node = v) WHERE a <> b"""
        )
    lake.execute("DROP TABLE link; DROP TABLE IF EXISTS hook")


_SLOT = f"CASE kind WHEN '{IdentifierKind.EXTERNAL.value}' THEN split_part(value, ':', 1) ELSE '' END"


def _guard(lake: duckdb.DuckDBPyConnection) -> int:
    """Take the groups that offend a guard row by row instead; how many records they hold."""
    rules = ", ".join(
        f"('{kind.value}', {rule.max_per_person}, {str(rule.single).lower()})"
        for kind, rule in KIND_RULES.items()
    )
    lake.execute(
        f"""CREATE OR REPLACE TEMP TABLE doubtful AS
            WITH rule(kind, most, single) AS (VALUES {rules}),
                 shared AS (SELECT person FROM resolved GROUP BY person HAVING count(*) > 1),
                 own AS (SELECT DISTINCT person, kind, value FROM edge JOIN resolved USING (record)
                         WHERE person IN (SELECT person FROM shared))
            SELECT person FROM own JOIN rule USING (kind) GROUP BY person, kind, most HAVING count(*) > most
            UNION
            SELECT person FROM own JOIN rule USING (kind) WHERE single
            GROUP BY person, kind, {_SLOT} HAVING count(*) > 1"""
    )
    rows = lake.execute(
        """SELECT person, record, kind, value, strong FROM edge JOIN resolved USING (record)
           WHERE person IN (SELECT person FROM doubtful) ORDER BY person, record, place"""
    ).fetchall()
    decided: list[tuple[int, int]] = []
    for _person, group in groupby(rows, key=lambda row: row[0]):
        records: dict[int, list[Identifier]] = {}
        for _, record, kind, value, strong in group:
            strength = Strength.STRONG if strong else Strength.WEAK
            records.setdefault(record, []).append(Identifier(IdentifierKind(kind), value, strength))
        order = list(records)
        for each in connected_groups(list(records.values())).groups:
            decided += [(order[row], order[min(each.rows)]) for row in each.rows]
    if decided:
        lake.execute("CREATE OR REPLACE TEMP TABLE decided (record BIGINT, person BIGINT)")
        lake.execute(
            "INSERT INTO decided SELECT unnest($1::BIGINT[]), unnest($2::BIGINT[])",
            [[record for record, _ in decided], [person for _, person in decided]],
        )
        lake.execute("UPDATE resolved SET person = d.person FROM decided d WHERE d.record = resolved.record")
        lake.execute("DROP TABLE decided")
    lake.execute("DROP TABLE doubtful")
    return len(decided)


@dataclass(frozen=True, slots=True)
class Reresolved:
    """What resolving everybody again would join: `pairs` of persons who are not one yet, `asked` of them anew."""

    persons: int
    pairs: int
    asked: int


# What we have of persons: their identifiers, and the mobile and mail address that they are shown with. A person who was
# kept apart from the owner of a mobile still shows it.
_EVERYTHING = f"""
    SELECT i.person_id, i.kind, i.value, i.kind <> '{IdentifierKind.VISITOR.value}' FROM identity_identifier i
    UNION SELECT id, 'mobile', mobile, true FROM identity_person WHERE mobile <> ''
    UNION SELECT p.id, 'email', lower(p.email), true FROM identity_person p WHERE p.email <> ''
"""


def reresolve(*, propose: bool, actor: str, now: datetime) -> Reresolved:
    """Resolve all persons anew by what is known of them today, as after a change of the limits; merges nothing.

    With `propose` the pairs are put into the review queue, in transactions of some thousand each.
    """
    with TemporaryDirectory() as folder, duckdb.connect() as lake:
        file = Path(folder, "edges.csv")
        with file.open("wb") as target, connection.cursor() as cursor:
            with cursor.copy(f"COPY ({_EVERYTHING}) TO STDOUT (FORMAT csv)") as copy:
                for block in copy:
                    target.write(block)
            cursor.execute("SELECT person_id, profile_id FROM identity_alias")
            profile_of: dict[int, int] = dict(cursor.fetchall())
        columns = "{'record': 'BIGINT', 'kind': 'VARCHAR', 'value': 'VARCHAR', 'strong': 'BOOLEAN'}"
        lake.execute(f"CREATE TABLE given AS FROM read_csv('{file}', header = false, columns = {columns})")
        found = resolve_edges(lake, "given")
        rows = lake.execute(
            """SELECT person, record, list_sort(list(DISTINCT kind)) FROM resolved JOIN given USING (record) JOIN (
                   SELECT kind, value FROM given WHERE strong GROUP BY kind, value HAVING min(record) < max(record)
               ) shared USING (kind, value)
               WHERE person <> record GROUP BY person, record ORDER BY person, record"""
        ).fetchall()
    pairs = [
        Suggestion(left, right, _SCORE, tuple([Evidence(kind) for kind in kinds]))
        for left, right, kinds in rows
        if profile_of.get(left, left) != profile_of.get(right, right)
    ]
    asked = 0
    for begin in range(0, len(pairs) if propose else 0, _BATCH):
        with transaction.atomic():
            some = pairs[begin : begin + _BATCH]
            made = propose_batch(some, method=Method.RULE, actor=actor, source="resolve", now=now)
        asked += sum(1 for id_ in made if id_ is not None)
    return Reresolved(found.records, len(pairs), asked)
