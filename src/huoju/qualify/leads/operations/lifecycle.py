"""The only writer of stages, for leads whose history began here (moved-in history: see `history`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from huoju.core.bulk import numbers, texts
from huoju.core.facts.operations import NewFact, append

from .. import policy
from ..facts import LeadStageChanged
from ..models import OPEN_STAGES, Lead
from ..policy import CLOSED, OPEN, Mover, Refusal, Stage, check_transition
from .state import TIME_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step that somebody or some rule wants to take with a lead, at `at` (None: now)."""

    lead_id: int
    to: Stage
    at: datetime | None = None
    reason: str = ""
    rule: str = ""  # "mql/3": the rule and version that decided
    expect: Stage | None = None  # refuse unless the lead stands there


@dataclass(frozen=True, slots=True)
class Moved:
    """The lead took the step."""

    lead_id: int
    source: Stage
    target: Stage
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """The lead did not take the step. `source` is where it stands (None: there is no such lead)."""

    lead_id: int
    source: Stage | None
    target: Stage
    reason: Refusal


type Answer = Moved | Refused


@dataclass(slots=True)
class _Standing:
    """A locked lead, as far as a step needs it."""

    person_id: int
    company_id: int | None
    stage: Stage


def hold(lead_id: int) -> tuple[int | None, Stage]:
    """Lock a lead until the end of the transaction: its owner and stage, as they now stay unless we change them.

    Who decides by what a lead is holds it first, and before anything that hangs on it. Raises `Lead.DoesNotExist`.
    """
    held = Lead.objects.select_for_update(no_key=True).values_list("owner_id", "stage").get(pk=lead_id)
    return held[0], Stage(held[1])


def advance_batch(
    moves: Sequence[Move], *, mover: Mover, actor: str, now: datetime, source: str = "leads"
) -> list[Answer]:
    """Take the steps that the transition table permits to `mover`; the answers are in the order of `moves`.

    Several moves of one lead are taken one after the other. What is refused changes nothing. The number of statements
    depends on the longest chain of moves for one lead, not on the number of leads.
    """
    answers: list[Answer | None] = [None] * len(moves)
    with transaction.atomic():
        for turn in _turns(moves):
            _advance(moves, turn, answers, mover, actor, now, source)
    return [answer for answer in answers if answer is not None]


def _turns(moves: Sequence[Move]) -> list[list[int]]:
    """Positions of the first move of each lead, then of each second one, and so on."""
    turns: list[list[int]] = []
    seen: dict[int, int] = {}
    for position, move in enumerate(moves):
        turn = seen.get(move.lead_id, 0)
        seen[move.lead_id] = turn + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(position)
    return turns


def _advance(
    moves: Sequence[Move],
    turn: Sequence[int],
    answers: list[Answer | None],
    mover: Mover,
    actor: str,
    now: datetime,
    source: str,
) -> None:
    with connection.cursor() as cursor:
        standing = _lock(cursor, [moves[position].lead_id for position in turn])
        taken: dict[int, int] = {}
        for position in turn:
            move = moves[position]
            refused = _why_not(move, standing.get(move.lead_id), mover)
            if refused is None:
                taken[move.lead_id] = position
            else:
                answers[position] = refused
        for lead_id in _blocked_by_other(cursor, moves, taken, standing):
            position = taken.pop(lead_id)
            answers[position] = Refused(
                lead_id, standing[lead_id].stage, moves[position].to, Refusal.OTHER_OPEN_LEAD
            )
        moved = _write(cursor, moves, taken, standing, actor, now)
    facts = []
    for lead_id, position in taken.items():
        move, before = moves[position], standing[lead_id]
        if (
            lead_id not in moved
        ):  # the compare-and-swap found another stage: cannot happen while the row is locked
            answers[position] = Refused(lead_id, before.stage, move.to, Refusal.MOVED_MEANWHILE)
            continue
        at = move.at or now
        answers[position] = Moved(lead_id, before.stage, move.to, at)
        payload = LeadStageChanged(
            lead_id=lead_id,
            from_stage=before.stage.value,
            to_stage=move.to.value,
            reason=move.reason,
            rule=move.rule,
        )
        facts.append(
            NewFact(payload=payload, occurred_at=at, person_id=before.person_id, company_id=before.company_id)
        )
    append(facts, actor=actor, source=source, now=now)


def _lock(cursor: CursorWrapper, lead_ids: Sequence[int]) -> dict[int, _Standing]:
    cursor.execute(
        """SELECT id, person_id, company_id, stage FROM leads_lead
           WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE""",
        [list(lead_ids)],
    )
    return {
        id_: _Standing(person_id, company_id, Stage(stage))
        for id_, person_id, company_id, stage in cursor.fetchall()
    }


def _why_not(move: Move, lead: _Standing | None, mover: Mover) -> Refused | None:
    if lead is None:
        return Refused(move.lead_id, None, move.to, Refusal.GONE)
    if move.expect is not None and lead.stage is not move.expect:
        return Refused(move.lead_id, lead.stage, move.to, Refusal.MOVED_MEANWHILE)
    verdict = check_transition(lead.stage, move.to, mover=mover, reason=move.reason)
    if isinstance(verdict, policy.Refused):
        return Refused(move.lead_id, lead.stage, move.to, verdict.reason)
    return None


def _blocked_by_other(
    cursor: CursorWrapper, moves: Sequence[Move], taken: dict[int, int], standing: dict[int, _Standing]
) -> list[int]:
    """Closed leads that a step would open although their person has another open one."""
    opening = [
        lead_id
        for lead_id, position in taken.items()
        if standing[lead_id].stage in CLOSED and moves[position].to in OPEN
    ]
    if not opening:
        return []
    cursor.execute(
        """SELECT l.id FROM leads_lead l
           WHERE l.id = ANY(%s) AND (
               EXISTS (SELECT FROM leads_lead o WHERE o.person_id = l.person_id AND o.id <> l.id AND o.stage = ANY(%s))
               OR EXISTS (SELECT FROM leads_lead o
                          WHERE o.person_id = l.person_id AND o.id < l.id AND o.id = ANY(%s)))""",
        [opening, OPEN_STAGES, opening],
    )
    return [id_ for (id_,) in cursor.fetchall()]


_KEEP_FIRST = ", ".join(
    f"{column} = CASE WHEN r.target = '{stage.value}' THEN least(l.{column}, r.at) ELSE l.{column} END"
    for stage, column in TIME_COLUMNS.items()
)


def _write(
    cursor: CursorWrapper,
    moves: Sequence[Move],
    taken: dict[int, int],
    standing: dict[int, _Standing],
    actor: str,
    now: datetime,
) -> set[int]:
    if not taken:
        return set()
    chosen = [moves[position] for position in taken.values()]
    cursor.execute(
        f"""UPDATE leads_lead l SET stage = r.target, stage_at = r.at, stage_actor = %s, stage_reason = r.reason,
                {_KEEP_FIRST}
            FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[])
                 AS r(id, source, target, at, reason)
            WHERE l.id = r.id AND l.stage = r.source RETURNING l.id""",
        [
            actor,
            numbers(taken),
            texts([standing[lead_id].stage.value for lead_id in taken]),
            texts([move.to.value for move in chosen]),
            numbers([move.at or now for move in chosen]),
            texts([move.reason[:200] for move in chosen]),
        ],
    )
    return {id_ for (id_,) in cursor.fetchall()}
