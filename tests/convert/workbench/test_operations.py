"""Accept, reject, log: who may, what follows, and what two people do at the same instant."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction

from huoju.convert.workbench import operations, queries
from huoju.convert.workbench.policy import RejectReason
from huoju.core.access.models import Team
from huoju.core.errors import UserError
from huoju.core.facts.models import Fact
from huoju.qualify.leads import operations as leads
from huoju.qualify.leads.models import Lead
from huoju.qualify.leads.policy import Stage
from tests.convert.selling import NOW, lead_at, person_of_role
from tests.races import race, wait_for_a_waiting_session

LATER = NOW + timedelta(hours=1)


def kinds_of(lead: Lead) -> list[str]:
    return list(
        Fact.objects.filter(person_id=lead.person_id).order_by("tx", "id").values_list("kind", flat=True)
    )


@pytest.mark.django_db
def test_accepting_makes_an_sql() -> None:
    seller = person_of_role("sales")
    lead = lead_at(Stage.MQL, seller)
    operations.accept(user=seller, lead_id=lead.pk, now=LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.sql_at, lead.owner_id) == ("sql", LATER, seller.pk)
    assert kinds_of(lead)[-2:] == ["lead.stage_changed", "lead.accepted"]


@pytest.mark.django_db
def test_a_lead_in_the_pool_can_be_picked_by_anybody_who_sells() -> None:
    lead = lead_at(Stage.POOL)
    seller = person_of_role("sales")
    operations.accept(user=seller, lead_id=lead.pk, now=LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("sql", seller.pk)


@pytest.mark.django_db
def test_somebody_elses_lead_is_not_even_there() -> None:
    lead = lead_at(Stage.MQL, person_of_role("sales"))
    with pytest.raises(ObjectDoesNotExist):
        operations.accept(user=person_of_role("sales"), lead_id=lead.pk, now=LATER)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["marketing", "telemarketing", "executive"])
def test_only_sales_accept(role: str) -> None:
    lead = lead_at(Stage.MQL)
    with pytest.raises(UserError):
        operations.accept(user=person_of_role(role), lead_id=lead.pk, now=LATER)
    lead.refresh_from_db()
    assert lead.stage == "mql"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reason", "stage"),
    [
        (RejectReason.WRONG_CONTACT, "disqualified"),
        (RejectReason.NO_NEED, "nurturing"),
        (RejectReason.NO_BUDGET, "nurturing"),
        (RejectReason.NOT_MINE, "mql"),
        (RejectReason.DUPLICATE, "disqualified"),
        (RejectReason.COMPETITOR, "disqualified"),
    ],
)
def test_what_follows_from_a_rejection(reason: RejectReason, stage: str) -> None:
    seller = person_of_role("sales")
    lead = lead_at(Stage.MQL, seller)
    operations.reject(user=seller, lead_id=lead.pk, reason=reason, note="一句话", now=LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == (stage, None)
    assert kinds_of(lead)[-1] == "lead.rejected"


@pytest.mark.django_db
def test_an_sql_that_is_not_mine_goes_to_the_pool() -> None:
    seller = person_of_role("sales")
    lead = lead_at(Stage.SQL, seller)
    operations.reject(user=seller, lead_id=lead.pk, reason=RejectReason.NOT_MINE, note="", now=LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("pool", None)


@pytest.mark.django_db
def test_an_opportunity_cannot_be_given_back() -> None:
    seller = person_of_role("sales")
    lead = lead_at(Stage.OPPORTUNITY, seller)
    with pytest.raises(UserError):
        operations.reject(user=seller, lead_id=lead.pk, reason=RejectReason.NO_NEED, note="", now=LATER)


@pytest.mark.django_db
def test_an_activity_is_logged_with_the_next_contact() -> None:
    seller = person_of_role("sales")
    lead = lead_at(Stage.SQL, seller)
    tomorrow = LATER + timedelta(days=1)
    operations.log_activity(
        user=seller, lead_id=lead.pk, kind="call", outcome="reached", text=" 聊了 🔥 ", at=LATER, now=LATER,
        next_at=tomorrow,
    )  # fmt: skip
    (activity,) = queries.list_activities(lead.pk)
    assert (activity.text, activity.next_at, activity.by) == ("聊了 🔥", tomorrow, seller)
    day = queries.my_day(seller, now=tomorrow + timedelta(minutes=1), midnight=tomorrow + timedelta(hours=9))
    assert [lead.pk for lead in day.overdue] == [lead.pk]
    day = queries.my_day(seller, now=LATER, midnight=tomorrow + timedelta(hours=9))
    assert [lead.pk for lead in day.today] == [lead.pk]
    assert (day.overdue, day.quiet) == ([], [])


@pytest.mark.django_db
def test_a_quiet_lead_is_at_risk() -> None:
    seller = person_of_role("sales")
    lead = lead_at(Stage.SQL, seller)
    after = NOW + timedelta(days=8)
    day = queries.my_day(seller, now=after, midnight=after)
    assert [lead.pk for lead in day.quiet] == [lead.pk]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "text", "hours", "next_hours"),
    [("note", "  ", 0, None), ("call", "x", 1, None), ("call", "x", 0, -1), ("call", "x", 0, 0)],
)
def test_impossible_activities_are_refused(kind: str, text: str, hours: int, next_hours: int | None) -> None:
    seller = person_of_role("sales")
    lead = lead_at(Stage.SQL, seller)
    next_at = None if next_hours is None else LATER + timedelta(hours=next_hours)
    with pytest.raises(UserError):
        operations.log_activity(
            user=seller, lead_id=lead.pk, kind=kind, text=text, at=LATER + timedelta(hours=hours), now=LATER,
            next_at=next_at,
        )  # fmt: skip
    assert queries.list_activities(lead.pk) == []


@pytest.mark.django_db
def test_a_manager_sees_the_teams_and_nobodys_waiting_leads() -> None:
    team = Team.objects.create(name="华东")
    manager, mate, other = (
        person_of_role("sales_manager", team=team),
        person_of_role("sales", team=team),
        person_of_role("sales"),
    )
    nobodys, mates, others = lead_at(Stage.MQL), lead_at(Stage.MQL, mate), lead_at(Stage.MQL, other)
    assert {lead.pk for lead in queries.list_waiting(manager)} == {nobodys.pk, mates.pk}
    assert {lead.pk for lead in queries.list_waiting(other)} == {others.pk}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_pick_at_the_same_instant_one_gets_it() -> None:
    lead = lead_at(Stage.POOL)
    sellers = [person_of_role("sales"), person_of_role("sales")]
    start = threading.Barrier(2)
    answers: list[str] = []

    def pick(index: int) -> None:
        try:
            start.wait(10)
            operations.accept(user=sellers[index], lead_id=lead.pk, now=LATER)
            answers.append("got it")
        except (UserError, ObjectDoesNotExist) as error:
            answers.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=pick, args=[index]) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) in (["UserError", "got it"], ["DoesNotExist", "got it"])
    lead.refresh_from_db()
    assert lead.stage == "sql"
    assert lead.owner_id in {seller.pk for seller in sellers}
    assert kinds_of(lead).count("lead.accepted") == 1


@pytest.mark.django_db(transaction=True)
def test_who_lost_a_lead_a_moment_ago_cannot_give_it_back() -> None:
    seller, other = person_of_role("sales"), person_of_role("sales")
    lead = lead_at(Stage.MQL, seller)
    handed = threading.Event()

    def hand_over() -> None:
        with transaction.atomic():
            change = leads.Assignment(lead_id=lead.pk, owner_id=other.pk)
            leads.assign_batch([change], actor="test", now=LATER)
            handed.set()
            wait_for_a_waiting_session()

    def give_back() -> str:
        handed.wait(30)
        with pytest.raises(UserError) as refused:
            operations.reject(user=seller, lead_id=lead.pk, reason=RejectReason.NOT_MINE, note="", now=LATER)
        return refused.value.code

    assert race(hand_over, give_back) == [None, "not_owner"]
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("mql", other.pk)
