"""Reading persons to compare, the model, its runs, and what people's decisions say of it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

from huoju.core.problems import Problem
from huoju.core.rules import RuleBook
from huoju.core.text import msgid
from huoju.hub.identity import queries as identity
from huoju.hub.identity.policy import Method

from .models import MatchingModel, MatchingRun, RunState
from .policy import (
    PERSONS,
    Judged,
    Record,
    Weights,
    fitted,
    problems,
    read_weights,
)

_SHIPPED = Path(__file__).parent / "data" / "weights.json"
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Model:
    """A version of the model: its weights, and the probability from which a pair is suggested."""

    version: int
    weights: Weights
    threshold: float


def _parse(version: int, content: Any) -> Model:
    weights = fitted(read_weights(content["weights"]), _shipped_weights(), PERSONS)
    return Model(version, weights, float(content["threshold"]))


@cache
def _shipped_weights() -> Weights:
    return read_weights(shipped()["weights"])


def _validate(model: Model) -> list[str]:
    found = problems(model.weights, PERSONS)
    if not 0.05 <= model.threshold <= 0.999:
        found.append(Problem(msgid("The threshold must lie between 5 % and 99.9 %.")))
    return found


def shipped() -> dict[str, Any]:
    """The model that ships with Huoju: weights learned from generated contacts (docs/matching.md)."""
    return {"weights": json.loads(_SHIPPED.read_text(encoding="utf-8")), "threshold": PERSONS.threshold}


MODELS = RuleBook(model=MatchingModel, parse=_parse, validate=_validate, default=shipped)
"""All versions of the model."""


def count_persons() -> int:
    """How many persons there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM identity_person")
        return int(cursor.fetchone()[0])


_COLUMNS = """p.id, p.name, coalesce(c.name, ''), p.mobile, p.email, p.title,
              coalesce(nullif(p.region, ''), c.region, '')"""
_FROM = "FROM identity_person p LEFT JOIN companies_company c ON c.id = p.company_id"


def stream_records() -> Iterator[list[Record]]:
    """All persons, by id, in pieces that are statements of their own: no transaction stays open meanwhile."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_COLUMNS} {_FROM} WHERE p.id > %s ORDER BY p.id LIMIT %s", [after, _CHUNK]
            )
            records = [Record(*row) for row in cursor.fetchall()]
        if not records:
            return
        yield records
        after = records[-1].id


def get_records(person_ids: Iterable[int]) -> dict[int, Record]:
    """Persons by id as they are compared. One query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} {_FROM} WHERE p.id = ANY(%s)", [sorted(set(person_ids))])
        return {row[0]: Record(*row) for row in cursor.fetchall()}


def refused_pairs() -> set[tuple[int, int]]:
    """Pairs of profiles of which somebody has said that they are two people, the lower id first."""
    no = [(label.left, label.right) for label in identity.labels() if not label.same]
    profiles = identity.profiles_of({person for pair in no for person in pair})
    return {_sorted(profiles[left], profiles[right]) for left, right in no}


def _sorted(one: int, two: int) -> tuple[int, int]:
    return (one, two) if one < two else (two, one)


def judged_pairs() -> list[Judged]:
    """People's decisions, for figures: on the matcher's suggestions, and pairs that somebody found without it.

    Decisions on what one input named together say nothing of the matcher: it never sees shared identifiers.
    """
    return [
        Judged(label.same, label.score, label.method == Method.SPLINK)
        for label in identity.labels()
        if label.method == Method.SPLINK or (label.method == Method.HAND and label.same)
    ]


def last_run() -> MatchingRun | None:
    """The run that was asked for last."""
    return MatchingRun.objects.order_by("-id").first()


def last_finished() -> MatchingRun | None:
    """The last run that came to its end."""
    return MatchingRun.objects.filter(state=RunState.DONE).order_by("-id").first()


def list_runs(limit: int = 10) -> Sequence[MatchingRun]:
    """The last runs, newest first."""
    return list(MatchingRun.objects.order_by("-id")[:limit])


def get_run(run_id: int) -> MatchingRun | None:
    """A run, if there is one of that id."""
    return MatchingRun.objects.filter(pk=run_id).first()


def counts_of(run: MatchingRun | None) -> Mapping[str, int]:
    """How many pairs a run found, by band."""
    return run.bands if run else {}
