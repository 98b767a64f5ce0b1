from datetime import UTC, datetime

import pytest

from huoju.core.facts.models import Fact
from huoju.hub.identity import queries
from huoju.hub.identity.models import MergeProposal
from huoju.hub.identity.operations import propose_batch
from huoju.hub.identity.policy import Agreement, Evidence, Method, Suggestion
from tests.hub.identity.people import NOW, persons

ALIKE = (
    Evidence("name", "李娜", "Li Na", Agreement.CLOSE, 4.2),
    Evidence("region", "11", "31", Agreement.DIFFERENT, -1.5),
)


def propose(
    *suggestions: Suggestion, method: Method = Method.SPLINK, now: datetime = NOW
) -> list[int | None]:
    return propose_batch(suggestions, method=method, actor="test", source="test", now=now)


@pytest.mark.django_db
class TestPropose:
    def test_keeps_typed_evidence_with_the_smaller_id_on_the_left(self) -> None:
        one, two = persons(2)
        (id_,) = propose(Suggestion(two, one, 0.75, ALIKE))
        row = MergeProposal.objects.get(pk=id_ or 0)
        assert (row.left_id, row.right_id, row.score, row.method) == (one, two, 0.75, "splink")
        assert [Evidence.read(each) for each in row.evidence] == [
            Evidence("name", "Li Na", "李娜", Agreement.CLOSE, 4.2),
            Evidence("region", "31", "11", Agreement.DIFFERENT, -1.5),
        ]
        fact = Fact.objects.get(kind="person.merge_proposed")
        assert fact.payload == {
            "proposal_id": id_,
            "other_person_id": two,
            "evidence": ["name", "region"],
            "verified": False,
        }

    def test_asks_once_and_takes_the_new_score_of_the_same_method(self) -> None:
        one, two = persons(2)
        (id_,) = propose(Suggestion(one, two, 0.75, ALIKE))
        assert propose(Suggestion(one, two, 0.6, ALIKE[:1])) == [None]
        assert propose(Suggestion(one, two, 0.9, ALIKE), method=Method.RULE) == [None]
        row = MergeProposal.objects.get()
        assert (row.pk, row.score, len(row.evidence), row.method) == (id_, 0.6, 1, "splink")
        assert Fact.objects.filter(kind="person.merge_proposed").count() == 1

    def test_a_decided_pair_is_not_asked_again(self) -> None:
        one, two = persons(2)
        propose(Suggestion(one, two, 0.75, ALIKE))
        decided = {"decided_at": NOW, "decision": "different", "decided_by": "user:7"}
        MergeProposal.objects.update(**decided)
        assert propose(Suggestion(one, two, 0.99, ALIKE)) == [None]
        (label,) = queries.labels()
        assert label == queries.Label(one, two, False, "splink", 0.75, ALIKE, NOW, "user:7")
        assert queries.labels(since=datetime(2027, 1, 1, tzinfo=UTC)) == []

    def test_one_pair_twice_in_a_batch_is_one_question_with_all_evidence(self) -> None:
        one, two = persons(2)
        made = propose(Suggestion(one, two, 0.5, ALIKE[:1]), Suggestion(two, one, 0.7, ALIKE[1:]))
        row = MergeProposal.objects.get()
        assert (made, row.score, len(row.evidence)) == ([row.pk, None], 0.7, 2)

    @pytest.mark.parametrize("suggestion", [Suggestion(1, 1, 0.5), Suggestion(1, 2, 1.5)])
    def test_refuses_what_makes_no_sense(self, suggestion: Suggestion) -> None:
        with pytest.raises(ValueError, match="two persons"):
            propose(suggestion)
