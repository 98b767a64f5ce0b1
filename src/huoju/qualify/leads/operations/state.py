"""Leads as rows in memory: read with a lock, changed, and written back in one statement, or made by COPY."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from huoju.core.bulk import copy_rows, numbers, plain, texts
from huoju.hub.companies import operations as companies

from ..policy import OPEN, Stage

TIME_COLUMNS: dict[Stage, str] = {
    Stage.MQL: "mql_at",
    Stage.SQL: "sql_at",
    Stage.OPPORTUNITY: "opportunity_at",
    Stage.POC: "poc_at",
    Stage.WON: "won_at",
    Stage.LOST: "lost_at",
}
"""Stages whose first time has a column. (The first stage's is `captured_at`.)"""

TEXT_DIMENSIONS = (
    *("keyword", "landing_page", "referrer", "product", "region", "industry", "size", "segment", "grade"),
)
ID_DIMENSIONS = ("company_id", "channel_id", "campaign_id")
DIMENSIONS = (*ID_DIMENSIONS, *TEXT_DIMENSIONS)
"""What reports split by, and what may be corrected later."""

_PEOPLE = ("owner_id", "sdr_id", "assigned_at")
_STAGE = ("stage", "stage_at", "stage_actor", "stage_reason")
_REST = ("external_id", "warnings", "extra")
_WRITTEN = (*_STAGE, *TIME_COLUMNS.values(), *DIMENSIONS, *_PEOPLE, *_REST)
_READ = ("id", "person_id", "captured_at", *_WRITTEN)

_SQL_TYPES = (
    dict.fromkeys(_WRITTEN, "text")
    | dict.fromkeys((*TIME_COLUMNS.values(), "stage_at", "assigned_at"), "timestamptz")
    | dict.fromkeys((*ID_DIMENSIONS, "owner_id", "sdr_id"), "bigint")
)
_NULLABLE_TEXT = frozenset({"external_id"})
_JSON = frozenset({"warnings", "extra"})

_BLANK: dict[str, Any] = (
    dict.fromkeys(_WRITTEN, "")
    | {"warnings": [], "extra": {}}
    | dict.fromkeys((*TIME_COLUMNS.values(), "assigned_at", "external_id"), None)
    | dict.fromkeys((*ID_DIMENSIONS, "owner_id", "sdr_id"), None)
)


@dataclass(slots=True)
class LeadState:
    """One lead. `values` are its columns by name; `history` the steps that are to be written as they are given."""

    id: int
    person_id: int
    captured_at: datetime
    values: dict[str, Any]
    made: bool = False
    import_id: int | None = None
    score: int = 0
    band: str = ""
    history: list[tuple[str, str, datetime, str]] = field(default_factory=list)

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return Stage(self.values["stage"])

    @property
    def is_open(self) -> bool:
        """Whether a repeat by the person joins it."""
        return self.values["stage"] in OPEN


def new_state(
    id_: int,
    person_id: int,
    captured_at: datetime,
    actor: str,
    import_id: int | None,
    values: dict[str, Any],
) -> LeadState:
    """A lead that begins at the first stage."""
    begun = {"stage": Stage.LEAD.value, "stage_at": captured_at, "stage_actor": actor}
    return LeadState(id_, person_id, captured_at, {**_BLANK, **begun, **values}, True, import_id)


def jsonable(value: Any) -> Any:
    """A column's value as JSON can keep it."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def read_states(cursor: CursorWrapper, where: str, values: Sequence[Any]) -> list[LeadState]:
    """The leads that meet the SQL condition `where`, locked in the order of their ids."""
    cursor.execute(
        f"SELECT {', '.join(_READ)} FROM leads_lead WHERE {where} ORDER BY id FOR NO KEY UPDATE", values
    )
    states = []
    for id_, person_id, captured_at, *rest in cursor.fetchall():
        row = dict(zip(_WRITTEN, rest, strict=True))
        for name in _JSON:
            if isinstance(row[name], str):  # Django leaves jsonb of raw queries as text
                row[name] = json.loads(row[name])
        states.append(LeadState(id_, person_id, captured_at, row))
    return states


def write_states(cursor: CursorWrapper, states: Sequence[LeadState]) -> None:
    """Write changed leads back, without companies that are not there any more: two statements."""
    if not states:
        return
    there = companies.hold({id_ for state in states if (id_ := state.values["company_id"]) is not None})
    for state in states:
        if state.values["company_id"] not in there:
            state.values["company_id"] = None
    arrays = [numbers([state.id for state in states])]
    for name in _WRITTEN:
        column = [state.values[name] for state in states]
        if name in _JSON:
            arrays.append(texts([json.dumps(value, ensure_ascii=False) for value in column]))
        elif _SQL_TYPES[name] == "text":
            arrays.append(texts([value or "" for value in column]))
        else:
            arrays.append(numbers(column))
    names = ", ".join(_WRITTEN)
    types = ", ".join([f"%s::{_SQL_TYPES[name]}[]" for name in _WRITTEN])
    cursor.execute(
        f"""UPDATE leads_lead l SET {", ".join([f"{name} = {_cast(name)}" for name in _WRITTEN])}
            FROM unnest(%s::bigint[], {types}) AS r(id, {names}) WHERE l.id = r.id""",
        arrays,
    )


def _cast(name: str) -> str:
    if name in _JSON:
        return f"r.{name}::jsonb"
    return f"nullif(r.{name}, '')" if name in _NULLABLE_TEXT else f"r.{name}"


_COPIED = ("id", "person_id", "captured_at", "created_at", "import_id", "score", "band", *_WRITTEN)


def copy_states(cursor: CursorWrapper, states: Sequence[LeadState], now: datetime) -> None:
    """Make leads. Their ids are given already."""
    rows = []
    for state in states:
        head = (str(state.id), str(state.person_id), str(state.captured_at), str(now), plain(state.import_id))
        fields = [_field(name, state.values[name]) for name in _WRITTEN]
        rows.append((*head, str(state.score), state.band, *fields))
    copy_rows(cursor, "leads_lead", _COPIED, rows)


def _field(name: str, value: Any) -> str:
    if name in _JSON:
        return json.dumps(value, ensure_ascii=False)
    return plain(value)
