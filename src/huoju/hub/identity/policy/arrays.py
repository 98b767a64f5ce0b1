"""Who hangs together, for millions at once: whole arrays instead of rows.

Everything here is sorting and counting of integers. Identifiers are dealt out to many hands first, each of which fits
into a processor's cache, so that the time grows with the number of edges and hardly faster.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

type Nodes = npt.NDArray[np.int32]
type Places = npt.NDArray[np.intp]
type Keys = npt.NDArray[np.uint64]
type Codes = npt.NDArray[np.uint8]


class Edges(NamedTuple):
    """Identifiers of records, an element each. `key` and `check` are two hashes of kind and value, independent of each
    other: identifiers are the same if both agree. `node` numbers the records from 0, `kind` the kinds."""

    key: Keys
    check: Keys
    node: Nodes
    kind: Codes

    def at(self, where: slice | Places | npt.NDArray[np.bool_]) -> "Edges":
        """Some of them."""
        return Edges(self.key[where], self.check[where], self.node[where], self.kind[where])


class Shared(NamedTuple):
    """Each identifier once: its kind and the smallest record that has it (`kind`, `first`); and the `links` of the
    other records to that first one, as two arrays of which the left is the greater."""

    kind: Codes
    first: Nodes
    left: Nodes
    right: Nodes


def joined(parts: Iterable[Edges]) -> Edges:
    """All of them; at least one part."""
    return Edges(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def deal(edges: Edges, hands: int) -> list[Edges]:
    """The edges dealt out to `hands` (at most 65536) by the upper half of their key: equal ones go to the same hand."""
    hand = ((edges.key >> np.uint64(32)) * np.uint64(hands) >> np.uint64(32)).astype(np.uint16)
    order = np.argsort(hand, kind="stable")
    return [edges.at(some) for some in np.split(order, np.searchsorted(hand[order], np.arange(1, hands)))]


def shared(edges: Edges) -> Shared:
    """Find who shares an identifier."""
    if not len(edges.key):
        return Shared(edges.kind, edges.node, edges.node, edges.node)
    ordered = edges.at(np.argsort(edges.key))
    if np.any(
        _repeats(ordered.key) & ~_repeats(ordered.check)
    ):  # two identifiers of one key: once in a million runs
        ordered = edges.at(np.lexsort((edges.check, edges.key)))
    begins = np.flatnonzero(~(_repeats(ordered.key) & _repeats(ordered.check)))
    node = ordered.node
    first = np.minimum.reduceat(node, begins)
    of_each = np.repeat(first, np.diff(np.append(begins, len(node))))
    other = node != of_each
    return Shared(ordered.kind[begins], first, node[other], of_each[other])


def _repeats(keys: Keys) -> npt.NDArray[np.bool_]:
    """Whether each is the same as the one before."""
    return np.concatenate(([False], keys[1:] == keys[:-1]))


def roots(size: int, left: Nodes, right: Nodes) -> Nodes:
    """For each of `size` records the smallest of those that it hangs together with by links.

    Each round hooks every root to its smallest neighbour, follows the hooks to their ends, and keeps the links between
    the ends. Whoever has a smaller neighbour is no root after a round, so few rounds are needed.
    """
    root = np.arange(size, dtype=np.int32)
    hooked = np.zeros(size, bool)
    while len(left):
        np.minimum.at(root, left, right)
        hooked[left] = True
        some = np.flatnonzero(hooked)
        hooked[some] = False
        while np.any((further := root[end := root[some]]) != end):
            root[some] = further
        one, two = root[left], root[right]
        apart = one != two
        left, right = np.maximum(one, two)[apart], np.minimum(one, two)[apart]
    while np.any((further := root[root]) != root):
        root = further
    return root
