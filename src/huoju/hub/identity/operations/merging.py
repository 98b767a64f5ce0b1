"""Merging and separating persons 合并与拆分: edges are written, and whom a person is read as is derived from them.

The persons of both profiles are locked in the order of their ids, then read again: if a profile has grown meanwhile,
the locks are given back and taken anew. So two merges that cross decide one after the other, the second one sees that
there is nothing left to do, and an import that resolves one of the persons waits or is waited for.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from huoju.core.bulk import copy_rows, plain, take_ids
from huoju.core.facts.operations import NewFact, append

from ..facts import PersonMerged, PersonUnmerged
from ..policy import Evidence, Identifier, IdentifierKind, Known, Obstacle, obstacles, profiles

_ATTEMPTS = 20
_SOURCE = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMerge:
    """`person` and `into` are one; the profile that `into` belongs to is kept.

    `proposal_id`: this answers a proposal, so it is void if somebody has answered meanwhile.
    """

    person_id: int
    into_id: int
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    proposal_id: int | None = None


class Merged(NamedTuple):
    """What became of a merge: `merge_id` is the edge, None where the two were one already by way of others, or where
    `obstacles` forbade it. `made` tells a new edge from one that was there; `answered`: the proposal had been answered,
    nothing was done."""

    merge_id: int | None = None
    made: bool = False
    obstacles: tuple[Obstacle, ...] = ()
    answered: bool = False


class _Edge(NamedTuple):
    id: int
    person: int
    into: int


@dataclass(slots=True)
class _State:
    """Profiles under lock: whom each of their persons is read as, and the edges in force, the oldest first."""

    profile_of: dict[int, int]
    edges: list[_Edge] = field(default_factory=list)


def merge_batch(
    merges: Sequence[NewMerge], *, actor: str, now: datetime, automatic: bool = False
) -> list[Merged]:
    """Make persons one, one merge after the other; each may be refused with its obstacles, the others hold.

    Needs a transaction. Doing it twice changes nothing. People pass soft obstacles, rules (`automatic`) do not; a merge
    of somebody unknown is refused without an obstacle. Appends `person.merged` for every person who is read as
    another one now. A fixed number of statements, however many merges.
    """
    with connection.cursor() as cursor:
        state = _hold(cursor, {id_ for each in merges for id_ in (each.person_id, each.into_id)})
        known = _known(cursor, state)
        open_ = _open(cursor, [each.proposal_id for each in merges if each.proposal_id is not None])
        ids = iter(take_ids(cursor, "identity_merge", len(merges)))
        before = dict(state.profile_of)
        groups = _members(state.profile_of)
        edge_of = {frozenset((each.person, each.into)): each.id for each in state.edges}
        new: list[tuple[int, NewMerge]] = []
        answers: list[Merged] = []
        cause: dict[int, tuple[int, NewMerge]] = {}
        for each in merges:
            if each.proposal_id is not None and each.proposal_id not in open_:
                answers.append(Merged(answered=True))
                continue
            going, kept = state.profile_of.get(each.person_id), state.profile_of.get(each.into_id)
            if going is None or kept is None:
                answers.append(Merged())
                continue
            if going == kept:
                answers.append(Merged(edge_of.get(frozenset((each.person_id, each.into_id)))))
                continue
            against = tuple(obstacles(known[going], known[kept]))
            if any(one.hard or automatic for one in against):
                answers.append(Merged(obstacles=against))
                continue
            id_ = next(ids)
            new.append((id_, each))
            edge_of[frozenset((each.person_id, each.into_id))] = id_
            for member in groups[going]:
                state.profile_of[member] = kept
                cause[member] = (id_, each)
            groups[kept] += groups.pop(going)
            known[kept] = Known(
                known[going].members + known[kept].members,
                known[kept].identifiers + known[going].identifiers,
            )
            answers.append(Merged(id_, True, against))
        _insert(cursor, new, actor, now)
        changed = _realias(cursor, before, state.profile_of)
    facts = [
        NewFact(
            payload=PersonMerged(
                merge_id=cause[person_id][0],
                profile_id=state.profile_of[person_id],
                evidence=list(dict.fromkeys(one.field for one in cause[person_id][1].evidence)),
            ),
            occurred_at=now,
            person_id=person_id,
        )
        for person_id in changed
    ]
    append(facts, actor=actor, source=_SOURCE, now=now)
    return answers


def unmerge_batch(merge_ids: Collection[int], *, actor: str, reason: str, now: datetime) -> list[int]:
    """Take merges back, in whatever order they were made; the ids of those that were in force. Needs a transaction.

    What remains is what the other merges alone would have made. Appends `person.unmerged` for every person who is
    read as another one now. The proposals that led to them are decided the other way: two people.
    """
    if not merge_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id FROM identity_merge WHERE id = ANY(%s) AND undone_at IS NULL", [list(merge_ids)]
        )
        state = _hold(cursor, {person_id for (person_id,) in cursor.fetchall()})
        undone = {each.id for each in state.edges} & set(merge_ids)
        if not undone:
            return []
        cursor.execute(
            """UPDATE identity_merge SET undone_at = %s, undone_by = %s, undone_reason = %s
               WHERE id = ANY(%s) RETURNING proposal_id""",
            [now, actor, reason, sorted(undone)],
        )
        proposals = [id_ for (id_,) in cursor.fetchall() if id_ is not None]
        cursor.execute(
            """WITH held AS (SELECT id FROM identity_mergeproposal WHERE id = ANY(%s)
                             ORDER BY left_id, right_id FOR UPDATE)
               UPDATE identity_mergeproposal SET decision = 'different', decided_at = %s, decided_by = %s
               WHERE id IN (SELECT id FROM held)""",
            [proposals, now, actor],
        )
        before = state.profile_of
        gone = [each for each in state.edges if each.id in undone]
        stay = [(each.person, each.into) for each in state.edges if each.id not in undone]
        after = {person_id: person_id for person_id in before} | profiles(stay)
        changed = _realias(cursor, before, after)
    cause: dict[int, int] = {}
    for each in gone:
        cause.setdefault(before[each.person], each.id)
    facts = [
        NewFact(
            payload=PersonUnmerged(
                merge_id=cause[before[person_id]],
                profile_id=after[person_id],
                reason=reason,
                former_profile_id=before[person_id],
            ),
            occurred_at=now,
            person_id=person_id,
        )
        for person_id in changed
    ]
    append(facts, actor=actor, source=_SOURCE, now=now)
    return sorted(undone)


def part(*, proposal_id: int, left_id: int, right_id: int, actor: str, now: datetime) -> bool:
    """Answer a proposal "two people", under the same locks as a merge; False where it has been answered, or where the
    two are one by way of others. Needs a transaction."""
    with connection.cursor() as cursor:
        state = _hold(cursor, (left_id, right_id))
        if len(set(state.profile_of.values())) < 2:
            return False
        cursor.execute(
            """UPDATE identity_mergeproposal SET decision = 'different', decided_at = %s, decided_by = %s
               WHERE id = %s AND decided_at IS NULL""",
            [now, actor, proposal_id],
        )
        return bool(cursor.rowcount)


def separate(person_ids: Collection[int], *, actor: str, reason: str, now: datetime) -> list[int]:
    """Take back every merge of these persons with anybody; the ids of the merges. Needs a transaction.

    The persons stay locked, so nobody merges them again before it ends.
    """
    wanted = set(person_ids)
    with connection.cursor() as cursor:
        edges = _hold(cursor, wanted).edges
    theirs = [each.id for each in edges if each.person in wanted or each.into in wanted]
    return unmerge_batch(theirs, actor=actor, reason=reason, now=now)


def _hold(cursor: CursorWrapper, person_ids: Iterable[int]) -> _State:
    """Lock the profiles of the persons, every member of them, and read them. Who does not exist is missing."""
    wanted = list(set(person_ids))
    if not wanted:
        return _State({})
    for _ in range(_ATTEMPTS):
        savepoint = transaction.savepoint_create()
        asked = _profiles(cursor, wanted).keys()
        cursor.execute(
            "SELECT id FROM identity_person WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [list(asked)]
        )
        held = {id_ for (id_,) in cursor.fetchall()}
        profile_of = _profiles(cursor, wanted)
        if profile_of.keys() <= asked:
            cursor.execute(
                """SELECT id, person_id, into_id FROM identity_merge
                   WHERE undone_at IS NULL AND person_id = ANY(%s) ORDER BY id""",
                [list(held)],
            )
            edges = [_Edge(*row) for row in cursor.fetchall()]
            transaction.savepoint_commit(savepoint)
            return _State({id_: profile for id_, profile in profile_of.items() if id_ in held}, edges)
        transaction.savepoint_rollback(savepoint)
    raise RuntimeError("profiles grow faster than they can be locked")


def _profiles(cursor: CursorWrapper, person_ids: list[int]) -> dict[int, int]:
    """Every person of the profiles that the given ones are read as, with the profile."""
    cursor.execute(
        """WITH wanted AS (
               SELECT DISTINCT coalesce(a.profile_id, x.id) AS profile_id
               FROM unnest(%s::bigint[]) AS x(id) LEFT JOIN identity_alias a ON a.person_id = x.id)
           SELECT profile_id, profile_id FROM wanted
           UNION ALL
           SELECT a.person_id, a.profile_id FROM identity_alias a JOIN wanted USING (profile_id)""",
        [person_ids],
    )
    return dict(cursor.fetchall())


def _known(cursor: CursorWrapper, state: _State) -> dict[int, Known]:
    """What the profiles under lock are known by."""
    cursor.execute(
        "SELECT person_id, kind, value FROM identity_identifier WHERE person_id = ANY(%s) ORDER BY id",
        [list(state.profile_of)],
    )
    found: dict[int, list[Identifier]] = {}
    for person_id, kind, value in cursor.fetchall():
        found.setdefault(state.profile_of[person_id], []).append(Identifier(IdentifierKind(kind), value))
    return {
        profile: Known(len(members), tuple(found.get(profile, ())))
        for profile, members in _members(state.profile_of).items()
    }


def _open(cursor: CursorWrapper, proposal_ids: Sequence[int]) -> set[int]:
    """Those of the proposals that nobody has answered. Their persons are locked, so nobody will."""
    if not proposal_ids:
        return set()
    cursor.execute(
        "SELECT id FROM identity_mergeproposal WHERE id = ANY(%s) AND decided_at IS NULL",
        [list(proposal_ids)],
    )
    return {id_ for (id_,) in cursor.fetchall()}


def _members(profile_of: Mapping[int, int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for person_id, profile in profile_of.items():
        groups.setdefault(profile, []).append(person_id)
    return groups


_COLUMNS = (
    *("id", "person_id", "into_id", "proposal_id", "at", "actor", "reason", "evidence"),
    *("undone_by", "undone_reason"),
)


def _insert(cursor: CursorWrapper, new: Sequence[tuple[int, NewMerge]], actor: str, now: datetime) -> None:
    """Write the edges, each with the proposal of its two persons, which is thereby decided."""
    pairs = [sorted((each.person_id, each.into_id)) for _, each in new]
    cursor.execute(
        """WITH held AS (SELECT p.id FROM identity_mergeproposal p
                         JOIN unnest(%s::bigint[], %s::bigint[]) AS r(l, r) ON p.left_id = r.l AND p.right_id = r.r
                         ORDER BY p.left_id, p.right_id FOR UPDATE OF p)
           UPDATE identity_mergeproposal SET decision = 'merged', decided_at = %s, decided_by = %s
           WHERE id IN (SELECT id FROM held) RETURNING left_id, right_id, id""",
        [[left for left, _ in pairs], [right for _, right in pairs], now, actor],
    )
    proposals = {(left, right): id_ for left, right, id_ in cursor.fetchall()}
    copy_rows(
        cursor,
        "identity_merge",
        _COLUMNS,
        [
            (
                *(str(id_), str(each.person_id), str(each.into_id), plain(proposals.get((left, right)))),
                *(str(now), actor, each.reason),
                *(json.dumps([one.stored() for one in each.evidence], ensure_ascii=False), "", ""),
            )
            for (id_, each), (left, right) in zip(new, pairs, strict=True)
        ],
    )


def _realias(cursor: CursorWrapper, before: Mapping[int, int], after: Mapping[int, int]) -> list[int]:
    """Write whom persons are read as; the persons for whom that is another one now, by id."""
    changed = sorted(person_id for person_id, profile in after.items() if before[person_id] != profile)
    if changed:
        cursor.execute("DELETE FROM identity_alias WHERE person_id = ANY(%s)", [changed])
        copy_rows(
            cursor,
            "identity_alias",
            ("person_id", "profile_id"),
            [(str(each), str(after[each])) for each in changed if after[each] != each],
        )
    return changed
