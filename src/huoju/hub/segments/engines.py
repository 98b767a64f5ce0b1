"""Evaluating a segment over everybody, and counting while somebody edits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .asking import compiler, is_timed_formula, iterate, offset_at, sources, statement
from .policy.formula import Formula


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Who is in; when time alone may change it, for whom; and who has to be looked at again because the view was older
    than the log."""

    members: set[int]
    due: Iterable[tuple[int, datetime]]
    unsure: Iterable[int] = ()


def evaluate_all(formula: Formula, *, now: datetime) -> Evaluated:
    """A formula over everybody. Reads only."""
    found = compiler(sources(), offset_at(now), restricted=False)
    members: set[int] = set()
    due: list[tuple[int, datetime]] = []
    if not is_timed_formula(formula):
        for rows in iterate(statement(found.members(formula)).whole(), now=now):
            members.update(row[0] for row in rows)  # type: ignore[misc]
        return Evaluated(members, due)
    for rows in iterate(statement(found.state(formula)).whole(), now=now):
        for profile_id, member, due_at in rows:
            if member:
                members.add(profile_id)  # type: ignore[arg-type]
            if due_at is not None:
                due.append((profile_id, due_at))  # type: ignore[arg-type]
    return Evaluated(members, due)
