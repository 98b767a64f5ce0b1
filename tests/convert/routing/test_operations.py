"""Routing through the database: who gets what, why, and what everybody has in hand."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction

from huoju.convert.routing import operations, queries
from huoju.convert.routing.jobs import route_waiting
from huoju.convert.routing.models import Assignment, Holding, SalesSeat, Turns
from huoju.convert.routing.policy import Outcome
from huoju.convert.routing.readers import ROUTING
from huoju.core import jobs
from huoju.core.access.models import User
from huoju.core.facts import delivery, partitions
from huoju.core.facts.models import Fact
from huoju.core.rules import InvalidRulesError
from huoju.qualify.leads import operations as leads
from huoju.qualify.leads.models import Lead
from huoju.qualify.leads.policy import By, Stage
from tests.qualify.factory import NOW, Known, days_ago, make_lead, make_user

pytestmark = pytest.mark.django_db


def seat(
    name: str, *, regions: tuple[str, ...] = (), capacity: int = 100, weight: int = 1, away: bool = False
) -> User:
    user = make_user(name)
    operations.save_seat(
        user_id=user.pk, regions=regions, products=(), capacity=capacity, weight=weight, away=away,
        actor="user:1", now=NOW,
    )  # fmt: skip
    return user


def mql(**fields: object) -> Known:
    """A fresh MQL of a company of its own."""
    known = make_lead(**({"company": None} | fields))  # type: ignore[arg-type]
    move(known, Stage.MQL)
    return known


def move(known: Known, to: Stage, reason: str = "because") -> None:
    leads.advance_batch(
        [leads.Move(lead_id=known.lead.pk, to=to, reason=reason)], mover=By.HISTORY, actor="test", now=NOW
    )


def give(known: Known, owner: User | None, rule: str = "") -> None:
    leads.assign_batch(
        [leads.Assignment(lead_id=known.lead.pk, owner_id=owner.pk if owner else None, rule=rule)],
        actor="test", now=NOW,
    )  # fmt: skip


def drain() -> None:
    delivery.drain([ROUTING], horizon="own")


def owners(*leads_: Known) -> list[int | None]:
    by_id = dict(
        Lead.objects.filter(pk__in=[known.lead.pk for known in leads_]).values_list("pk", "owner_id")
    )
    return [by_id[known.lead.pk] for known in leads_]


def in_hand() -> dict[int, int]:
    """What the seats say, after checking that it is what the leads say."""
    counts = dict(SalesSeat.objects.values_list("user_id", "open_leads"))
    held = Lead.objects.filter(owner_id__in=counts, stage__in=queries.HELD).values_list("owner_id", flat=True)
    assert counts == {user: Counter(held)[user] for user in counts}
    assert Counter(Holding.objects.filter(owner_id__in=counts).values_list("owner_id", flat=True)) == Counter(
        held
    )
    return counts


def test_leads_go_round_by_region_first_then_to_everybody() -> None:
    beijing, shanghai, anywhere = seat("北", regions=("11",)), seat("沪", regions=("31",)), seat("全")
    batch = [mql(region=region) for region in ("110000", "310000", "110000", "440000", "")]
    drain()
    assert owners(*batch)[:4] == [beijing.pk, shanghai.pk, beijing.pk, anywhere.pk]
    assert owners(batch[4])[0] in (beijing.pk, shanghai.pk, anywhere.pk)
    why = queries.explain(batch[0].lead.pk)
    assert why is not None
    assert [(answer.rule, answer.why.value, answer.decided) for answer in why.answers] == [
        ("owner", "no_owner", False),
        ("region", "turn", True),
    ]
    assert why.answers[1].label == "By region, in turn"
    fact = Fact.objects.filter(kind="lead.assigned", person_id=batch[0].person.pk).get()
    assert fact.payload["trace"] == ["owner:no_owner", "region:turn"]
    assert (fact.payload["rule"], fact.actor) == ("routing/1", "rule:routing/1")
    assert sum(in_hand().values()) == 5


def test_turns_are_remembered_between_batches_and_follow_the_weight() -> None:
    one, two = seat("一"), seat("二", weight=2)
    got: Counter[int | None] = Counter()
    for _ in range(6):
        known = mql()
        drain()
        got.update(owners(known))
    assert got == {one.pk: 2, two.pk: 4}
    assert Turns.objects.get(group="everybody").spent.keys() == {str(one.pk), str(two.pk)}


def test_a_known_company_stays_with_its_owner_within_a_batch_and_after() -> None:
    seat("一"), seat("二"), seat("三")
    first = [mql(company="华星"), mql(company="华星"), mql()]
    drain()
    assert owners(first[0]) == owners(first[1]) != owners(first[2])
    later = mql(company="华星")
    drain()
    assert owners(later) == owners(first[0])
    assert Assignment.objects.filter(lead=later.lead).get().rule == "owner"


def test_full_hands_let_leads_wait_and_a_free_hand_takes_them() -> None:
    one = seat("一", capacity=2)
    batch = [mql() for _ in range(4)]
    drain()
    # Shards are read one after the other, so any two of the four may come first.
    batch.sort(key=lambda each: owners(each) == [None])
    assert owners(*batch) == [one.pk, one.pk, None, None]
    stuck = Assignment.objects.get(lead=batch[2].lead)
    assert (stuck.owner_id, stuck.outcome) == (None, Outcome.NOBODY_FREE.value)
    assert Fact.objects.filter(kind="lead.not_routed").count() == 2
    jobs.run_waiting()  # nobody has room: nothing is written down again
    assert Fact.objects.filter(kind="lead.not_routed").count() == 2

    move(batch[0], Stage.DISQUALIFIED)
    drain()
    jobs.run_waiting()
    batch[2:] = sorted(batch[2:], key=lambda each: owners(each) == [None])
    assert owners(*batch) == [one.pk, one.pk, one.pk, None]
    drain()
    assert in_hand() == {one.pk: 2}

    two = seat("二")
    drain()
    jobs.run_waiting()
    assert owners(batch[3]) == [two.pk]


def test_what_a_history_left_without_an_owner_is_handed_out_by_hand_only() -> None:
    one = seat("一")
    old = mql(extra={"given": "history"}, captured_at=NOW)
    drain()
    jobs.run_waiting()
    assert owners(old) == [None]
    assert queries.count_waiting() == queries.Waiting(new=0, brought_in=1)
    route_waiting.defer(brought_in=True)
    jobs.run_waiting()
    assert owners(old) == [one.pk]
    # Judged anew after it was brought in, it is a new MQL like any other.
    fresh = make_lead(company=None, extra={"given": "history"}, captured_at=days_ago(9))
    move(fresh, Stage.MQL)
    drain()
    assert owners(fresh) == [one.pk]


def test_nobody_distributes_before_there_is_a_seat() -> None:
    known = mql()
    drain()
    assert owners(known) == [None]
    assert not Assignment.objects.exists()
    one = seat("一")
    drain()
    jobs.run_waiting()
    assert owners(known) == [one.pk]


def test_a_lead_given_back_goes_to_somebody_else_and_the_answers_are_noted() -> None:
    one, two = seat("一"), seat("二")
    known = mql()
    drain()
    assert owners(known) == [one.pk]
    give(known, None, rule="rejected")
    drain()
    assert owners(known) == [two.pk]
    move(known, Stage.SQL)
    drain()
    noted = (
        Assignment.objects.filter(lead=known.lead)
        .order_by("id")
        .values_list("owner_id", "accepted_at", "rejected_at")
    )
    assert list(noted) == [(one.pk, None, NOW), (two.pk, NOW, None)]
    give(known, None, rule="rejected")
    move(known, Stage.MQL)
    drain()
    assert owners(known) == [None]  # both gave it back
    assert in_hand() == {one.pk: 0, two.pk: 0}


def test_whoever_is_away_gets_nothing_not_even_known_customers() -> None:
    one, two = seat("一", away=True), seat("二")
    old = make_lead(company="华星", captured_at=days_ago(50))
    move(old, Stage.WON)
    give(old, one)
    known = mql(company="华星")
    drain()
    assert owners(known) == [two.pk]
    assert Fact.objects.filter(kind="lead.assigned", person_id=known.person.pk).get().payload["trace"] == [
        "owner:owner_away",
        "region:nobody_serves",
        "everybody:turn",
    ]


def test_what_waits_for_somebody_who_has_left_goes_to_others() -> None:
    leaver, other = seat("去", regions=("11",)), seat("留")
    waits, works = mql(region="110000"), mql(region="110000")
    drain()
    assert owners(waits, works) == [leaver.pk, leaver.pk]
    move(works, Stage.SQL)
    brought = make_lead(extra={"given": True}, stage="mql").lead
    Lead.objects.filter(pk=brought.pk).update(owner=leaver, stage_at=brought.created_at)
    assert operations.take_from_left(limit=10, now=NOW) == 0
    User.objects.filter(pk=leaver.pk).update(is_active=False)
    assert operations.take_from_left(limit=10, now=NOW) == 1
    drain()
    # What is being worked on, and what another system left with somebody, is for a person to hand over.
    assert owners(waits, works) == [other.pk, leaver.pk]
    assert Lead.objects.get(pk=brought.pk).owner_id == leaver.pk
    fact = Fact.objects.filter(kind="lead.assigned", payload__rule="left").get()
    assert (fact.payload["owner_id"], fact.payload["previous_owner_id"]) == (None, leaver.pk)
    assert operations.take_from_left(limit=10, now=NOW) == 0


def test_hands_are_counted_whatever_happens_to_leads() -> None:
    one, two = seat("一"), seat("二")
    batch = [mql() for _ in range(6)]
    drain()
    assert in_hand() == {one.pk: 3, two.pk: 3}
    give(batch[0], two)
    move(batch[1], Stage.SQL)
    move(batch[2], Stage.LOST)
    move(batch[3], Stage.NURTURING)
    undo = leads.Undo(lead_id=batch[4].lead.pk, origin="import:1/1", created=True)
    leads.withdraw_batch([undo], import_id=1, actor="test", now=NOW)
    assert not Lead.objects.filter(pk=batch[4].lead.pk).exists()
    drain()
    assert sum(in_hand().values()) == 3
    late = make_user("三")
    give(batch[5], late)
    drain()
    operations.save_seat(
        user_id=late.pk, regions=(), products=(), capacity=5, weight=1, away=False, actor="user:1", now=NOW
    )
    assert in_hand()[late.pk] == 1


def test_rules_are_versioned_and_name_only_people_with_seats() -> None:
    one, two = seat("一"), seat("二")
    rules = [
        {"code": "large", "label": "Large", "when": [{"field": "employees", "op": "at_least", "value": 500}],
         "assign": "pool", "reps": [two.pk]},
        {"code": "rest", "label": "Rest", "when": [], "assign": "pool", "reps": [one.pk]},
    ]  # fmt: skip
    with pytest.raises(InvalidRulesError, match="no sales seat"):
        operations.save_version(rules=[rules[0] | {"reps": [0]}], note="", user_id=None, now=NOW)
    operations.save_version(rules=rules, note="large to two", user_id=None, now=NOW)
    operations.activate(version=2, actor="user:1", now=NOW)
    batch = [mql(company="大", size="500-999"), mql(company="小", size="1-19")]
    drain()
    assert owners(*batch) == [two.pk, one.pk]
    assert set(Assignment.objects.values_list("rule", "rules_version")) == {("large", 2), ("rest", 2)}


def test_a_simulation_writes_nothing_and_compares_with_what_happened() -> None:
    one, two = seat("一"), seat("二")
    batch = [mql() for _ in range(4)]
    for known in batch:
        give(known, one)
    Lead.objects.filter(pk__in=[known.lead.pk for known in batch]).update(mql_at=NOW)
    facts = Fact.objects.count()
    simulation = queries.simulate(queries.RULES.active(), since=NOW - timedelta(days=1))
    assert (simulation.leads, simulation.nobody, simulation.elsewhere) == (4, 0, 2)
    assert [(share.rep.id, share.simulated, share.actual) for share in simulation.shares] == [
        (one.pk, 2, 4),
        (two.pk, 2, 0),
    ]
    assert simulation.by_rule == {"everybody": 4}
    assert Fact.objects.count() == facts
    assert not Assignment.objects.exists()


# --- two connections ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_routers_at_once_never_overfill_a_seat() -> None:
    partitions.ensure(NOW)
    users = [seat("一", capacity=5), seat("二", capacity=5)]
    batch = [mql() for _ in range(14)]
    ids = [known.lead.pk for known in batch]
    start = threading.Barrier(2)
    problems: list[BaseException] = []

    def run(part: list[int]) -> None:
        try:
            start.wait(20)
            with transaction.atomic():
                operations.route_batch(part, now=NOW)
        except BaseException as problem:  # noqa: BLE001  told by the main thread
            problems.append(problem)
        finally:
            connection.close()

    # The parts overlap: some leads are wanted by both.
    threads = [threading.Thread(target=run, args=(part,)) for part in (ids[:9], ids[5:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert problems == []
    got = Counter(owner for owner in owners(*batch) if owner is not None)
    assert got == {users[0].pk: 5, users[1].pk: 5}
    assert in_hand() == dict(got)
    assert Assignment.objects.filter(owner__isnull=False).count() == 10
