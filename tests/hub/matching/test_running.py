"""A run from the tables to the review queue."""

import importlib
from collections.abc import Sequence

import pytest

from huoju.core.errors import UserError
from huoju.core.facts.models import Fact
from huoju.hub.companies.models import Company
from huoju.hub.identity import queries as identity
from huoju.hub.identity.models import Alias, MergeProposal
from huoju.hub.identity.operations import PersonHint, propose_batch, resolve_batch
from huoju.hub.identity.policy import Agreement, Evidence, Identifier, IdentifierKind, Method, Suggestion
from huoju.hub.matching import operations, queries, running
from huoju.hub.matching.models import MatchingModel, MatchingRun, RunState
from huoju.hub.matching.policy import as_content
from huoju.hub.matching.queries import MODELS
from tests.hub.identity.people import NOW

pytestmark = pytest.mark.django_db


def people(*rows: tuple[str, str, str, str, str]) -> list[int]:
    """Persons with a name, a company, a mobile, an address, a title; companies by their exact name."""
    hints: list[PersonHint] = []
    for name, company, mobile, email, title in rows:
        place = None
        if company:
            place, _made = Company.objects.get_or_create(
                key=company, defaults={"name": company, "created_at": NOW}
            )
        identifiers = [Identifier(IdentifierKind.MOBILE, mobile)] if mobile else []
        identifiers += [Identifier(IdentifierKind.EMAIL, email)] if email else []
        hints.append(
            PersonHint(
                identifiers=tuple(identifiers),
                name=name,
                company_id=place.pk if place else None,
                mobile=mobile,
                email=email,
                title=title,
            )
        )
    return [each.person_id for each in resolve_batch(hints, actor="test", source="test", now=NOW)]


PAIR = (
    ("张三丰", "北京火炬智能科技有限公司", "+8613800000001", "", "技术总监"),
    ("Zhang Sanfeng", "火炬科技", "", "sanfeng.zhang@huoju.com", "CTO"),
)
STRANGERS: Sequence[tuple[str, str, str, str, str]] = (
    ("王芳", "上海远东贸易有限公司", "+8613800000003", "", "采购经理"),
    ("李静", "深圳海联物流有限公司", "+8613800000004", "lijing77@163.com", "工程师"),
    ("陈小明", "杭州云图软件有限公司", "+8613800000005", "", ""),
)


def find() -> MatchingRun:
    run = running.open_run(actor="test", train=False, now=NOW)
    running.carry_out(run.pk)
    run.refresh_from_db()
    return run


def test_two_spellings_of_one_person_are_suggested_and_nobody_is_merged() -> None:
    one, two, *_others = people(*PAIR, *STRANGERS)
    run = find()
    assert (run.state, run.persons, run.suggested, run.above, run.version) == (RunState.DONE, 5, 1, 1, 1)
    proposal = MergeProposal.objects.get()
    assert (proposal.left_id, proposal.right_id, proposal.method) == (one, two, "splink")
    assert proposal.score >= 0.5
    assert proposal.decided_at is None
    evidence = {each.field: each for each in (Evidence.read(stored) for stored in proposal.evidence)}
    assert {field: each.level for field, each in evidence.items()} == {
        "name": Agreement.CLOSE,
        "company": Agreement.CLOSE,
        "mobile": Agreement.UNKNOWN,
        "email": Agreement.UNKNOWN,
        "title": Agreement.WEAK,
    }
    assert (evidence["name"].left, evidence["name"].right) == ("张三丰", "Zhang Sanfeng")
    assert evidence["name"].weight > evidence["title"].weight > 0 == evidence["mobile"].weight
    assert not Alias.objects.exists()
    assert not Fact.objects.filter(kind="person.merged").exists()


def test_a_second_run_asks_nothing_anew_and_finds_the_same() -> None:
    people(*PAIR, *STRANGERS)
    first, second = find(), find()
    assert (first.suggested, second.suggested) == (1, 0)
    assert (first.bands, first.candidates) == (second.bands, second.candidates)
    assert MergeProposal.objects.count() == 1


def test_a_refused_pair_stays_refused_also_for_those_merged_with_it() -> None:
    one, two, again = people(*PAIR, ("Sanfeng Zhang", "火炬", "+8613800000009", "", "CTO"))
    find()
    refused = {"decided_at": NOW, "decision": "different", "decided_by": "user:1"}
    MergeProposal.objects.filter(left_id=one, right_id=two).update(**refused)
    MergeProposal.objects.exclude(left_id=one, right_id=two).delete()
    Alias.objects.create(person_id=again, profile_id=two)
    run = find()
    assert (run.suggested, run.refused) == (0, 1)
    assert MergeProposal.objects.count() == 1


def test_members_of_one_profile_are_not_suggested() -> None:
    one, two = people(*PAIR)
    Alias.objects.create(person_id=two, profile_id=one)
    run = find()
    assert (run.state, run.above) == (RunState.DONE, 0)
    assert not MergeProposal.objects.exists()


def test_the_threshold_decides_what_is_asked() -> None:
    people(*PAIR, *STRANGERS)
    model = operations.set_threshold(threshold=0.999, user_id=None, now=NOW)
    assert (model.version, model.threshold) == (2, 0.999)
    assert operations.set_threshold(threshold=0.999, user_id=None, now=NOW).version == 2
    run = find()
    assert (run.version, run.above, MergeProposal.objects.count()) == (2, 0, 0)
    assert sum(run.bands.values()) == 1  # found, and counted for the back-test


def test_an_empty_installation_is_no_error() -> None:
    assert (find().state, queries.count_persons()) == (RunState.DONE, 0)


def test_one_run_at_a_time() -> None:
    operations.request_run(actor="user:1", now=NOW)
    with pytest.raises(UserError, match="under way"):
        operations.request_run(actor="user:1", now=NOW)
    assert MatchingRun.objects.count() == 1


def test_without_splink_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        raise ModuleNotFoundError(f"No module named {name!r}", name="splink")

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(running.MatcherMissingError, match=r"huoju\[matching\]"):
        operations.request_run(actor="user:1", now=NOW)
    assert not MatchingRun.objects.exists()


def test_a_failure_is_told_and_the_next_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    people(*PAIR)

    def broken(*_arguments: object) -> None:
        raise RuntimeError("no memory")

    with monkeypatch.context() as patch:
        patch.setattr(running, "_suggest", broken)
        run = running.open_run(actor="test", train=False, now=NOW)
        with pytest.raises(RuntimeError):
            running.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.problem) == (RunState.FAILED, "RuntimeError: no memory")
    assert find().suggested == 1


def test_decisions_are_the_figures() -> None:
    one, two, three, four = people(*PAIR, *STRANGERS[:2])
    suggestions = [Suggestion(one, two, 0.93), Suggestion(one, three, 0.52)]
    propose_batch(suggestions, method=Method.SPLINK, actor="test", source="test", now=NOW)
    propose_batch([Suggestion(three, four, 1.0)], method=Method.HAND, actor="test", source="test", now=NOW)
    propose_batch([Suggestion(two, four, 1.0)], method=Method.RULE, actor="test", source="test", now=NOW)
    for decision, scores in (("merged", (0.93, 1.0)), ("different", (0.52,))):
        MergeProposal.objects.filter(score__in=scores).update(
            decided_at=NOW, decision=decision, decided_by="user:1"
        )
    assert sorted(queries.judged_pairs()) == [(False, 0.52, True), (True, 0.93, True), (True, 1.0, False)]
    assert len(identity.labels()) == 4


def test_shipped_weights_are_sound_and_no_row_is_needed() -> None:
    model = MODELS.active()
    assert (model.version, model.threshold, model.weights.rows, model.weights.trained) == (1, 0.5, 0, ())
    assert not MatchingModel.objects.exists()
    assert MODELS.check({"weights": as_content(model.weights), "threshold": 0.5}).weights == model.weights


def test_weights_of_an_earlier_design_are_completed_and_learned_anew() -> None:
    content = queries.shipped()
    content["weights"]["trained"] = ["name", "title"]
    del content["weights"]["shares"]["title"]["part"]
    row = MatchingModel.objects.create(version=2, rules=content, active=True, created_at=NOW)
    model = MODELS.get(row.version)
    assert model.weights.shares["title"].keys() == queries._shipped_weights().shares["title"].keys()
    assert model.weights.trained == ()
