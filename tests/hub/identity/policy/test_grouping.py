"""Which rows of a batch are one person."""

from hypothesis import given
from hypothesis import strategies as st

from huoju.hub.identity.policy import (
    KIND_RULES,
    Block,
    Blocked,
    EmailClass,
    Group,
    Identifier,
    IdentifierKind,
    Strength,
    connected_groups,
    strength_of,
)

K = IdentifierKind


def mobile(value: str) -> Identifier:
    return Identifier(K.MOBILE, value)


def email(value: str) -> Identifier:
    return Identifier(K.EMAIL, value)


def union(value: str) -> Identifier:
    return Identifier(K.WECHAT_UNIONID, value)


def external(value: str) -> Identifier:
    return Identifier(K.EXTERNAL, value)


def box(value: str) -> Identifier:
    return Identifier(K.EMAIL, value, Strength.WEAK)


def test_rows_that_share_nothing_are_different_people() -> None:
    grouping = connected_groups([[mobile("1")], [mobile("2")], []])
    assert grouping.groups == (
        Group((0,), None, (mobile("1"),)),
        Group((1,), None, (mobile("2"),)),
        Group((2,), None, ()),
    )
    assert grouping.group_of == (0, 1, 2)
    assert grouping.blocked == ()


def test_a_row_joins_two_groups_through_its_identifiers() -> None:
    grouping = connected_groups([[mobile("1")], [email("a")], [mobile("1"), email("a")]])
    assert grouping.group_of == (0, 0, 0)
    assert grouping.groups[0].rows == (0, 1, 2)
    assert set(grouping.groups[0].identifiers) == {mobile("1"), email("a")}


def test_rows_join_a_known_person() -> None:
    grouping = connected_groups([[mobile("1"), email("new")], [email("new")]], {mobile("1"): 7})
    assert grouping.group_of == (0, 0)
    assert grouping.groups[0].person == 7


def test_two_known_people_are_never_merged_but_proposed() -> None:
    grouping = connected_groups([[email("a"), mobile("1")]], {mobile("1"): 8, email("a"): 7})
    assert grouping.groups[grouping.group_of[0]].person == 8  # the mobile is believed before the mail
    assert [(b.row, b.identifier, b.reason, b.persons) for b in grouping.blocked] == [
        (0, email("a"), Block.TWO_PERSONS, (7, 8))
    ]


def test_identifiers_of_which_a_person_has_one_keep_rows_apart() -> None:
    grouping = connected_groups([[union("u1"), mobile("1")], [union("u2"), mobile("1")]])
    assert grouping.group_of == (0, 1)
    assert grouping.blocked == (Blocked(1, mobile("1"), 0, Block.DISAGREE),)


def test_external_ids_disagree_only_within_one_system() -> None:
    apart = connected_groups([[external("crm:1"), mobile("1")], [external("crm:2"), mobile("1")]])
    assert apart.group_of == (0, 1)
    together = connected_groups([[external("crm:1"), mobile("1")], [external("erp:2"), mobile("1")]])
    assert together.group_of == (0, 0)


def test_a_shared_box_does_not_swallow_everyone() -> None:
    rows = [[mobile(str(n)), email("office@x.cn")] for n in range(6)]
    grouping = connected_groups(rows)
    assert grouping.group_of == (0, 0, 0, 1, 2, 3)
    assert KIND_RULES[K.MOBILE].max_per_person == 3
    assert [b.reason for b in grouping.blocked] == [Block.LIMIT] * 3


def test_weak_identifiers_join_nothing_but_go_along() -> None:
    grouping = connected_groups([[mobile("1"), box("sales@x.cn")], [mobile("2"), box("sales@x.cn")]])
    assert grouping.group_of == (0, 1)
    assert grouping.groups[1].identifiers == (mobile("2"), box("sales@x.cn"))


def test_role_and_disposable_boxes_are_weak() -> None:
    assert strength_of(K.EMAIL, EmailClass.WORK) is Strength.STRONG
    assert strength_of(K.EMAIL, EmailClass.ROLE) is Strength.WEAK
    assert strength_of(K.EMAIL, EmailClass.DISPOSABLE) is Strength.WEAK
    assert strength_of(K.VISITOR) is Strength.WEAK
    assert strength_of(K.MOBILE) is Strength.STRONG


IDENTIFIERS = st.builds(
    Identifier,
    st.sampled_from([K.MOBILE, K.EMAIL, K.WECHAT_UNIONID, K.EXTERNAL]),
    st.sampled_from(["a", "b", "c", "d", "e", "f"]),
)
ROWS = st.lists(st.lists(IDENTIFIERS, max_size=4), max_size=12)
KNOWN = st.dictionaries(IDENTIFIERS, st.integers(1, 3), max_size=6)


@given(ROWS, KNOWN)
def test_no_group_breaks_a_rule(rows: list[list[Identifier]], known: dict[Identifier, int]) -> None:
    grouping = connected_groups(rows, known)
    assert sorted(row for group in grouping.groups for row in group.rows) == list(range(len(rows)))
    for position, group in enumerate(grouping.groups):
        assert all(grouping.group_of[row] == position for row in group.rows)
        people = {known[item] for item in group.identifiers if item in known}
        assert people <= {group.person}
    owners: dict[Identifier, int] = {}
    for position, group in enumerate(grouping.groups):
        for item in group.identifiers:
            assert owners.setdefault(item, position) == position


@given(ROWS)
def test_new_people_stay_within_the_limits(rows: list[list[Identifier]]) -> None:
    singles = [[item for item in row if item.kind is not K.EXTERNAL] for row in rows]
    distinct = [_one_of_each_single_kind(row) for row in singles]
    for group in connected_groups(distinct).groups:
        for kind, rule in KIND_RULES.items():
            assert sum(1 for item in group.identifiers if item.kind is kind) <= rule.max_per_person


def _one_of_each_single_kind(row: list[Identifier]) -> list[Identifier]:
    """A row as cleaning gives it: at most three mobiles, one union id."""
    kept: list[Identifier] = []
    for item in row:
        if sum(1 for other in kept if other.kind is item.kind) < KIND_RULES[item.kind].max_per_person:
            kept.append(item)
    return kept


@given(st.lists(st.lists(st.sampled_from([email(str(n)) for n in range(5)]), max_size=3), max_size=8))
def test_without_conflicts_the_order_of_rows_does_not_matter(rows: list[list[Identifier]]) -> None:
    """Five values in all, and a person may have five: no limit is hit, so groups are the connected components."""
    forward = connected_groups(rows)
    backward = connected_groups(rows[::-1])
    one = {frozenset(group.rows) for group in forward.groups}
    other = {frozenset(len(rows) - 1 - row for row in group.rows) for group in backward.groups}
    assert one == other
    assert forward.blocked == backward.blocked == ()
