"""A run: read the persons, learn, compare, ask people. Nothing here merges anybody."""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huoju.core.errors import UserError
from huoju.core.rules import InvalidRulesError
from huoju.hub.identity import queries as identity
from huoju.hub.identity.operations import propose_batch
from huoju.hub.identity.policy import Agreement, Evidence, Method, Suggestion

from . import queries
from .models import MatchingRun, RunState
from .policy import EDGES, PERSONS, Pair, Record, as_content, count_bands, features_of
from .queries import MODELS, Model

SOURCE = "matching"
ENOUGH_TO_TRAIN = 2_000
"""With fewer persons the weights that ship with Huoju are better than what so few can teach."""
GROWN = 1.5
"""A model is learned anew once there are so many times the persons that it was learned from."""
_WRITTEN = 500
_MOST_SUGGESTIONS = 20_000
"""No run puts more than this into the queue, the likeliest first: nobody reads more before the next one."""


class MatcherMissingError(UserError):
    """Splink is not installed."""


def load_engine() -> Any:
    """The module `engine`. Raises `MatcherMissingError`, which says what to install, where Splink is missing."""
    try:
        return importlib.import_module("huoju.hub.matching.engine")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("huoju"):
            raise
        raise MatcherMissingError(
            _(
                "Suggestions of the same person need the package Splink. Install it with: pip install 'huoju[matching]'"
            ),
            code="matching_missing",
        ) from error


def open_run(*, actor: str, train: bool, now: datetime) -> MatchingRun:
    """A run that waits. Raises `UserError` while another one is under way, or if Splink is missing."""
    load_engine()
    try:
        with transaction.atomic():
            return MatchingRun.objects.create(actor=actor, train=train, requested_at=now)
    except IntegrityError as error:
        raise UserError(_("A search is under way already.")) from error


def carry_out(run_id: int) -> None:
    """Do a run from its beginning; safe to repeat. Problems end up in the run, those of the program are raised too."""
    run = MatchingRun.objects.get(pk=run_id)
    if not run.under_way:
        return
    run.state, run.started_at, run.problem = RunState.RUNNING, timezone.now(), ""
    run.save()
    try:
        _search(run)
    except UserError as error:
        _finish(run, RunState.FAILED, str(error))
    except Exception as error:
        _finish(run, RunState.FAILED, f"{type(error).__name__}: {error}"[:1000])
        raise
    else:
        _finish(run, RunState.DONE)


def _finish(run: MatchingRun, state: RunState, problem: str = "") -> None:
    run.state, run.problem, run.finished_at = state, problem, timezone.now()
    run.save()


def _step(run: MatchingRun, step: str, *, done: int = 0, total: int = 0) -> None:
    run.step, run.done, run.total = step, done, total
    run.save(update_fields=["step", "done", "total"])


def _search(run: MatchingRun) -> None:
    engine = load_engine()
    run.persons = total = queries.count_persons()
    _step(run, "read", total=total)
    with engine.Matcher(PERSONS, spark=_spark()) as matcher:
        for records in queries.stream_records():
            matcher.load([features_of(record) for record in records])
            _step(run, "read", done=min(matcher.rows, total), total=total)
        run.persons = matcher.rows
        run.crowds = {block: count for block, count in matcher.empty_crowds().items() if count}
        run.candidates = matcher.candidates()
        model = MODELS.active()
        if matcher.rows >= ENOUGH_TO_TRAIN and (
            run.train or matcher.rows > GROWN * model.weights.rows or not model.weights.trained
        ):
            _step(run, "train")
            model = _learn(matcher, model, run)
        run.version, run.threshold = model.version, model.threshold
        _step(run, "compare")
        found = list(matcher.score(model.weights, threshold=EDGES[0]))
    _suggest(run, found, model)


def _spark() -> Any:
    """The Spark session of the installation; None where DuckDB is the engine."""
    if not settings.LAKE_ENGINE.startswith("spark"):
        return None
    return importlib.import_module("huoju.core.lake.spark").session(settings.LAKE_ENGINE)


def _learn(matcher: Any, model: Model, run: MatchingRun) -> Model:
    """A new version with weights from our own persons. Weights that make no sense are not taken; the run says so."""
    content = {"weights": as_content(matcher.train(model.weights)), "threshold": model.threshold}
    try:
        row = MODELS.save(content=content, note="", user_id=None, now=timezone.now())
        MODELS.activate(version=row.version, now=timezone.now())
    except InvalidRulesError as error:
        run.problem = str(error)[:1000]
        return model
    return MODELS.active()


def _suggest(run: MatchingRun, found: Sequence[Pair], model: Model) -> None:
    """Put the likely pairs before people: one for each two profiles, none that is one already or was refused."""
    refused = queries.refused_pairs()
    profiles = identity.profiles_of({person for pair in found for person in (pair.left, pair.right)})
    best: dict[tuple[int, int], Pair] = {}
    asked_before: set[tuple[int, int]] = set()
    for pair in found:  # the likeliest first
        left, right = sorted((profiles[pair.left], profiles[pair.right]))
        if left == right:
            continue
        if (left, right) in refused:
            asked_before.add((left, right))
            continue
        best.setdefault((left, right), pair)
    run.bands = count_bands(pair.probability for pair in best.values())
    run.refused = len(asked_before)
    likely = [pair for pair in best.values() if pair.probability >= model.threshold][:_MOST_SUGGESTIONS]
    run.above = len(likely)
    _step(run, "write", total=len(likely))
    for batch in batched(likely, _WRITTEN, strict=False):
        records = queries.get_records([person for pair in batch for person in (pair.left, pair.right)])
        suggestions = list(_suggestions(batch, records))
        with transaction.atomic():
            made = propose_batch(
                suggestions,
                method=Method.SPLINK,
                actor=f"rule:matching/{model.version}",
                source=SOURCE,
                now=timezone.now(),
            )
        run.suggested += sum(1 for proposal in made if proposal is not None)
        _step(run, "write", done=run.done + len(batch), total=len(likely))


def _suggestions(pairs: Sequence[Pair], records: Mapping[int, Record]) -> Iterator[Suggestion]:
    for pair in pairs:
        left, right = records.get(pair.left), records.get(pair.right)
        if left is None or right is None:  # erased since they were read
            continue
        compared = {agreement.field: agreement for agreement in pair.agreements}
        evidence: list[Evidence] = []
        for comparison in PERSONS.comparisons:
            field = comparison.code
            agreement = compared.get(field)
            level, weight = Agreement.UNKNOWN, 0.0
            if agreement is not None:
                level, weight = Agreement(PERSONS.degree(field, agreement.level)), agreement.weight
            values = getattr(left, field), getattr(right, field)
            if any(values):
                evidence.append(Evidence(field, *values, level=level, weight=weight))
        yield Suggestion(pair.left, pair.right, pair.probability, tuple(evidence))
