"""Reading routing: rules, seats, who owns whom, what waits, and why a lead went where it went."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, QuerySet

from huoju.core.bulk import numbers
from huoju.core.rules import RuleBook
from huoju.qualify.leads.policy import WITH_SALES, Stage
from huoju.qualify.scoring.queries import Scorable, list_scorable

from . import policy
from .models import Assignment, RoutingRules, SalesSeat
from .policy import Outcome, Rep, RoutingState, ToRoute, Why

RULES: RuleBook[policy.RoutingRules, RoutingRules] = RuleBook(
    RoutingRules, policy.rules_from_json, policy.validate, lambda: policy.rules_as_json(policy.DEFAULT_RULES)
)
"""Every version of the routing rules."""

HELD = sorted({Stage.MQL.value, *(stage.value for stage in WITH_SALES)})
"""Stages in which an assigned lead counts against its owner's capacity: waiting for an answer, or worked on."""
_KEEPS = sorted({*HELD, Stage.WON.value})
"""Stages whose owner keeps the company: a further lead of it goes there too."""


def list_seats() -> QuerySet[SalesSeat]:
    """Everybody who receives leads, by name."""
    return SalesSeat.objects.select_related("user").order_by("user__name", "user__username")


def rep_of(seat: SalesSeat) -> Rep:
    """The seat as the policy sees it. Whoever has left the company is not available."""
    return Rep(
        id=seat.user_id, name=str(seat.user), weight=seat.weight, capacity=seat.capacity,
        available=not seat.away and seat.user.is_active,
        regions=frozenset(seat.regions), products=frozenset(seat.products),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Owners:
    """Who has earlier leads of these persons and companies."""

    persons: Mapping[int, int]
    companies: Mapping[int, int]

    def of(self, lead: Scorable) -> int:
        """The owner of the lead's person, else of its company, else 0."""
        return self.persons.get(lead.person_id, 0) or self.companies.get(lead.company_id or 0, 0)


def find_owners(leads: Iterable[Scorable]) -> Owners:
    """The owners of the latest leads of the same persons and companies. Two queries, however many leads."""
    persons, companies = set(), set()
    for lead in leads:
        persons.add(lead.person_id)
        if lead.company_id is not None:
            companies.add(lead.company_id)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT ON (person_id) person_id, owner_id FROM leads_lead
               WHERE person_id = ANY(%s::bigint[]) AND owner_id IS NOT NULL
               ORDER BY person_id, captured_at DESC, id DESC""",
            [numbers(sorted(persons))],
        )
        by_person = dict(cursor.fetchall())
        cursor.execute(
            """SELECT DISTINCT ON (company_id) company_id, owner_id FROM leads_lead
               WHERE company_id = ANY(%s::bigint[]) AND owner_id IS NOT NULL AND stage = ANY(%s)
               ORDER BY company_id, captured_at DESC, id DESC""",
            [numbers(sorted(companies)), _KEEPS],
        )
        return Owners(by_person, dict(cursor.fetchall()))


def find_refusals(lead_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """Who gave each of these leads back."""
    refused: dict[int, set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT lead_id, owner_id FROM routing_assignment
               WHERE lead_id = ANY(%s::bigint[]) AND rejected_at IS NOT NULL AND owner_id IS NOT NULL""",
            [numbers(lead_ids)],
        )
        for lead_id, owner_id in cursor.fetchall():
            refused.setdefault(lead_id, set()).add(owner_id)
    return {lead_id: frozenset(owners) for lead_id, owners in refused.items()}


def find_holders(lead_ids: Sequence[int]) -> dict[int, int]:
    """In whose hands each of these leads is counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead_id, owner_id FROM routing_holding WHERE lead_id = ANY(%s::bigint[])",
            [numbers(lead_ids)],
        )
        return dict(cursor.fetchall())


def anybody_free() -> bool:
    """Whether somebody who receives leads is here and has room."""
    return SalesSeat.objects.filter(
        away=False, user__is_active=True, open_leads__lt=F("capacity"), weight__gt=0
    ).exists()


_GIVEN = "(extra ? 'given' AND stage_at <= created_at)"
_WAITING = f"owner_id IS NULL AND stage = 'mql' AND (%s OR NOT {_GIVEN})"
"""An MQL without an owner. What an imported history left without one (`given`) stays so until somebody hands it out:
years of old leads would fill everybody's hands."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """MQLs without an owner: `new` ones are handed out by themselves, `brought_in` ones by hand."""

    new: int
    brought_in: int


def count_waiting() -> Waiting:
    """How many MQLs have no owner."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM leads_lead WHERE {_WAITING}", [True])
        (everything,) = cursor.fetchone()
        cursor.execute(f"SELECT count(*) FROM leads_lead WHERE {_WAITING}", [False])
        (new,) = cursor.fetchone()
        return Waiting(new, everything - new)


def list_waiting(*, after: int = 0, limit: int = 1000, brought_in: bool = False) -> list[int]:
    """MQLs without an owner, by id; those of an imported history only with `brought_in`."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM leads_lead WHERE {_WAITING} AND id > %s ORDER BY id LIMIT %s",
            [brought_in, after, limit],
        )
        return [id_ for (id_,) in cursor.fetchall()]


def list_left(*, limit: int) -> list[int]:
    """MQLs that wait for the answer of somebody who cannot sign in any more, by id, locked; not those
    of an imported history. Needs a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT l.id FROM leads_lead l JOIN access_user u ON u.id = l.owner_id AND NOT u.is_active
                WHERE l.stage = 'mql' AND NOT {_GIVEN} ORDER BY l.id LIMIT %s FOR NO KEY UPDATE OF l""",
            [limit],
        )
        return [id_ for (id_,) in cursor.fetchall()]


def lock_waiting(lead_ids: Sequence[int], *, brought_in: bool) -> list[int]:
    """Those of `lead_ids` that wait for an owner, by id, locked in that order."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT id FROM leads_lead WHERE id = ANY(%s::bigint[]) AND {_WAITING}
                ORDER BY id FOR NO KEY UPDATE""",
            [numbers(lead_ids), brought_in],
        )
        return [id_ for (id_,) in cursor.fetchall()]


# --- explanations -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What one rule said to a lead; labels are English msgids or an administrator's own words."""

    rule: str
    label: str
    why: Why

    @property
    def decided(self) -> bool:
        """Whether this rule gave the lead to somebody."""
        return self.why in (Why.TURN, Why.OWNER)


@dataclass(frozen=True, slots=True)
class WhyOwner:
    """A routing decision, explained."""

    assignment: Assignment
    outcome: Outcome
    answers: tuple[Answer, ...]


def explain(lead_id: int) -> WhyOwner | None:
    """The last routing decision about a lead; None if it was never routed (assigned by hand, say)."""
    last = Assignment.objects.select_related("owner").filter(lead_id=lead_id).order_by("-id").first()
    if last is None:
        return None
    try:
        labels = {rule.code: rule.label for rule in RULES.get(last.rules_version).rules}
    except LookupError:
        labels = {}
    answers = []
    for line in last.trace:
        code, _, why = line.rpartition(":")
        answers.append(Answer(code, labels.get(code, code), Why(why)))
    return WhyOwner(last, Outcome(last.outcome), tuple(answers))


# --- simulation ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """What one person got in a simulation, beside what the person really got."""

    rep: Rep
    simulated: int
    actual: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """How history would have gone under other rules."""

    leads: int
    shares: tuple[Share, ...]
    nobody: int
    by_rule: Mapping[str, int]
    elsewhere: int
    """Leads that would have gone to another person than they did."""


def _list_history(*, since: datetime, limit: int) -> list[int]:
    """Leads in the order in which they became MQLs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM leads_lead WHERE mql_at >= %s ORDER BY mql_at, id LIMIT %s", [since, limit]
        )
        return [id_ for (id_,) in cursor.fetchall()]


def simulate(rules: policy.RoutingRules, *, since: datetime, limit: int = 20_000) -> Simulation:
    """What would have become of the MQLs since then under `rules`, with the people of today. Writes nothing.

    Everybody is taken to be here with room for all: who was away or full on which day is not known any more. Who owns
    which company follows from the simulation itself.
    """
    reps = [
        policy.rested(rep_of(seat)) for seat in SalesSeat.objects.select_related("user").order_by("user_id")
    ]
    ids = _list_history(since=since, limit=limit)
    by_id = {lead.lead_id: lead for lead in list_scorable(lead_ids=ids)} if ids else {}
    history = [by_id[id_] for id_ in ids if id_ in by_id]
    items = [ToRoute(lead.lead_id, lead.profile, lead.company_id or 0) for lead in history]
    routed = policy.route_batch(items, rules, reps, RoutingState())
    simulated = Counter(decision.rep for decision in routed.decisions if decision.rep is not None)
    actual = Counter(lead.owner_id for lead in history if lead.owner_id is not None)
    return Simulation(
        leads=len(history),
        shares=tuple(Share(rep, simulated[rep.id], actual[rep.id]) for rep in reps),
        nobody=sum(decision.outcome is not Outcome.ASSIGNED for decision in routed.decisions),
        by_rule=Counter(decision.rule for decision in routed.decisions if decision.rule),
        elsewhere=sum(
            lead.owner_id is not None and decision.rep is not None and lead.owner_id != decision.rep
            for lead, decision in zip(history, routed.decisions, strict=True)
        ),
    )
