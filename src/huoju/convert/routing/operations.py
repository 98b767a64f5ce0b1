"""Handing leads to sales people, and keeping count of what each has in hand.

Locks, always in this order: the seats (one advisory lock, because a seat that is just being made counts too), then
leads (by id). So two routers take turns, and nobody who holds a lead ever waits for the seats.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from huoju.core.bulk import numbers
from huoju.core.facts.activation import Activation
from huoju.core.facts.operations import NewFact, append, append_one
from huoju.core.rules import InvalidRulesError
from huoju.qualify.leads import operations as leads
from huoju.qualify.scoring.queries import Scorable, list_scorable

from . import policy
from .facts import LeadNotRouted, RoutingActivated, SeatSaved
from .models import Holding, RoutingRules, SalesSeat, Turns
from .policy import Decision, Rep, RoutingState, ToRoute
from .queries import HELD, RULES, find_holders, find_owners, find_refusals, list_left, lock_waiting, rep_of

SOURCE = "routing"
LEFT = "left"
"""The rule that a fact `lead.assigned` names when the owner has left."""
_SEATS = 7_203_001
"""Key of the advisory lock."""


def route_batch(lead_ids: Sequence[int], *, now: datetime, brought_in: bool = False) -> list[Decision]:
    """Give every MQL without an owner among `lead_ids` to somebody, in the order of the ids, and explain it.

    Leads that nobody can take keep waiting; that is written down once, not at every further try. What an imported
    history left without an owner is handed out only with `brought_in`. Needs a transaction.
    """
    if not lead_ids:
        return []
    reps, loads = _lock_seats()
    if not reps:
        return []  # nobody distributes leads here (yet)
    ids = lock_waiting(lead_ids, brought_in=brought_in)
    if not ids:
        return []
    waiting = list_scorable(lead_ids=ids)
    # What an owner gave back a moment ago may still be counted: the reader has not come to it yet.
    held = find_holders([lead.lead_id for lead in waiting])
    _let_go(held)
    for owner in held.values():
        loads[owner] = loads.get(owner, 0) - 1
    rules = RULES.active()
    before = {row.group: {int(rep): spent for rep, spent in row.spent.items()} for row in Turns.objects.all()}
    routed = policy.route_batch(_to_route(waiting), rules, reps, RoutingState(loads, before))
    actor = f"rule:routing/{rules.version}"
    given = [decision for decision in routed.decisions if decision.rep is not None]
    leads.assign_batch(
        [
            leads.Assignment(
                lead_id=decision.lead, owner_id=decision.rep, rule=f"routing/{decision.version}", trace=_trace(decision)
            )
            for decision in given
        ],
        actor=actor, now=now, source=SOURCE,
    )  # fmt: skip
    _hold({decision.lead: decision.rep for decision in given if decision.rep is not None})
    _remember_turns(before, routed.state.turns)
    stuck = _newly_stuck([decision for decision in routed.decisions if decision.rep is None])
    _write_down([*given, *stuck], now)
    people = {lead.lead_id: lead for lead in waiting}
    append(
        [_not_routed(decision, people[decision.lead], now) for decision in stuck],
        actor=actor,
        source=SOURCE,
        now=now,
    )
    return routed.decisions


@transaction.atomic
def take_from_left(*, limit: int, now: datetime) -> int:
    """Take the MQLs that wait for the answer of somebody who has left back to nobody; routing then hands them out.

    Returns how many. What is accepted already stays with its owner's name until a person hands it over.
    """
    ids = list_left(limit=limit)  # locked: whom somebody handed over meanwhile is not among them
    back = [leads.Assignment(lead_id=lead_id, owner_id=None, rule=LEFT) for lead_id in ids]
    return sum(leads.assign_batch(back, actor="rule:routing/left", now=now, source=SOURCE)) if back else 0


def _lock_seats() -> tuple[list[Rep], dict[int, int]]:
    """Everybody who may receive leads, and what each has in hand; nobody else changes that until the end of the
    transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEATS])
    seats = list(SalesSeat.objects.select_related("user").order_by("user_id"))
    return [rep_of(seat) for seat in seats], {seat.user_id: seat.open_leads for seat in seats}


def _to_route(waiting: Sequence[Scorable]) -> list[ToRoute]:
    owners = find_owners(waiting)
    refused = find_refusals([lead.lead_id for lead in waiting])
    nobody: frozenset[int] = frozenset()
    items = []
    for lead in waiting:
        owner = owners.of(lead)
        profile = policy.with_owner(lead.profile, owner) if owner else lead.profile
        items.append(ToRoute(lead.lead_id, profile, lead.company_id or 0, refused.get(lead.lead_id, nobody)))
    return items


def _trace(decision: Decision) -> tuple[str, ...]:
    return tuple(f"{line.rule}:{line.why.value}" for line in decision.trace)


def _remember_turns(before: Mapping[str, Mapping[int, int]], after: Mapping[str, Mapping[int, int]]) -> None:
    moved = [Turns(group=group, spent=spent) for group, spent in after.items() if before.get(group) != spent]
    Turns.objects.bulk_create(moved, update_conflicts=True, unique_fields=["group"], update_fields=["spent"])


def _newly_stuck(decisions: Sequence[Decision]) -> list[Decision]:
    """Of the leads that nobody could take, those of which the last decision said something else."""
    if not decisions:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT ON (lead_id) lead_id, outcome FROM routing_assignment
               WHERE lead_id = ANY(%s::bigint[]) ORDER BY lead_id, id DESC""",
            [numbers([decision.lead for decision in decisions])],
        )
        last = dict(cursor.fetchall())
    return [decision for decision in decisions if last.get(decision.lead) != decision.outcome.value]


_COLUMNS = ("lead_id", "owner_id", "rule", "outcome", "rules_version", "trace", "at")
_COPY = sql.SQL("COPY routing_assignment ({}) FROM STDIN").format(
    sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
)


def _write_down(decisions: Sequence[Decision], now: datetime) -> None:
    if not decisions:
        return
    traces: dict[tuple[policy.TraceLine, ...], str] = {}
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for decision in decisions:
            if (trace := traces.get(decision.trace)) is None:
                trace = traces[decision.trace] = json.dumps(_trace(decision))
            outcome = decision.outcome.value
            copy.write_row(
                (decision.lead, decision.rep, decision.rule, outcome, decision.version, trace, now)
            )


def _not_routed(decision: Decision, lead: Scorable, now: datetime) -> NewFact:
    payload = LeadNotRouted(
        lead_id=lead.lead_id, outcome=decision.outcome.value, trace=list(_trace(decision)),
        rules_version=decision.version,
    )  # fmt: skip
    return NewFact(payload=payload, occurred_at=now, person_id=lead.person_id, company_id=lead.company_id)


# --- what is in whose hands ---------------------------------------------------------------------------------


def recount(lead_ids: Sequence[int]) -> set[int]:
    """Bring the holdings of these leads, and the counts of the seats, in line with the leads as they are now.

    Returns the people whose hands got emptier. It looks at state, not at what changed, so facts may come late, twice,
    or together. Needs a transaction.
    """
    _lock_seats()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id, owner_id FROM leads_lead
               WHERE id = ANY(%s::bigint[]) AND owner_id IS NOT NULL AND stage = ANY(%s)""",
            [numbers(lead_ids), HELD],
        )
        now_held = dict(cursor.fetchall())
    was_held = find_holders(lead_ids)
    gone = [lead_id for lead_id, owner in was_held.items() if now_held.get(lead_id) != owner]
    freed = _let_go({lead_id: was_held[lead_id] for lead_id in gone})
    _hold({lead_id: owner for lead_id, owner in now_held.items() if was_held.get(lead_id) != owner})
    return freed


def _hold(owners: Mapping[int, int]) -> None:
    """Put leads into people's hands. The seats are locked, the leads are in nobody's hands."""
    if not owners:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO routing_holding (lead_id, owner_id) SELECT * FROM unnest(%s::bigint[], %s::bigint[])""",
            [numbers(owners), numbers(owners.values())],
        )
    _count(Counter(owners.values()), 1)


def _let_go(owners: Mapping[int, int]) -> set[int]:
    if not owners:
        return set()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM routing_holding WHERE lead_id = ANY(%s::bigint[])", [numbers(owners)])
    _count(Counter(owners.values()), -1)
    return set(owners.values())


def _count(changes: Mapping[int, int], sign: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE routing_salesseat s SET open_leads = s.open_leads + c.n
               FROM unnest(%s::bigint[], %s::int[]) AS c(id, n) WHERE s.user_id = c.id""",
            [list(changes), [sign * n for n in changes.values()]],
        )


def note_answers(accepted: Mapping[int, datetime], given_back: Iterable[tuple[int, int, datetime]]) -> None:
    """Write on the last decision about each lead how it was answered: accepted when, or given back by whom and when."""
    with connection.cursor() as cursor:
        if accepted:
            cursor.execute(
                """UPDATE routing_assignment a SET accepted_at = n.at
                   FROM unnest(%s::bigint[], %s::timestamptz[]) AS n(lead_id, at)
                   WHERE a.id = (SELECT max(id) FROM routing_assignment WHERE lead_id = n.lead_id)
                     AND a.owner_id IS NOT NULL AND a.accepted_at IS NULL AND a.rejected_at IS NULL""",
                [list(accepted), list(accepted.values())],
            )
        rows = list(given_back)
        if rows:
            cursor.execute(
                """UPDATE routing_assignment a SET rejected_at = n.at
                   FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS n(lead_id, owner_id, at)
                   WHERE a.id = (SELECT max(id) FROM routing_assignment
                                 WHERE lead_id = n.lead_id AND owner_id = n.owner_id) AND a.rejected_at IS NULL""",
                [list(column) for column in zip(*rows, strict=True)],
            )


# --- seats and rules ----------------------------------------------------------------------------------------


def save_seat(
    *, user_id: int, regions: Sequence[str], products: Sequence[str], capacity: int, weight: int, away: bool,
    actor: str, now: datetime,
) -> SalesSeat:  # fmt: skip
    """Let somebody receive leads, or receive them differently. What the person has in hand already counts."""
    with transaction.atomic():
        values: dict[str, Any] = {
            "regions": sorted(regions), "products": sorted(products), "capacity": capacity, "weight": weight,
            "away": away,
        }  # fmt: skip
        _lock_seats()
        seat, created = SalesSeat.objects.update_or_create(user_id=user_id, defaults=values)
        if created:
            seat.open_leads = Holding.objects.filter(owner_id=user_id).count()
            seat.save(update_fields=["open_leads"])
        append_one(
            NewFact(payload=SeatSaved(user_id=user_id, **values), occurred_at=now),
            actor=actor,
            source=SOURCE,
            now=now,
        )
        return seat


def save_version(
    *, rules: Sequence[Mapping[str, Any]], note: str, user_id: int | None, now: datetime
) -> RoutingRules:
    """Keep `rules` as the next version, not active yet. Raises `InvalidRulesError`."""
    content = [dict(rule) for rule in rules]
    named = {rep for rule in RULES.check(content).rules for rep in rule.reps}
    seated = set(SalesSeat.objects.filter(user_id__in=named).values_list("user_id", flat=True))
    if missing := sorted(named - seated):
        raise InvalidRulesError([f"no sales seat: {', '.join(map(str, missing))}"])
    return RULES.save(content=content, note=note, user_id=user_id, now=now)


activate = Activation(RULES, RoutingActivated, SOURCE)
"""Lets a version decide, also about the leads that wait."""
