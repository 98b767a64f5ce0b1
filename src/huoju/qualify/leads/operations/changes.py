"""Owners and dimensions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from huoju.core.bulk import numbers
from huoju.core.facts.operations import NewFact, append

from ..facts import LeadAssigned, LeadUpdated
from .state import DIMENSIONS, LeadState, read_states, write_states


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A lead gets an owner (None: back to nobody), for a reason that `trace` explains line by line.

    `sdr_id` None leaves the telemarketer as is.
    """

    lead_id: int
    owner_id: int | None
    sdr_id: int | None = None
    rule: str = ""
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadChange:
    """New values of dimensions: `product`, `region`, `industry`, `size`, `segment`, `keyword`, `landing_page`,
    `channel_id`, `campaign_id`, `company_id`, `grade`."""

    lead_id: int
    changes: Mapping[str, str | int | None] = field(default_factory=dict)


def assign_batch(
    assignments: Sequence[Assignment], *, actor: str, now: datetime, source: str = "leads"
) -> list[bool]:
    """Give leads to people; True where the owner or the telemarketer changed. The last assignment of a lead counts."""
    facts: list[NewFact] = []
    changed: dict[int, bool] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """SELECT id, person_id, company_id, owner_id, sdr_id FROM leads_lead
               WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE""",
            [[each.lead_id for each in assignments]],
        )
        leads = {row[0]: row[1:] for row in cursor.fetchall()}
        given: list[Assignment] = []
        for each in {each.lead_id: each for each in assignments}.values():
            if each.lead_id not in leads:
                continue
            person_id, company_id, owner_id, sdr_id = leads[each.lead_id]
            same_sdr = each.sdr_id is None or each.sdr_id == sdr_id
            if owner_id == each.owner_id and same_sdr:
                continue
            changed[each.lead_id] = True
            given.append(each)
            payload = LeadAssigned(
                lead_id=each.lead_id,
                owner_id=each.owner_id,
                previous_owner_id=owner_id,
                sdr_id=sdr_id if each.sdr_id is None else each.sdr_id,
                rule=each.rule,
                trace=list(each.trace),
            )
            facts.append(
                NewFact(payload=payload, occurred_at=now, person_id=person_id, company_id=company_id)
            )
        if given:
            cursor.execute(
                """UPDATE leads_lead l SET owner_id = r.owner, sdr_id = coalesce(r.sdr, l.sdr_id),
                       assigned_at = CASE WHEN r.owner IS NOT DISTINCT FROM l.owner_id THEN l.assigned_at
                                          WHEN r.owner IS NOT NULL THEN %s END
                   FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS r(id, owner, sdr) WHERE l.id = r.id""",
                [
                    now,
                    numbers([each.lead_id for each in given]),
                    numbers([each.owner_id for each in given]),
                    numbers([each.sdr_id for each in given]),
                ],
            )
        append(facts, actor=actor, source=source, now=now)
    return [changed.pop(each.lead_id, False) for each in assignments]


def update_batch(
    changes: Sequence[LeadChange], *, actor: str, now: datetime, source: str = "leads"
) -> list[bool]:
    """Correct dimensions of leads; True where something changed. Raises `ValueError` for a field that is none."""
    for each in changes:
        if unknown := each.changes.keys() - set(DIMENSIONS):
            raise ValueError(f"not dimensions of a lead: {sorted(unknown)}")
    answers: list[bool] = []
    facts: list[NewFact] = []
    touched: dict[int, LeadState] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        states = {
            state.id: state
            for state in read_states(cursor, "id = ANY(%s)", [[each.lead_id for each in changes]])
        }
        for each in changes:
            state = states.get(each.lead_id)
            news = {
                name: value
                for name, value in each.changes.items()
                if state is not None and state.values[name] != value
            }
            answers.append(bool(news))
            if state is None or not news:
                continue
            state.values |= news
            touched[state.id] = state
            facts.append(_fact(state, LeadUpdated(lead_id=state.id, changes=news), now))
        write_states(cursor, list(touched.values()))
        append(facts, actor=actor, source=source, now=now)
    return answers


def _fact(state: LeadState, payload: Any, now: datetime) -> NewFact:
    return NewFact(
        payload=payload, occurred_at=now, person_id=state.person_id, company_id=state.values["company_id"]
    )
