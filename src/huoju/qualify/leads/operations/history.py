"""Placing moved-in history on a lead: where it stands now, when it was where, and what looks odd."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.backends.utils import CursorWrapper

from huoju.core.bulk import copy_rows, take_ids

from ..policy import OPEN, Stage, place_history
from .state import TIME_COLUMNS, LeadState

STEPS = "steps"
"""Key under which `Captured.before` keeps the ids of the steps that an import wrote."""

_COLUMNS = ("id", "lead_id", "from_stage", "to_stage", "at", "actor", "reason")


def place(
    state: LeadState,
    reached: Mapping[Stage, datetime],
    outcome: Stage | None,
    reason: str,
    *,
    actor: str,
    now: datetime,
    may_open: bool = True,
) -> list[str]:
    """Put the stages that a lead `reached` elsewhere, and how it ended there, on `state`; returns new warnings.

    The steps go to `state.history`, ending where the lead stands, so that whoever replays them ends there too. An
    earlier first time wins; what is known already changes nothing. With `may_open` false the lead keeps its stage if
    history would open it again: its person has another open lead.
    """
    stood, since = state.stage, state.values["stage_at"]
    news = {stage: at for stage, at in reached.items() if _is_news(state, stage, at)}
    if not news and outcome in (None, stood):
        return []
    base: dict[Stage, datetime] = {} if stood is Stage.LEAD else {stood: since}
    placed = place_history(state.captured_at, {**base, **news}, outcome=outcome, now=now)
    if placed.stage in OPEN and not may_open:
        placed = place_history(state.captured_at, {**base, **news}, outcome=stood, now=now)

    at_stage = stood
    for change in placed.changes:
        if (change.target is stood and change.at == since) or change.target is at_stage:
            continue
        state.history.append((at_stage.value, change.target.value, change.at, reason))
        at_stage = change.target
    if at_stage is not placed.stage:
        state.history.append((at_stage.value, placed.stage.value, placed.times[placed.stage], reason))
    for stage, at in placed.times.items():
        note_time(state, stage, at)
    if placed.stage is not stood:
        state.values |= {
            "stage": placed.stage.value,
            "stage_at": placed.times[placed.stage],
            "stage_actor": actor,
            "stage_reason": reason[:200],
        }
    known = state.values["warnings"]
    fresh = [warning.value for warning in placed.warnings if warning.value not in known]
    if fresh:
        state.values["warnings"] = [*known, *fresh]
    return fresh


def note_time(state: LeadState, stage: Stage, at: datetime) -> None:
    """Keep the earliest moment of a stage."""
    column = TIME_COLUMNS.get(stage)
    if column and ((known := state.values[column]) is None or at < known):
        state.values[column] = at


def _is_news(state: LeadState, stage: Stage, at: datetime) -> bool:
    if stage is Stage.LEAD:
        return False
    if stage is state.stage and at >= state.values["stage_at"]:
        return False
    known = state.values.get(TIME_COLUMNS.get(stage, ""))
    return known is None or at < known


def say_history_is_given(cursor: CursorWrapper, given: bool) -> None:
    """Whether, for the statements that follow, steps are written by `write_history` instead of the trigger."""
    cursor.execute("SELECT set_config('huoju.history_given', %s, true)", ["on" if given else "off"])


def write_history(cursor: CursorWrapper, states: Sequence[LeadState], actor: str) -> dict[int, list[int]]:
    """Write the steps of moved-in history; the ids of the rows by lead."""
    rows = [(state.id, *step) for state in states for step in state.history]
    ids = take_ids(cursor, "leads_stagechange", len(rows))
    written: dict[int, list[int]] = {}
    lines = []
    for id_, (lead_id, source, target, at, reason) in zip(ids, rows, strict=True):
        written.setdefault(lead_id, []).append(id_)
        lines.append((str(id_), str(lead_id), source, target, str(at), actor, reason[:200]))
    copy_rows(cursor, "leads_stagechange", _COLUMNS, lines)
    return written
