"""Resolving as sets gives what the policy gives row by row."""

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huoju.hub.identity.models import Person
from huoju.hub.identity.operations import NewMerge, merge_batch
from huoju.hub.identity.operations.bulk import Reresolved, reresolve, resolve_edges
from huoju.hub.identity.policy import Identifier, IdentifierKind, Strength, connected_groups
from huoju.hub.identity.policy.arrays import Edges, deal, joined, roots, shared
from huoju.hub.identity.queries import list_queue
from tests.hub.identity.people import NOW, mobile, person

K, S = IdentifierKind, Strength
LAKE = duckdb.connect(config={"threads": 1})

few = st.sampled_from("abcdef")
identifiers = st.one_of(
    st.builds(lambda value: Identifier(K.MOBILE, value), few),
    st.builds(lambda value: Identifier(K.EMAIL, value), few),
    st.builds(lambda value: Identifier(K.EMAIL, f"info-{value}", S.WEAK), few),
    st.builds(lambda value: Identifier(K.WECHAT_UNIONID, value), few),
    st.builds(lambda system, value: Identifier(K.EXTERNAL, f"{system}:{value}"), st.sampled_from("xy"), few),
    st.builds(lambda value: Identifier(K.VISITOR, value, S.WEAK), few),
)
records = st.lists(st.lists(identifiers, min_size=1, max_size=4), max_size=14)


def by_sets(rows: list[list[Identifier]]) -> list[int]:
    with LAKE.cursor() as lake:
        lake.execute(
            "CREATE OR REPLACE TABLE given (record BIGINT, kind VARCHAR, value VARCHAR, strong BOOLEAN)"
        )
        edges = [
            (record, each.kind.value, each.value, each.strength is S.STRONG)
            for record, row in enumerate(rows)
            for each in row
        ]
        if edges:
            lake.executemany("INSERT INTO given VALUES (?, ?, ?, ?)", edges)
        resolve_edges(lake, "given")
        return [
            person for (person,) in lake.execute("SELECT person FROM resolved ORDER BY record").fetchall()
        ]


def by_rows(rows: list[list[Identifier]]) -> list[int]:
    found = connected_groups(rows)
    return [min(found.groups[at].rows) for at in found.group_of]


@settings(max_examples=25, deadline=None)
@given(records)
def test_sets_and_rows_agree(rows: list[list[Identifier]]) -> None:
    assert by_sets(rows) == by_rows(rows)


def test_a_long_chain_is_one_person() -> None:
    rows = [
        [Identifier(K.WECHAT_OPENID, str(at)), Identifier(K.WECHAT_OPENID, str(at + 1))] for at in range(9)
    ]
    assert by_sets(rows) == [0] * 9 == by_rows(rows)


def test_a_flood_is_bounded() -> None:
    rows = [[Identifier(K.MOBILE, "one"), Identifier(K.EMAIL, str(at))] for at in range(300)]
    assert by_sets(rows) == by_rows(rows) == [0] * 5 + list(range(5, 300))


def test_identifiers_of_one_hash_are_told_apart_by_the_other() -> None:
    edges = Edges(
        np.array([7, 7, 7, 7], np.uint64),
        np.array([1, 2, 1, 2], np.uint64),
        np.array([3, 2, 1, 0], np.int32),
        np.array([0, 1, 0, 1], np.uint8),
    )
    found = shared(edges)
    assert list(zip(found.kind.tolist(), found.first.tolist(), strict=True)) == [(0, 1), (1, 0)]
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [(3, 1), (2, 0)]


def test_dealt_out_in_hands_nothing_is_lost_and_equals_meet() -> None:
    key = np.random.default_rng(1).integers(0, 1 << 64, 500, np.uint64).repeat(2)
    edges = Edges(key, key, np.arange(1000, dtype=np.int32), np.zeros(1000, np.uint8))
    hands = deal(edges, 7)
    assert len(hands) == 7
    assert all(len(hand.key) for hand in hands)
    assert sorted(joined(hands).node.tolist()) == list(range(1000))
    assert sum(len(shared(hand).left) for hand in hands) == 500


def test_a_path_in_the_worst_order_has_one_root() -> None:
    left, right = np.arange(1, 2000, dtype=np.int32), np.arange(1999, dtype=np.int32)
    assert not roots(2000, left, right).any()


@pytest.mark.django_db
def test_everybody_is_resolved_anew_and_asked_about() -> None:
    one, two, three, four = (person(mobile(number)) for number in range(4))
    Person.objects.filter(pk__in=(two, three)).update(mobile="+8613800000000")
    merge_batch([NewMerge(person_id=three, into_id=one)], actor="user:7", now=NOW)
    assert reresolve(propose=False, actor="test", now=NOW) == Reresolved(4, 1, 0)
    assert reresolve(propose=True, actor="test", now=NOW) == Reresolved(4, 1, 1)
    assert reresolve(propose=True, actor="test", now=NOW) == Reresolved(4, 1, 0)
    assert [(row.left_id, row.right_id) for row in list_queue(10)] == [(one, two)]
    assert four
