"""Which rows of a batch are one person: union-find over strong identifiers, guarded.

A row joins whoever has its identifiers, except where that would merge two people who are already known, give
a person two values of a kind that has only one, or pass a limit. What is refused is reported with its reason;
nothing is lost.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from huoju.core.text import msgid

from .kinds import KIND_RULES, Identifier, IdentifierKind, Strength, slot_of


class Block(StrEnum):
    """Why rows that share an identifier were kept apart."""

    TWO_PERSONS = "two_persons"  # it would merge two known people: propose the merge, do not do it
    DISAGREE = "disagree"  # each has its own value of a kind of which a person has one
    LIMIT = "limit"  # one of them would have too many identifiers of a kind: a shared box or telephone


BLOCK_LABELS: dict[Block, str] = {
    Block.TWO_PERSONS: msgid("Belongs to two people already known"),
    Block.DISAGREE: msgid("Their unique identifiers disagree"),
    Block.LIMIT: msgid("Shared by too many"),
}
"""English msgids, translated where they are shown."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are one person: a known one, or a new one (`person` None). `identifiers` in order of first
    sight."""

    rows: tuple[int, ...]
    person: int | None
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """`row` shares `identifier` with the group at position `other`, yet was kept in its own group."""

    row: int
    identifier: Identifier
    other: int
    reason: Block
    persons: tuple[int, ...] = ()  # for TWO_PERSONS: the pair to propose, in ascending order
    own: int | None = None  # for TWO_PERSONS: the one of the pair that the row's group is
    via: Identifier | None = None  # for TWO_PERSONS: the row's identifier that made it theirs


@dataclass(frozen=True, slots=True)
class Grouping:
    """`group_of[row]` is the position of the row's group in `groups`."""

    groups: tuple[Group, ...]
    group_of: tuple[int, ...]
    blocked: tuple[Blocked, ...]


class _Cluster:
    __slots__ = ("identifiers", "person", "rows", "single", "values")

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.person: int | None = None
        self.identifiers: dict[Identifier, None] = {}
        self.values: dict[IdentifierKind, int] = {}
        self.single: dict[str, str] = {}  # slot of a single-valued kind → its value


def connected_groups(
    rows: Sequence[Sequence[Identifier]], known: Mapping[Identifier, int] | None = None
) -> Grouping:
    """Group `rows` (each a row's identifiers) into people. `known` tells who has an identifier already.

    Rows are taken in order and a row's identifiers from the most to the least believed, so the result does
    not depend on anything but the batch. Weak identifiers join nothing; they go along with their row's group.
    """
    known = known or {}
    parent: list[int] = []
    clusters: list[_Cluster] = []
    owner: dict[Identifier, int] = {}
    person_cluster: dict[int, int] = {}
    blocked: list[tuple[int, Blocked]] = []  # with the other cluster
    home: list[int] = []

    def find(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    def new_cluster() -> int:
        parent.append(len(clusters))
        clusters.append(_Cluster())
        return len(clusters) - 1

    def cluster_of(identifier: Identifier) -> int | None:
        if (at := owner.get(identifier)) is not None:
            return find(at)
        person = known.get(identifier)
        if person is None:
            return None
        at = person_cluster.get(person)
        if at is None:
            at = person_cluster[person] = new_cluster()
            clusters[at].person = person
        at = find(at)
        _add(clusters[at], identifier)
        owner[identifier] = at
        return at

    for row, identifiers in enumerate(rows):
        mine: int | None = None
        via: Identifier | None = None
        fresh: list[Identifier] = []
        weak: list[Identifier] = []
        for identifier in sorted(identifiers, key=_belief) if len(identifiers) > 1 else identifiers:
            if identifier.strength is Strength.WEAK:
                weak.append(identifier)
                continue
            other = cluster_of(identifier)
            if other is None:
                if identifier not in fresh:
                    fresh.append(identifier)
            elif mine is None:
                mine, via = other, identifier
            elif other != mine:
                one, two = clusters[mine], clusters[other]
                reason = _why_not(one, two)
                if reason is None:
                    via = via if two.person is None else identifier
                    mine = _unite(mine, other, clusters, parent)
                elif reason is Block.TWO_PERSONS:
                    refused = Blocked(row, identifier, other, reason, _persons(one, two), one.person, via)
                    blocked.append((other, refused))
                else:
                    blocked.append((other, Blocked(row, identifier, other, reason)))
        if mine is None:
            mine = new_cluster()
        elif fresh and (trouble := _trouble(clusters[mine], fresh)) is not None:
            # The row has an identifier of the group and another that the group cannot take: it is somebody
            # else.
            identifier, reason = trouble
            shared = next(
                (item for item in identifiers if item in owner and find(owner[item]) == mine), identifier
            )
            blocked.append((mine, Blocked(row, shared, mine, reason)))
            mine = new_cluster()
        cluster = clusters[mine]
        cluster.rows.append(row)
        for identifier in fresh:
            if identifier not in owner:
                owner[identifier] = mine
                _add(cluster, identifier)
        for identifier in weak:
            _keep(cluster, identifier)
        home.append(mine)
    return _result(home, clusters, blocked, find)


def _belief(identifier: Identifier) -> int:
    return KIND_RULES[identifier.kind].priority


def _add(cluster: _Cluster, identifier: Identifier) -> None:
    if identifier in cluster.identifiers:
        return
    cluster.identifiers[identifier] = None
    kind = identifier.kind
    cluster.values[kind] = cluster.values.get(kind, 0) + 1
    if KIND_RULES[kind].single:
        cluster.single[slot_of(identifier.kind, identifier.value)] = identifier.value


def _keep(cluster: _Cluster, identifier: Identifier) -> None:
    """Keep a weak identifier, unless there are too many of its kind: the first ones stay."""
    known = (
        Identifier(identifier.kind, identifier.value) in cluster.identifiers
    )  # what was read is not marked weak
    if not known and cluster.values.get(identifier.kind, 0) < KIND_RULES[identifier.kind].max_per_person:
        _add(cluster, identifier)


def _trouble(cluster: _Cluster, fresh: Sequence[Identifier]) -> tuple[Identifier, Block] | None:
    """The first of `fresh` that `cluster` cannot take, and why."""
    more: dict[IdentifierKind, int] = {}
    for identifier in fresh:
        kind = identifier.kind
        rule = KIND_RULES[kind]
        if (
            rule.single
            and cluster.single.get(slot_of(identifier.kind, identifier.value), identifier.value)
            != identifier.value
        ):
            return identifier, Block.DISAGREE
        more[kind] = more.get(kind, 0) + 1
        if cluster.values.get(kind, 0) + more[kind] > rule.max_per_person:
            return identifier, Block.LIMIT
    return None


def _why_not(one: _Cluster, two: _Cluster) -> Block | None:
    if one.person is not None and two.person is not None:
        return Block.TWO_PERSONS
    for slot, value in one.single.items():
        if two.single.get(slot, value) != value:
            return Block.DISAGREE
    for kind, count in one.values.items():
        if count + two.values.get(kind, 0) > KIND_RULES[kind].max_per_person:
            return Block.LIMIT
    return None


def _persons(one: _Cluster, two: _Cluster) -> tuple[int, ...]:
    return tuple(sorted(person for person in (one.person, two.person) if person is not None))


def _unite(one: int, two: int, clusters: list[_Cluster], parent: list[int]) -> int:
    """Put the smaller cluster into the larger; the answer is the larger."""
    if len(clusters[one].rows) + len(clusters[one].identifiers) < len(clusters[two].rows) + len(
        clusters[two].identifiers
    ):
        one, two = two, one
    large, small = clusters[one], clusters[two]
    parent[two] = one
    large.rows += small.rows
    large.person = small.person if large.person is None else large.person
    for identifier in small.identifiers:
        large.identifiers.setdefault(identifier)
    for kind, count in small.values.items():
        large.values[kind] = large.values.get(kind, 0) + count
    large.single.update(small.single)
    return one


def _result(
    home: list[int],
    clusters: list[_Cluster],
    blocked: list[tuple[int, Blocked]],
    find: Callable[[int], int],
) -> Grouping:
    position: dict[int, int] = {}
    groups: list[Group] = []

    def place(at: int) -> int:
        root = find(at)
        if root not in position:
            cluster = clusters[root]
            position[root] = len(groups)
            groups.append(Group(tuple(sorted(cluster.rows)), cluster.person, tuple(cluster.identifiers)))
        return position[root]

    group_of = tuple([place(at) for at in home])
    refused = tuple([replace(each, other=place(other)) for other, each in blocked])
    return Grouping(tuple(groups), group_of, refused)
