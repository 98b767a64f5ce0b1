from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huoju.core.errors import UserError
from huoju.core.facts.kinds import kind_of
from huoju.core.facts.models import Fact
from huoju.core.facts.readers import StoredFact
from huoju.hub.identity import operations, queries
from huoju.hub.identity.facts import PersonUnmerged
from huoju.hub.identity.models import Alias, Merge, MergeProposal, Person
from huoju.hub.identity.operations import Merged, NewMerge, merge_batch, propose_batch, unmerge_batch
from huoju.hub.identity.policy import MAX_MEMBERS, Block, Evidence, Identifier, Method, Suggestion, profiles
from huoju.hub.identity.readers import handle
from tests.hub.identity.people import NOW, email, external, mobile, person, persons, unionid
from tests.races import count_queries


def merge(*pairs: tuple[int, int], automatic: bool = False) -> list[Merged]:
    merges = [NewMerge(person_id=person_id, into_id=into_id) for person_id, into_id in pairs]
    return merge_batch(merges, actor="user:7", now=NOW, automatic=automatic)


def unmerge(*ids: int | None) -> list[int]:
    return unmerge_batch([id_ for id_ in ids if id_], actor="user:8", reason="mistaken", now=NOW)


def aliases() -> dict[int, int]:
    return dict(Alias.objects.values_list("person_id", "profile_id"))


def told(kind: str) -> list[tuple[int | None, int, int]]:
    facts = Fact.objects.filter(kind=kind).order_by("id")
    return [(fact.person_id, fact.payload["merge_id"], fact.payload["profile_id"]) for fact in facts]


class TestProfiles:
    def test_the_kept_one_stands_for_both(self) -> None:
        assert profiles([(1, 2)]) == {1: 2, 2: 2}

    def test_the_last_choice_decides(self) -> None:
        assert profiles([(1, 2), (1, 3)]) == {1: 3, 2: 3, 3: 3}
        assert profiles([(1, 2), (3, 1)]) == {1: 2, 2: 2, 3: 2}

    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)).filter(lambda pair: pair[0] != pair[1])))
    def test_connected_persons_are_read_as_one_of_them(self, edges: list[tuple[int, int]]) -> None:
        found = profiles(edges)
        group = {each: {each} for pair in edges for each in pair}
        for one, two in edges:
            joined = group[one] | group[two]
            for each in joined:
                group[each] = joined
        assert found.keys() == group.keys()
        for each, members in group.items():
            assert found[each] in members
            assert {found[other] for other in members} == {found[each]}


@pytest.mark.django_db
class TestMerge:
    def test_a_merge_moves_nothing_but_the_mapping(self) -> None:
        one, two = persons(2)
        before = list(Person.objects.order_by("id").values())
        (done,) = merge((one, two))
        assert done.made
        assert aliases() == {one: two}
        assert told("person.merged") == [(one, done.merge_id, two)]
        assert (queries.profiles_of([one, two]), queries.members_of([two])) == (
            {one: two, two: two},
            {two: [two, one]},
        )
        assert list(Person.objects.order_by("id").values()) == before

    def test_doing_it_again_or_crosswise_changes_nothing(self) -> None:
        one, two = persons(2)
        first, again, crossing = merge((one, two), (one, two), (two, one))
        assert (again, crossing) == (Merged(first.merge_id), Merged(first.merge_id))
        assert (aliases(), Merge.objects.count(), len(told("person.merged"))) == ({one: two}, 1, 1)

    def test_a_circle_cannot_be_closed(self) -> None:
        one, two, three = persons(3)
        assert merge((one, two), (two, three), (three, one))[2] == Merged()
        assert aliases() == {one: three, two: three}

    def test_everybody_of_a_profile_goes_along_and_is_told(self) -> None:
        one, two, three = persons(3)
        (first,) = merge((one, two))
        (second,) = merge((two, three))
        assert aliases() == {one: three, two: three}
        assert told("person.merged") == [
            (one, first.merge_id, two),
            (one, second.merge_id, three),
            (two, second.merge_id, three),
        ]

    def test_taking_any_back_in_any_order_leaves_what_the_others_make(self) -> None:
        people = persons(4)
        pairs = [(people[0], people[1]), (people[2], people[1]), (people[1], people[3])]
        for order in permutations(range(3)):
            made = [done.merge_id for done in merge(*pairs)]
            for step, at in enumerate(order):
                assert unmerge(made[at]) == [made[at]]
                left = profiles(pairs[other] for other in range(3) if other not in order[: step + 1])
                assert aliases() == {each: kept for each, kept in left.items() if each != kept}
        assert unmerge(made[0]) == []

    def test_who_changes_profile_is_told_of_an_unmerge(self) -> None:
        one, two, three = persons(3)
        first, second = merge((one, two), (two, three))
        unmerge(second.merge_id)
        assert told("person.unmerged") == [(one, second.merge_id, two), (two, second.merge_id, two)]
        before = Fact.objects.filter(kind="person.unmerged").values_list(
            "payload__former_profile_id", flat=True
        )
        assert list(before) == [three, three]
        assert Merge.objects.get(pk=second.merge_id or 0).undone_reason == "mistaken"
        unmerge(first.merge_id)
        assert aliases() == {}

    def test_an_unmerge_told_before_it_said_who_the_person_was_is_read(self) -> None:
        old = {"merge_id": 1, "profile_id": 7, "reason": ""}
        assert kind_of(PersonUnmerged).decode(old, 1) == PersonUnmerged(
            merge_id=1, profile_id=7, reason="", former_profile_id=7
        )

    def test_new_input_goes_to_the_person_whose_identifier_it_names(self) -> None:
        one, two = person(mobile(1)), person(email("li"))
        merge((one, two))
        assert (person(mobile(1)), person(email("li"))) == (one, two)

    def test_the_number_of_statements_does_not_depend_on_the_number_of_merges(self) -> None:
        people = persons(12)
        few = count_queries(lambda: merge((people[0], people[1])))
        many = count_queries(lambda: merge(*zip(people[2:7], people[7:12], strict=True)))
        assert few == many

    def test_an_unknown_person_is_refused(self) -> None:
        (one,) = persons(1)
        assert merge((one, 10**9)) == [Merged()]
        with pytest.raises(UserError) as refused:
            operations.merge(person_id=one, into_id=10**9, actor="user:7", now=NOW)
        assert refused.value.code == "gone"


@pytest.mark.django_db
class TestObstacles:
    @pytest.mark.parametrize(
        ("left", "right"),
        [(unionid("u1"), unionid("u2")), (external("crm", "1"), external("crm", "2"))],
    )
    def test_disagreeing_unique_identifiers_forbid_it_for_everybody(
        self, left: Identifier, right: Identifier
    ) -> None:
        one, two = person(left), person(right)
        (refused,) = merge((one, two))
        (obstacle,) = refused.obstacles
        assert (obstacle.reason, obstacle.hard) == (Block.DISAGREE, True)
        assert (obstacle.left, obstacle.right) == ((left.value,), (right.value,))
        assert (aliases(), Merge.objects.count()) == ({}, 0)
        with pytest.raises(UserError, match=left.value):
            operations.merge(person_id=one, into_id=two, actor="user:7", now=NOW)

    def test_ids_in_two_systems_do_not_disagree(self) -> None:
        assert merge((person(external("crm", "1")), person(external("erp", "2"))))[0].made

    def test_it_counts_what_members_have(self) -> None:
        one, two, three = person(unionid("u1")), person(mobile(1)), person(unionid("u2"))
        first, second = merge((one, two), (two, three))
        assert first.made
        assert second.obstacles

    def test_many_telephones_stop_a_rule_but_not_a_person(self) -> None:
        one = person(*[mobile(n) for n in range(3)])
        two = person(*[mobile(n) for n in range(3, 5)])
        (refused,) = merge((one, two), automatic=True)
        assert not refused.made
        assert [(each.reason, each.hard) for each in refused.obstacles] == [(Block.LIMIT, False)]
        assert merge((one, two))[0].made

    def test_a_crowd_is_no_person(self) -> None:
        people = persons(MAX_MEMBERS + 1)
        done = merge(*[(people[0], other) for other in people[1:]])
        assert [each.made for each in done] == [True] * (MAX_MEMBERS - 1) + [False]


def propose(left: int, right: int, *, verified: bool = False) -> MergeProposal:
    evidence = (Evidence("email", "li@acme.cn", "li@acme.cn", weight=8.0),)
    suggestion = Suggestion(left, right, 0.9, evidence, verified)
    propose_batch([suggestion], method=Method.SPLINK, actor="test", source="test", now=NOW)
    return MergeProposal.objects.get(left_id=min(left, right), right_id=max(left, right))


@pytest.mark.django_db
class TestDecide:
    def test_one_person_keeps_the_chosen_profile(self) -> None:
        one, two = persons(2)
        row = propose(one, two)
        made = operations.decide(proposal_id=row.pk, same=True, keep=two, actor="user:7", now=NOW)
        merge_row = Merge.objects.get(pk=made or 0)
        assert (aliases(), merge_row.proposal_id) == ({one: two}, row.pk)
        with pytest.raises(UserError) as refused:
            operations.decide(proposal_id=row.pk, same=False, actor="user:8", now=NOW)
        assert refused.value.code == "decided"
        assert [(label.same, label.decided_by) for label in queries.labels()] == [(True, "user:7")]

    def test_undoing_the_merge_turns_the_answer_round(self) -> None:
        one, two = persons(2)
        row = propose(one, two)
        made = operations.decide(proposal_id=row.pk, same=True, actor="user:7", now=NOW)
        assert aliases() == {two: one}
        assert operations.unmerge(merge_id=made or 0, actor="user:8", now=NOW)
        assert not operations.unmerge(merge_id=made or 0, actor="user:8", now=NOW)
        assert [(label.same, label.decided_by) for label in queries.labels()] == [(False, "user:8")]

    def test_two_people_are_not_asked_again_unless_reopened(self) -> None:
        one, two = persons(2)
        row = propose(one, two)
        operations.decide(proposal_id=row.pk, same=False, actor="user:7", now=NOW)
        assert (aliases(), [label.same for label in queries.labels()]) == ({}, [False])
        assert operations.reopen(proposal_id=row.pk, now=NOW)
        assert queries.labels() == []

    def test_a_merge_that_nobody_proposed_is_an_answer_too(self) -> None:
        one, two = persons(2)
        evidence = (Evidence("name", "B", "A"),)
        made = operations.merge(person_id=two, into_id=one, actor="user:7", now=NOW, evidence=evidence)
        (label,) = queries.labels()
        assert (label.left, label.right, label.same, label.method) == (one, two, True, "hand")
        assert label.evidence == (Evidence("name", "A", "B"),)
        operations.unmerge(merge_id=made or 0, actor="user:7", now=NOW)
        assert [label.same for label in queries.labels()] == [False]

    def test_a_merge_by_hand_answers_the_proposal_of_the_pair(self) -> None:
        one, two = persons(2)
        row = propose(one, two)
        operations.merge(person_id=one, into_id=two, actor="user:7", now=NOW)
        row.refresh_from_db()
        assert (row.decision, row.decided_by) == ("merged", "user:7")


def read(kind: str) -> list[StoredFact]:
    names = StoredFact.__dataclass_fields__
    return [
        StoredFact(**{name: getattr(fact, name) for name in names}) for fact in Fact.objects.filter(kind=kind)
    ]


@pytest.mark.django_db
class TestProven:
    def test_what_is_proven_merges_by_rule(self) -> None:
        one, two, three, four = persons(4)
        propose(one, two, verified=True)
        propose(three, four)
        handle(read("person.merge_proposed"), NOW)
        assert aliases() == {two: one}
        assert Merge.objects.get().actor == "rule:identity/verified"

    def test_an_obstacle_leaves_it_to_people(self) -> None:
        one, two = person(unionid("u1")), person(unionid("u2"))
        row = propose(one, two, verified=True)
        handle(read("person.merge_proposed"), NOW)
        assert (aliases(), queries.list_open([row.pk])) == ({}, [row])

    def test_a_proof_of_what_was_only_said_is_told_again(self) -> None:
        one, two = persons(2)
        propose(one, two)
        propose(one, two, verified=True)
        told = Fact.objects.filter(kind="person.merge_proposed").order_by("id")
        assert [fact.payload["verified"] for fact in told] == [False, True]
        handle(read("person.merge_proposed"), NOW)
        assert aliases() == {two: one}
