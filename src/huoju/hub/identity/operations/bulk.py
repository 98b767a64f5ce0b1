"""Everything resolved at once 全量归并: who is one person among millions of records, as sets.

The policy (`policy.connected_groups`) takes rows one after the other and guards each union. A group that offends no
guard as a whole offends none on the way, so there the order does not matter: it is simply what hangs together, and
arrays of numbers tell that (`policy.arrays`). Only groups that do offend a guard (a shared box, two UnionIDs) are taken
row by row, by the policy itself. The result is the policy's, record by record; a property test holds the two together.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
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
from ..policy.arrays import Edges, Nodes, Shared, deal, joined, roots, shared
from .proposals import propose_batch

_SCORE = 0.9
_BATCH = 10_000
_PORTION = 1 << 18  # edges read at a time, and about so many in a hand

_KINDS = list(KIND_RULES)
_KIND_CODE = "CASE kind {} END".format(
    " ".join(f"WHEN '{kind.value}' THEN {at}" for at, kind in enumerate(_KINDS))
)


class BulkResult(NamedTuple):
    """What `resolve_edges` found: `one_by_one` records stand in groups that offend a guard as a whole."""

    records: int
    people: int
    one_by_one: int


def resolve_edges(lake: duckdb.DuckDBPyConnection, edges: str) -> BulkResult:
    """Resolve the records of the table `edges` (record bigint, kind text, value text, strong boolean) in `lake`.

    Values are in normal form, records without any identifier are nobody's concern. Leaves the table `resolved`
    (record, person: the smallest record of its group). Equal to `policy.connected_groups` on the records in ascending
    order, each with its identifiers in the order of the table's rows. Records are numbers of a sequence: memory
    goes with the span between the smallest and the greatest, which is less than 2³¹.
    """
    count, base, last = lake.execute(
        f"SELECT coalesce(max(rowid) + 1, 0), coalesce(min(record), 0), coalesce(max(record), -1) FROM {edges}"
    ).fetchall()[0]
    size = last - base + 1
    there = np.zeros(size, bool)
    hands: list[list[Edges]] = [[] for _ in range(count // _PORTION + 1)]
    weak: list[Edges] = []
    for begin in range(0, max(count, 1), _PORTION):
        given = lake.execute(
            f"""SELECT record, hash(kind, value) AS key, hash(value || kind) AS "check",
                       ({_KIND_CODE})::UTINYINT AS kind, strong
                FROM {edges} WHERE rowid >= {begin} AND rowid < {begin + _PORTION}"""
        ).fetchnumpy()
        some = Edges(given["key"], given["check"], (given["record"] - base).astype(np.int32), given["kind"])
        there[some.node] = True
        for hand, part in zip(hands, deal(some.at(given["strong"]), len(hands)), strict=True):
            hand.append(part)
        weak.append(some.at(~given["strong"]))
    same = [shared(joined(hand)) for hand in hands]
    person = roots(
        size, np.concatenate([each.left for each in same]), np.concatenate([each.right for each in same])
    )
    suspects = _suspects(person, same, weak)
    doubtful = np.flatnonzero(there & suspects[person])
    decided = _one_by_one(lake, edges, doubtful + base, person[doubtful] + np.int64(base))
    for row, whose in decided:
        person[row - base] = whose - base
    node = np.flatnonzero(there)
    lake.register("found", {"record": node + base, "person": person[node] + np.int64(base)})
    lake.execute("CREATE OR REPLACE TABLE resolved AS FROM found")
    lake.unregister("found")
    return BulkResult(len(node), int(np.count_nonzero(person[node] == node)), len(decided))


def _suspects(person: Nodes, same: list[Shared], weak: list[Edges]) -> npt.NDArray[np.bool_]:
    """Of which persons of several records a guard may be offended: never too few.

    A strong identifier is one person's, so counting its first record counts it once. A weak one is counted each time.
    """
    whose: list[list[Nodes]] = [[] for _ in _KINDS]
    for kinds, nodes in [(each.kind, each.first) for each in same] + [
        (each.kind, each.node) for each in weak
    ]:
        for at in np.flatnonzero(np.bincount(kinds)):
            whose[at].append(person[nodes[kinds == at]])
    found = np.zeros(len(person), bool)
    for kind, persons in zip(_KINDS, whose, strict=True):
        if persons:
            rule = KIND_RULES[kind]
            found |= np.bincount(np.concatenate(persons), minlength=len(person)) > (
                1 if rule.single else rule.max_per_person
            )
    several = np.zeros(len(person), bool)
    for each in same:
        several[person[each.left]] = True
    return several & found


_SLOT = f"CASE kind WHEN '{IdentifierKind.EXTERNAL.value}' THEN split_part(value, ':', 1) ELSE '' END"


def _one_by_one(
    lake: duckdb.DuckDBPyConnection, edges: str, record: npt.NDArray[np.int64], person: npt.NDArray[np.int64]
) -> list[tuple[int, int]]:
    """Take those groups of `record` and `person` that offend a guard row by row instead: records and their persons."""
    rules = ", ".join(
        f"('{kind.value}', {rule.max_per_person}, {str(rule.single).lower()})"
        for kind, rule in KIND_RULES.items()
    )
    lake.register("suspect", {"record": record, "person": person})
    rows = lake.execute(
        f"""WITH rule(kind, most, single) AS (VALUES {rules}),
                 held AS (SELECT person, record, kind, value, strong, place
                          FROM (SELECT *, rowid AS place FROM {edges}) JOIN suspect USING (record)),
                 own AS (SELECT DISTINCT person, kind, value FROM held),
                 doubtful AS (
                     SELECT person FROM own JOIN rule USING (kind)
                     GROUP BY person, kind, most HAVING count(*) > most
                     UNION
                     SELECT person FROM own JOIN rule USING (kind) WHERE single
                     GROUP BY person, kind, {_SLOT} HAVING count(*) > 1)
            SELECT person, record, kind, value, strong FROM held
            WHERE person IN (SELECT person FROM doubtful) ORDER BY person, record, place"""
    ).fetchall()
    lake.unregister("suspect")
    decided: list[tuple[int, int]] = []
    for _person, group in groupby(rows, key=lambda row: row[0]):
        records: dict[int, list[Identifier]] = {}
        for _, record_, kind, value, strong in group:
            strength = Strength.STRONG if strong else Strength.WEAK
            records.setdefault(record_, []).append(Identifier(IdentifierKind(kind), value, strength))
        order = list(records)
        for each in connected_groups(list(records.values())).groups:
            decided += [(order[row], order[min(each.rows)]) for row in each.rows]
    return decided


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
