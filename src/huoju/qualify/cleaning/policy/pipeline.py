"""The pipeline: every step over a whole batch, with a count and a time each; and rules tried on history."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from huoju.hub.identity.policy import EmailClass, PhoneKind

from .model import (
    CODES,
    BatchReport,
    Candidate,
    Cleaned,
    Code,
    Mode,
    Rule,
    RuleSet,
    Step,
    StepResult,
    StepStats,
    Submission,
    Verdict,
)
from .normal import normalise
from .rules import Compiled, compile_rules
from .steps import STEPS

type _Results = list[StepResult | None]

_BLOCKING = (Verdict.QUARANTINE, Verdict.DROP)


def run_batch(
    submissions: Sequence[Submission],
    rules: RuleSet,
    *,
    mode: Mode = Mode.ENFORCE,
    known_keys: Collection[str] = (),
    clock: Callable[[], float] | None = None,
) -> BatchReport:
    """Clean `submissions`. `known_keys` are keys of submissions that came in before this batch; `clock` gives
    seconds for the figures of the steps (without it they are zero)."""
    compiled = compile_rules(rules)
    now = clock or _no_clock
    stats: list[StepStats] = []
    remarks: list[list[StepResult] | None] = [None] * len(submissions)
    joins: dict[int, int] = {}

    started = now()
    country = compiled.default_country
    candidates = [normalise(raw, country) for raw in submissions]
    for step in Step:
        if step in compiled.off:
            continue
        if step is not Step.NORMALISE:
            started = now()
        results: _Results
        if compiled.has_nothing_for(step):
            results = [None] * len(candidates)
        elif step is Step.REPLAY:
            results = _replays(candidates, compiled, known_keys)
        elif step is Step.DUPLICATES:
            results = _duplicates(candidates, compiled, joins)
        else:
            judge = STEPS[step]
            results = [judge(candidate, compiled) for candidate in candidates]
        stats.append(_keep(step, results, remarks, candidates, mode, now() - started))
    cleaned = [
        _conclude(candidate, found, mode, joins.get(at))
        for at, (candidate, found) in enumerate(zip(candidates, remarks, strict=True))
    ]
    if joins:
        _only_onto_passed(cleaned, joins)
    return BatchReport(cleaned, tuple(stats), rules.version, mode)


def clean_one(submission: Submission, rules: RuleSet, *, mode: Mode = Mode.ENFORCE) -> Cleaned:
    """`run_batch` for a single submission."""
    return run_batch([submission], rules, mode=mode).cleaned[0]


def _no_clock() -> float:
    return 0.0


def _keep(
    step: Step,
    results: _Results,
    remarks: list[list[StepResult] | None],
    candidates: list[Candidate],
    mode: Mode,
    seconds: float,
) -> StepStats:
    """Note the results with their candidates, and count them."""
    counts = dict.fromkeys(Verdict, 0)
    silent = results.count(None)
    for at, result in enumerate(results) if silent < len(results) else ():
        if result is None:
            continue
        counts[result.verdict] += 1
        found = remarks[at]
        if found is None:
            remarks[at] = [result]
        else:
            found.append(result)
        if result.verdict is Verdict.REPAIR and mode is Mode.ENFORCE and CODES[result.code].clears == "phone":
            candidates[at] = candidates[at]._replace(phone=None)
    return StepStats(
        step,
        silent,
        counts[Verdict.REPAIR],
        counts[Verdict.QUARANTINE],
        counts[Verdict.DROP],
        seconds,
    )


def _conclude(candidate: Candidate, found: list[StepResult] | None, mode: Mode, joins: int | None) -> Cleaned:
    if found is None:
        return Cleaned(candidate, Verdict.PASS)
    remarks = tuple(found)
    if mode is Mode.ENFORCE:
        for result in remarks:
            if result.verdict in _BLOCKING:
                return Cleaned(candidate, result.verdict, result, remarks, joins)
    return Cleaned(candidate, Verdict.REPAIR, None, remarks, joins)


def _only_onto_passed(cleaned: list[Cleaned], joins: dict[int, int]) -> None:
    """A row cannot join a row that was held back; it then stands for itself."""
    for at, target in joins.items():
        if not cleaned[target].passed:
            cleaned[at] = cleaned[at]._replace(joins=None)


# --- The steps that look at the batch -----------------------------------------------------------------------


def _replays(candidates: list[Candidate], rules: Compiled, known_keys: Collection[str]) -> _Results:
    """The same submission again: the same key; or the same in everything with nothing to tell its person by. An equal
    row with a mobile or a personal mailbox is its person's repeat, and joins (see `_duplicates`)."""
    verdict = rules.verdicts[Code.REPLAYED]
    if verdict is None:
        return [None] * len(candidates)
    seen_keys: set[str] = set()
    seen: dict[Submission, int] = {}
    results: _Results = []
    for at, candidate in enumerate(candidates):
        raw = candidate.raw
        detail: str | None = None
        if raw.key and (raw.key in seen_keys or raw.key in known_keys):
            detail = raw.key
        elif not _tells_person(candidate) and (first := seen.setdefault(raw, at)) != at:
            detail = str(first + 1)
        if raw.key:
            seen_keys.add(raw.key)
        results.append(
            None if detail is None else StepResult(Step.REPLAY, verdict, Code.REPLAYED, "", detail)
        )
    return results


def _tells_person(candidate: Candidate) -> bool:
    phone, email = candidate.phone, candidate.email
    return (phone is not None and phone.kind is PhoneKind.MOBILE) or (
        email is not None and email.email_class in (EmailClass.WORK, EmailClass.FREE)
    )


def _duplicates(candidates: list[Candidate], rules: Compiled, joins: dict[int, int]) -> _Results:
    """The same person twice: the same mobile or the same personal mailbox. The later row joins the earlier
    one."""
    verdict = rules.verdicts[Code.DUPLICATE_IN_BATCH]
    if verdict is None:
        return [None] * len(candidates)
    seen: dict[str, int] = {}
    results: _Results = []
    for at, candidate in enumerate(candidates):
        phone, email = candidate.phone, candidate.email
        first, field = at, ""
        if (
            phone is not None
            and phone.kind is PhoneKind.MOBILE
            and (by_phone := seen.setdefault(phone.e164, at)) != at
        ):
            first, field = by_phone, "phone"
        if email is not None and email.email_class in (EmailClass.WORK, EmailClass.FREE):
            by_email = seen.setdefault(email.key, first)
            if by_email < first:
                first, field = by_email, "email"
        if first == at:
            results.append(None)
            continue
        joins[at] = first = joins.get(first, first)
        results.append(StepResult(Step.DUPLICATES, verdict, Code.DUPLICATE_IN_BATCH, field, str(first + 1)))
    return results


# --- Trying rules on history --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HistoricLead:
    """A lead of the past, as it came in, and whether it was won."""

    lead: int
    submission: Submission
    won: bool = False


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How many leads one reason would have blocked, and how many of them were won."""

    code: Code
    blocked: int
    won: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a rule set would have done: "would have blocked 37 leads, 2 of which were won"."""

    version: int
    total: int
    blocked: int
    won: int
    codes: tuple[CodeCount, ...]  # the most frequent first
    leads: tuple[int, ...]  # those blocked, in order


def backtest(rules: RuleSet, history: Iterable[HistoricLead]) -> Backtest:
    """Try `rules` on `history`. Replays and duplicates do not count: history is leads already told apart."""
    leads = list(history)
    batch_steps_off = (Rule(Step.REPLAY, enabled=False), Rule(Step.DUPLICATES, enabled=False))
    alone = RuleSet(rules.version, (*rules.rules, *batch_steps_off))
    report = run_batch([item.submission for item in leads], alone)
    blocked: list[int] = []
    counts: dict[Code, list[int]] = {}
    won = 0
    for item, cleaned in zip(leads, report.cleaned, strict=True):
        if cleaned.decided_by is None:
            continue
        blocked.append(item.lead)
        won += item.won
        count = counts.setdefault(cleaned.decided_by.code, [0, 0])
        count[0] += 1
        count[1] += item.won
    codes = sorted(
        (CodeCount(code, n, w) for code, (n, w) in counts.items()), key=lambda c: (-c.blocked, c.code)
    )
    return Backtest(rules.version, len(leads), len(blocked), won, tuple(codes), tuple(blocked))
