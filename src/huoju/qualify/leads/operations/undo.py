"""Taking an import back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from huoju.core.bulk import texts
from huoju.core.facts.operations import NewFact, append
from huoju.core.references import unreferenced

from ..facts import LeadRestored, LeadTouchWithdrawn, LeadWithdrawn
from ..models import Lead
from ..policy import Stage
from .history import STEPS, say_history_is_given
from .state import DIMENSIONS, TIME_COLUMNS, LeadState, jsonable, read_states, write_states


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """One row of an import to be taken back: the lead, whether the row made it, its touch (`origin`), and what an
    update overwrote (`Captured.before`)."""

    lead_id: int
    origin: str
    created: bool = False
    before: Mapping[str, Any] | None = None


def withdraw_batch(
    rows: Sequence[Undo], *, import_id: int, actor: str, now: datetime, source: str = "leads"
) -> list[int]:
    """Take an import's leads back as if they had never been, and leads that it changed to what they were before.

    A value is put back only where it is still the one that the import wrote: what people corrected since stays. Returns
    the leads that had to stay because something stands on them by now (another touch, a deal, a note). Needs a
    transaction.
    """
    if not rows:
        return []
    with connection.cursor() as cursor:
        states = {
            state.id: state
            for state in read_states(cursor, "id = ANY(%s)", [sorted({row.lead_id for row in rows})])
        }
        made = sorted({row.lead_id for row in rows if row.created} & states.keys())
        touches = _delete_touches(cursor, [row.origin for row in rows])
        gone = _delete_leads(cursor, made)
        facts = [
            _fact(state, LeadWithdrawn(lead_id=state.id, reason="import", import_id=import_id), now)
            for id_, state in states.items()
            if id_ in gone
        ]
        left = {id_: state for id_, state in states.items() if id_ not in gone}
        facts += [
            _fact(left[lead_id], LeadTouchWithdrawn(lead_id=lead_id, import_id=import_id, at=at), now)
            for lead_id, at in touches
            if lead_id in left and lead_id not in made
        ]
        restored = _put_back(cursor, rows, left)
        facts += [_fact(state, _as_it_is(state, import_id), now) for state in restored]
    append(facts, actor=actor, source=source, now=now)
    return [lead_id for lead_id in made if lead_id not in gone]


def _delete_touches(cursor: CursorWrapper, origins: Sequence[str]) -> list[tuple[int, datetime]]:
    cursor.execute(
        "DELETE FROM leads_touch WHERE origin = ANY(%s::text[]) RETURNING lead_id, at", [texts(origins)]
    )
    return list(cursor.fetchall())


def _delete_leads(cursor: CursorWrapper, made: Sequence[int]) -> set[int]:
    """Delete those of `made` that nobody has built on: no touch of another origin, no row of another room."""
    cursor.execute("SELECT DISTINCT lead_id FROM leads_touch WHERE lead_id = ANY(%s)", [list(made)])
    joined = {lead_id for (lead_id,) in cursor.fetchall()}
    free = unreferenced(Lead, [lead_id for lead_id in made if lead_id not in joined])
    cursor.execute("DELETE FROM leads_lead WHERE id = ANY(%s)", [free])
    return set(free)


def _put_back(
    cursor: CursorWrapper, rows: Sequence[Undo], states: Mapping[int, LeadState]
) -> list[LeadState]:
    """Write back what the import overwrote; `rows` come last row first, so the oldest value is written last."""
    restored: dict[int, LeadState] = {}
    steps: list[int] = []
    for row in rows:
        state = states.get(row.lead_id)
        if state is None or not row.before:
            continue
        restored[state.id] = state
        steps += row.before.get(STEPS, [])
        for name, pair in row.before.items():
            if name != STEPS and jsonable(state.values[name]) == pair[1]:
                state.values[name] = _from_json(name, pair[0])
    if restored:
        say_history_is_given(cursor, True)
        write_states(cursor, list(restored.values()))
        say_history_is_given(cursor, False)
        cursor.execute("DELETE FROM leads_stagechange WHERE id = ANY(%s)", [steps])
    return list(restored.values())


def _from_json(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) and name.endswith("_at") else value


def _as_it_is(state: LeadState, import_id: int) -> LeadRestored:
    times = {stage.value: state.values[column] for stage, column in TIME_COLUMNS.items()}
    return LeadRestored(
        lead_id=state.id,
        import_id=import_id,
        stage=state.values["stage"],
        times={Stage.LEAD.value: state.captured_at, **times},
        owner_id=state.values["owner_id"],
        sdr_id=state.values["sdr_id"],
        dimensions={name: state.values[name] for name in DIMENSIONS},
    )


def _fact(state: LeadState, payload: Any, now: datetime) -> NewFact:
    return NewFact(
        payload=payload, occurred_at=now, person_id=state.person_id, company_id=state.values["company_id"]
    )
