"""Scores from the log: exact values, corrections, bands, the nightly refresh, replay."""

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from huoju.core.facts import delivery, partitions
from huoju.core.facts.models import Fact
from huoju.core.facts.replay import replay
from huoju.core.rules import InvalidRulesError
from huoju.qualify.leads.facts import (
    LeadCaptured,
    LeadTouched,
    LeadTouchWithdrawn,
    LeadUpdated,
    LeadWithdrawn,
)
from huoju.qualify.leads.models import Lead
from huoju.qualify.recognition import readers
from huoju.qualify.scoring import operations, policy
from huoju.qualify.scoring.facts import ActivityWithdrawn
from huoju.qualify.scoring.models import LeadScore, ScoreRefresh
from huoju.qualify.scoring.queries import RULES
from tests.qualify.factory import NOW, Known, days_ago, make_lead, tell

READER = readers.recognition_reader()
pytestmark = pytest.mark.django_db


def drain() -> int:
    """Hand over the facts of this open transaction."""
    return delivery.drain([READER], horizon="own")


@pytest.fixture(autouse=True)
def _scores_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here leads stay where they are: judging is tested in recognition."""
    monkeypatch.setattr(readers, "judge_batch", lambda *args, **kwargs: [])


def lines(known: Known) -> list[tuple[str, int]]:
    score = LeadScore.objects.get(lead_id=known.lead.pk)
    return [(line["code"], line["points"]) for line in score.lines]


def withdraw(fact_id: UUID, known: Known) -> UUID | None:
    return operations.withdraw_activity(
        fact_id=fact_id, person_id=known.person.pk, reason="bot", actor="user:1", now=NOW
    )


def test_a_captured_lead_gets_a_score_that_explains_itself() -> None:
    known = make_lead(size="500-999", purpose="trial", mobile="+8613800000001")
    assert drain() == 1
    score = LeadScore.objects.get(lead_id=known.lead.pk)
    assert lines(known)[-1] == ("demo.requested", 25)
    assert score.engagement == 25
    assert score.total == score.fit + score.engagement == sum(points for _, points in lines(known))
    assert (score.rules_version, score.as_of) == (1, NOW)
    known.lead.refresh_from_db()
    assert (known.lead.score, known.lead.band) == (score.total, score.band)
    assert score.lines[-1] == {
        "part": "engagement", "code": "demo.requested", "points": 25, "count": 1,
        "latest": "2026-11-21T12:00:00+00:00",
    }  # fmt: skip


def test_a_first_band_is_no_change_and_a_later_one_is_a_fact() -> None:
    known = make_lead(mobile="+8613800000001", captured_at=days_ago(90), purpose="subscribe")
    drain()
    assert not Fact.objects.filter(kind="lead.band_changed").exists()
    before = LeadScore.objects.get(lead_id=known.lead.pk)
    tell(LeadTouched(lead_id=known.lead.pk, via="form", purpose="trial"), person=known.person)
    drain()
    after = LeadScore.objects.get(lead_id=known.lead.pk)
    (fact,) = Fact.objects.filter(kind="lead.band_changed")
    assert fact.payload == {
        "lead_id": known.lead.pk, "from_band": before.band, "to_band": after.band, "total": after.total,
        "rules_version": 1,
    }  # fmt: skip
    assert fact.actor == "rule:score/1"
    assert before.band != after.band


def test_an_imported_row_tells_nothing_about_what_somebody_did() -> None:
    known = make_lead(via="import")
    drain()
    assert LeadScore.objects.get(lead_id=known.lead.pk).engagement == 0


def test_a_fact_about_a_person_scores_all_leads_of_that_person() -> None:
    old = make_lead(captured_at=days_ago(400), stage="won")
    new = make_lead(person=old.person, company=old.company, purpose="contact", captured_at=days_ago(1))
    drain()
    assert list(LeadScore.objects.order_by("lead_id").values_list("lead_id", "as_of")) == [
        (old.lead.pk, days_ago(1)),
        (new.lead.pk, days_ago(1)),
    ]


@pytest.mark.parametrize("by", ["fact", "lead", "import"])
def test_what_was_taken_back_counts_no_more(by: str) -> None:
    known = make_lead(purpose="subscribe", captured_at=days_ago(1))
    drain()
    before = lines(known)
    touch = LeadTouched(lead_id=known.lead.pk, via="form", purpose="trial", import_id=7)
    tell(touch, person=known.person)
    drain()
    assert ("lead.touched", 5) in lines(known)
    match by:
        case "fact":
            fact_id = Fact.objects.get(kind="lead.touched").id
            assert withdraw(fact_id, known) is not None
            assert withdraw(fact_id, known) is None
        case "import":
            tell(LeadTouchWithdrawn(lead_id=known.lead.pk, import_id=7, at=NOW), person=known.person)
        case "lead":
            other = make_lead(person=known.person, stage="lost", fact=False)
            tell(LeadCaptured(lead_id=other.lead.pk, via="form", purpose="contact"), person=known.person)
            drain()
            assert ("contact.requested", 20) in lines(known)
            tell(LeadWithdrawn(lead_id=other.lead.pk, reason="rollback"), person=known.person)
            drain()
            assert "contact.requested" not in dict(lines(known))
            return
    drain()
    assert [code for code, _ in lines(known)] == [code for code, _ in before]


def test_a_later_hearing_never_makes_a_score_older() -> None:
    known = make_lead(captured_at=days_ago(10))
    drain()
    tell(LeadUpdated(lead_id=known.lead.pk, changes={}), person=known.person, recorded_at=days_ago(20))
    drain()
    assert LeadScore.objects.get(lead_id=known.lead.pk).as_of == days_ago(10)


def test_the_refresh_lets_scores_decay_and_keeps_its_progress() -> None:
    leads = [make_lead(purpose="trial", captured_at=days_ago(30)) for _ in range(5)]
    drain()
    assert {dict(lines(known))["demo.requested"] for known in leads} == {25}
    refresh = operations.start_refresh(now=NOW)
    first = operations.refresh_chunk(refresh_id=refresh.pk, now=NOW, size=3)
    assert first is not None
    assert (len(first.leads), first.changed) == (3, 3)
    # It was stopped here; the next start takes it up, whatever the clock says.
    again = operations.start_refresh(now=NOW + timedelta(hours=3))
    assert (again.pk, again.as_of, again.last_lead_id) == (refresh.pk, NOW, leads[2].lead.pk)
    second = operations.refresh_chunk(refresh_id=again.pk, now=NOW, size=3)
    assert second is not None
    assert len(second.leads) == 2
    assert operations.refresh_chunk(refresh_id=again.pk, now=NOW, size=3) is None
    done = ScoreRefresh.objects.get()
    assert (done.seen, done.changed, done.done_at) == (5, 5, NOW)
    for known in leads:
        assert dict(lines(known))["demo.requested"] == 12  # one half-life: 12.5 rounds to even
        assert dict(lines(known))["silence"] == -5
        assert LeadScore.objects.get(lead_id=known.lead.pk).as_of == days_ago(30)


def test_a_refresh_that_changes_nothing_writes_nothing() -> None:
    make_lead(via="import", captured_at=days_ago(30))
    drain()
    refresh = operations.start_refresh(now=NOW)
    scored = operations.refresh_chunk(refresh_id=refresh.pk, now=NOW)
    assert scored is not None
    assert scored.changed == 0


def test_new_rules_overtake_an_open_refresh() -> None:
    make_lead(captured_at=days_ago(3))
    drain()
    first = operations.start_refresh(now=days_ago(1))
    rules = policy.rules_as_json(policy.DEFAULT_RULES) | {"engagement": []}
    row = operations.save_version(rules=rules, note="no activities", user_id=None, now=NOW)
    assert (row.version, row.active) == (2, False)
    assert operations.activate(version=2, actor="user:1", now=NOW)
    assert not operations.activate(version=2, actor="user:1", now=NOW)
    second = operations.start_refresh(now=NOW)
    assert second.pk != first.pk
    assert operations.refresh_chunk(refresh_id=first.pk, now=NOW) is None
    scored = operations.refresh_chunk(refresh_id=second.pk, now=NOW)
    assert scored is not None
    assert [score.version for _, score in scored.leads] == [2]
    assert Fact.objects.get(kind="scoring_rules.activated").payload == {"version": 2}


def test_rules_without_sense_are_refused_with_all_reasons() -> None:
    rules = policy.rules_as_json(policy.DEFAULT_RULES)
    rules["fit_cap"] = 0
    rules["fit"] = [{"code": "x", "label": "X", "points": 1, "when": []}]
    with pytest.raises(InvalidRulesError) as error:
        operations.save_version(rules=rules, note="", user_id=None, now=NOW)
    assert len(error.value.errors) == 2
    assert RULES.versions()[0].version == 1
    with pytest.raises(InvalidRulesError):
        operations.save_version(rules={"fit": 3}, note="", user_id=None, now=NOW)
    with pytest.raises(LookupError):
        operations.activate(version=9, actor="user:1", now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_refresh_and_the_reader_at_once_lose_no_fact() -> None:
    """The refresh has read the old facts and is about to write; the reader comes with a new one, and waits for it."""
    partitions.ensure(NOW)
    known = make_lead(purpose="subscribe", captured_at=days_ago(30))
    delivery.drain([READER])
    refresh = operations.start_refresh(now=NOW)
    scored, read_on = threading.Event(), threading.Event()

    def run_refresh() -> None:
        try:
            with transaction.atomic():
                operations.refresh_chunk(refresh_id=refresh.pk, now=NOW)
                scored.set()
                assert read_on.wait(20)
        finally:
            connection.close()

    def run_reader() -> None:
        try:
            with transaction.atomic():
                operations.score_persons({known.person.pk: NOW}, now=NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for run in (run_refresh, run_reader)]
    threads[0].start()
    assert scored.wait(20)
    tell(LeadTouched(lead_id=known.lead.pk, via="form", purpose="trial"), person=known.person)
    threads[1].start()
    read_on.set()
    for thread in threads:
        thread.join(20)
    assert dict(lines(known)) | {"demo.requested": 25, "lead.touched": 5} == dict(lines(known))
    assert LeadScore.objects.get(lead_id=known.lead.pk).as_of == NOW


# --- replay ------------------------------------------------------------------------------------------------------

_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["captured", "touched", "updated", "withdraw", "restore", "refresh"]),
        st.integers(0, 3),  # which person
        st.floats(0, 200),  # days before now when it happened
        st.floats(0, 30),  # days later when it was heard of
        st.sampled_from(["trial", "contact", "download", "subscribe", ""]),
        st.booleans(),  # whether the readers run before the next event
    ),
    max_size=14,
)


class ReplayTest(TestCase):
    """Replaying the log gives exactly the scores that the readers made as the facts came."""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(_EVENTS)
    def test_replay_equals_live(self, events: list[tuple[str, int, float, float, str, bool]]) -> None:
        partitions.ensure(NOW)
        leads = [make_lead(captured_at=days_ago(200), fact=False) for _ in range(4)]
        for what, who, happened, later, purpose, run in events:
            _live(leads[who], what, days_ago(happened), days_ago(happened - later), purpose)
            if run:
                drain()
        drain()
        refresh = operations.start_refresh(now=NOW)
        while operations.refresh_chunk(refresh_id=refresh.pk, now=NOW, size=2):
            pass
        live, repeated = _state()
        facts = Fact.objects.count()
        replay(READER, horizon="own")
        assert _state() == (live, repeated)
        assert Fact.objects.count() == facts  # deriving again reports nothing
        assert repeated == [(lead_id, total, band) for lead_id, _, _, total, band, *_ in live]


def _live(known: Known, what: str, at: datetime, heard: datetime, purpose: str) -> None:
    person, lead_id = known.person, known.lead.pk
    match what:
        case "captured":
            tell(
                LeadCaptured(lead_id=lead_id, via="form", purpose=purpose),
                person=person,
                at=at,
                recorded_at=heard,
            )
        case "touched":
            payload = LeadTouched(lead_id=lead_id, via="form", purpose=purpose, import_id=3)
            tell(payload, person=person, at=at, recorded_at=heard)
        case "updated":
            Lead.objects.filter(pk=lead_id).update(size="500-999")
            tell(LeadUpdated(lead_id=lead_id, changes={"size": "500-999"}), person=person, recorded_at=heard)
        case "withdraw":
            done = (
                Fact.objects.filter(person_id=person.pk)
                .exclude(kind="activity.withdrawn")
                .order_by("id")
                .first()
            )
            if done is not None:
                tell(ActivityWithdrawn(fact_id=done.id, reason="bot"), person=person, recorded_at=heard)
        case "restore":
            for touch in Fact.objects.filter(person_id=person.pk, kind="lead.touched")[:1]:
                gone = LeadTouchWithdrawn(lead_id=lead_id, import_id=3, at=touch.occurred_at)
                tell(gone, person=person, recorded_at=heard)
        case "refresh":
            refresh = operations.start_refresh(now=heard)
            operations.refresh_chunk(refresh_id=refresh.pk, now=heard, size=2)


def _state() -> tuple[list[tuple[Any, ...]], list[tuple[int, int, str]]]:
    scores = list(
        LeadScore.objects.order_by("lead_id").values_list(
            "lead_id", "fit", "engagement", "total", "band", "rules_version", "as_of", "lines"
        )
    )
    ids = [row[0] for row in scores]
    return scores, list(Lead.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "score", "band"))
