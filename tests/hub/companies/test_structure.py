"""Merges, groups, and what people set by hand."""

from datetime import UTC, datetime

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from huoju.core.errors import UserError
from huoju.core.facts.models import Fact
from huoju.hub.companies import operations, queries
from huoju.hub.companies.models import Alias, Company, CompanyDomain, CompanyMerge
from tests.races import committed_log, race

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACTOR = "user:1"


def company(name: str, **fields: object) -> int:
    return Company.objects.create(name=name, key=name, created_at=NOW, **fields).pk


def merge(one: int, into: int) -> int:
    return operations.merge(company_id=one, into_id=into, actor=ACTOR, now=NOW)


def unmerge(merge_id: int) -> int:
    return operations.unmerge(merge_id=merge_id, actor=ACTOR, now=NOW)


def put_under(child: int, parent: int | None) -> None:
    operations.update_company(company_id=child, changes={"parent": parent}, actor=ACTOR, now=NOW)


@pytest.mark.django_db
class TestMerge:
    def test_is_a_mapping_and_taken_back(self) -> None:
        a, b, c = company("A"), company("B"), company("C")
        first = merge(a, b)
        merge(b, c)
        assert queries.mains_of([a, b, c]) == {a: c, b: c, c: c}
        assert queries.members_of([c]) == {c: [c, a, b]}
        unmerge(first)
        assert queries.mains_of([a, b, c]) == {a: a, b: c, c: c}
        told = Fact.objects.filter(kind__startswith="company.").order_by("id")
        assert list(told.values_list("kind", "company_id")) == [
            ("company.merged", a),
            ("company.merged", b),
            ("company.unmerged", a),
        ]

    def test_taking_back_twice_changes_nothing(self) -> None:
        a, b = company("A"), company("B")
        made = merge(a, b)
        assert [unmerge(made), unmerge(made)] == [a, a]
        assert Fact.objects.filter(kind="company.unmerged").count() == 1

    def test_whoever_is_merged_already_brings_all_along(self) -> None:
        a, b, c, d = (company(name) for name in "ABCD")
        merge(a, b)
        merge(c, d)
        merge(a, c)
        assert queries.mains_of([a, b, c, d]) == dict.fromkeys([a, b, c, d], d)

    def test_one_company_already(self) -> None:
        a, b = company("A"), company("B")
        merge(a, b)
        with pytest.raises(UserError) as raised:
            merge(b, a)
        assert raised.value.code == "merged_already"
        with pytest.raises(UserError):
            merge(a, a)

    def test_two_registration_numbers_block_and_explain(self) -> None:
        a, b, c = (
            company("A", uscc="91440300708461136T"),
            company("B"),
            company("C", uscc="91110108551385082Q"),
        )
        merge(a, b)
        with pytest.raises(UserError, match="91440300708461136T") as raised:
            merge(b, c)
        assert raised.value.code == "registration_numbers_differ"
        assert queries.mains_of([c]) == {c: c}

    def test_a_member_of_its_group_blocks(self) -> None:
        a, b, c = company("A"), company("B"), company("C")
        put_under(b, a)
        put_under(c, b)
        for one, other in ((a, c), (c, a), (a, b)):
            with pytest.raises(UserError) as raised:
                merge(one, other)
            assert raised.value.code == "in_its_group"

    def test_a_company_that_is_gone(self) -> None:
        with pytest.raises(Company.DoesNotExist):
            merge(company("A"), 10**9)


class TestAnyOrder(TestCase):
    """Merges and unmerges in any order: what is in force decides, and taking all back leaves nothing behind."""

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), max_size=14),
        st.randoms(use_true_random=False),
    )
    def test_restores_everything(self, steps: list[tuple[bool, int, int]], dice: object) -> None:
        ids = [company(str(at)) for at in range(6)]
        before = list(Company.objects.order_by("pk").values())
        active: list[int] = []
        for join, one, other in steps:
            if join:
                try:
                    with transaction.atomic():
                        active.append(merge(ids[one], ids[other]))
                except UserError:
                    continue
            elif active:
                unmerge(active.pop(one % len(active)))
            assert queries.mains_of(ids) == self._expected(ids)
        dice.shuffle(active)  # type: ignore[attr-defined]
        for each in active:
            unmerge(each)
        assert not Alias.objects.exists()
        assert list(Company.objects.order_by("pk").values()) == before

    def _expected(self, ids: list[int]) -> dict[int, int]:
        """Along the merges in force, by plain loops."""
        into = dict(CompanyMerge.objects.filter(unmerged_at=None).values_list("company_id", "into_id"))
        mains = {}
        for id_ in ids:
            at = id_
            while at in into:
                at = into[at]
            mains[id_] = at
        return mains


@pytest.mark.django_db
class TestGroups:
    def test_everything_below(self) -> None:
        head, left, right, low, other = (company(name) for name in ("head", "left", "right", "low", "other"))
        put_under(left, head)
        put_under(right, head)
        put_under(low, left)
        assert queries.group_of([head]) == [head, left, right, low]
        merge(other, right)
        assert queries.group_of([head]) == [head, left, right, low, other]
        assert [(each.name, each.level) for each in queries.group_tree(Company.objects.get(pk=low))] == [
            ("head", 0),
            ("left", 1),
            ("low", 2),
            ("right", 1),
        ]
        assert Company.objects.get(pk=head).heads_group
        put_under(left, None)
        put_under(right, None)
        assert not Company.objects.get(pk=head).heads_group

    def test_no_circle(self) -> None:
        a, b, c = company("A"), company("B"), company("C")
        put_under(b, a)
        put_under(c, b)
        for child, parent in ((a, c), (a, a), (a, b)):
            with pytest.raises(UserError) as raised:
                put_under(child, parent)
            assert raised.value.code == "circle"

    def test_no_circle_that_taking_a_merge_back_would_close(self) -> None:
        """M stands under X; M and N are read as Z; Y stands under N. X under Y looks harmless only while Z is one."""
        m, n, x, y, z = (company(name) for name in "MNXYZ")
        put_under(y, n)
        merge(n, m)
        put_under(m, x)
        made = merge(m, z)
        with pytest.raises(UserError) as raised:
            put_under(x, y)
        assert raised.value.code == "circle"
        unmerge(made)
        assert queries.group_of([x]) == sorted([m, n, x, y])

    def test_not_too_deep(self) -> None:
        ids = [company(str(at)) for at in range(11)]
        for child, parent in zip(ids[1:10], ids, strict=False):
            put_under(child, parent)
        with pytest.raises(UserError) as raised:
            put_under(ids[10], ids[9])
        assert raised.value.code == "too_deep"
        with pytest.raises(UserError):
            put_under(ids[0], ids[10])

    def test_a_merged_company_gets_the_main_one_as_its_parent(self) -> None:
        a, b, c = company("A"), company("B"), company("C")
        merge(a, b)
        put_under(c, a)
        assert Company.objects.get(pk=c).parent_id == b


@pytest.mark.django_db(transaction=True)
def test_two_that_would_each_be_the_others_parent() -> None:
    a, b = company("A"), company("B")

    def under(child: int, parent: int) -> str:
        try:
            with transaction.atomic():
                put_under(child, parent)
        except UserError as error:
            return error.code
        return "done"

    with committed_log(NOW):
        assert sorted(race(lambda: under(a, b), lambda: under(b, a))) == ["circle", "done"]


@pytest.mark.django_db(transaction=True)
def test_two_merges_that_cross() -> None:
    a, b = company("A"), company("B")

    def join(one: int, other: int) -> str:
        try:
            with transaction.atomic():
                merge(one, other)
        except UserError as error:
            return error.code
        return "done"

    with committed_log(NOW):
        assert sorted(race(lambda: join(a, b), lambda: join(b, a))) == ["done", "merged_already"]
        assert Alias.objects.count() == 1


@pytest.mark.django_db
class TestByHand:
    def test_sets_and_tells(self) -> None:
        a = company("A", region="11")
        changed = operations.update_company(
            company_id=a,
            changes={"region": "31", "size": "", "uscc": " 9144 0300 7084 6113 6t"},
            actor=ACTOR,
            now=NOW,
        )
        assert changed == {"region": "31", "uscc": "91440300708461136T"}
        row = Company.objects.get(pk=a)
        assert row.origins == {"region": ACTOR, "uscc": ACTOR}
        fact = Fact.objects.get(kind="company.updated")
        assert (fact.company_id, fact.payload) == (a, {"changes": changed})
        assert operations.update_company(company_id=a, changes={"region": "31"}, actor=ACTOR, now=NOW) == {}

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"uscc": "914403007084611360"}, "wrong_number"),
            ({"uscc": "91440300708461136T"}, "number_taken"),
            ({"name": "无"}, "unusable_name"),
        ],
    )
    def test_refuses(self, changes: dict[str, str], code: str) -> None:
        company("Other", uscc="91440300708461136T")
        a = company("A")
        with pytest.raises(UserError) as raised:
            operations.update_company(company_id=a, changes=changes, actor=ACTOR, now=NOW)
        assert raised.value.code == code
        assert Company.objects.get(pk=a).origins == {}

    def test_a_field_that_is_none(self) -> None:
        with pytest.raises(KeyError):
            operations.update_company(company_id=company("A"), changes={"key": "B"}, actor=ACTOR, now=NOW)


@pytest.mark.django_db
class TestDomains:
    def add(self, id_: int, domain: str) -> str:
        return operations.add_domain(company_id=id_, domain=domain, actor=ACTOR, now=NOW)

    @pytest.mark.parametrize(
        "raw", ["huoju.com.cn", "https://www.huoju.com.cn/about", "li@mail.huoju.com.cn"]
    )
    def test_in_any_form(self, raw: str) -> None:
        a = company("A")
        assert self.add(a, raw) == "huoju.com.cn"
        assert [each.domain for each in queries.list_domains([a])] == ["huoju.com.cn"]

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            ("qq.com", "free_mail"),
            ("mailinator.com", "free_mail"),
            ("huoju", "no_domain"),
            ("10.0.0.1", "no_domain"),
        ],
    )
    def test_refuses(self, raw: str, code: str) -> None:
        with pytest.raises(UserError) as raised:
            self.add(company("A"), raw)
        assert raised.value.code == code

    def test_what_mail_suggested_gives_way_and_what_was_set_does_not(self) -> None:
        a, b = company("A"), company("B")
        hint = operations.CompanyHint(name="A", key="A", domain="huoju.cn")
        operations.resolve_batch([hint], source="form", now=NOW)
        assert self.add(b, "huoju.cn") == "huoju.cn"
        assert CompanyDomain.objects.get().company_id == b
        with pytest.raises(UserError) as raised:
            self.add(a, "huoju.cn")
        assert raised.value.code == "domain_taken"
        assert self.add(b, "huoju.cn") == "huoju.cn"  # again: nothing changes
        operations.resolve_batch([hint], source="form", now=NOW)
        assert CompanyDomain.objects.get().company_id == b
        assert operations.remove_domain(company_id=b, domain="huoju.cn", actor=ACTOR, now=NOW)
        assert not operations.remove_domain(company_id=b, domain="huoju.cn", actor=ACTOR, now=NOW)
