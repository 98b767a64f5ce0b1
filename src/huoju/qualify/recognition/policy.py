"""MQL criteria: which leads marketing recognises (市场认可线索), by versioned rules, with the trace of every
criterion.

Pure. The first rule whose scope (product line, source) covers the lead judges it; all its criteria must be
met.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from huoju.core.conditions import Condition, Op, compile_any, condition_from_json, record_fields
from huoju.core.conditions import validate as validate_conditions
from huoju.core.problems import Problem, within
from huoju.core.text import msgid
from huoju.qualify.leads.policy import Profile, Stage
from huoju.qualify.scoring.policy import Score


class Judgement(StrEnum):
    """What the criteria say of a lead."""

    MQL = "mql"
    NOT_YET = "not_yet"


@dataclass(frozen=True, slots=True)
class Criterion:
    """Met when at least one condition of `any_of` holds."""

    code: str
    label: str  # English msgid for criteria that ship with Huoju
    any_of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class MqlRule:
    """The criteria for one scope; an empty `products` or `sources` covers all. A source is a channel's code or its
    kind (paid, partner …)."""

    code: str
    label: str
    criteria: tuple[Criterion, ...]
    min_score: int = 0
    products: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class MqlRules:
    """One version of the criteria. Compared by identity: a version never changes once it is saved."""

    version: int
    rules: tuple[MqlRule, ...]


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """Whether one criterion was met."""

    code: str
    label: str
    met: bool


MIN_SCORE = "min_score"
"""Code of the criterion that comes from a rule's minimum score."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement, the rule that gave it (empty: no rule covers the lead) and what each criterion said."""

    judgement: Judgement
    rule: str
    version: int
    trace: tuple[CriterionResult, ...]

    @property
    def is_mql(self) -> bool:
        """Whether every criterion was met."""
        return self.judgement is Judgement.MQL

    @property
    def missing(self) -> tuple[str, ...]:
        """Codes of the criteria that were not met."""
        return tuple(result.code for result in self.trace if not result.met)


def judge(profile: Profile, score: Score | int, rules: MqlRules) -> Verdict:
    """Whether a lead with this score (or stored total) is an MQL under `rules`, and why."""
    return _compile(rules)(profile, score if isinstance(score, int) else score.total)


@lru_cache(maxsize=32)
def _compile(rules: MqlRules) -> Callable[[Profile, int], Verdict]:
    version = rules.version
    compiled = []
    for rule in rules.rules:
        tests = tuple(compile_any(criterion.any_of) for criterion in rule.criteria)
        verdicts: dict[tuple[bool, ...], Verdict] = {}  # few combinations occur, so each is written once
        compiled.append((rule, frozenset(rule.products), frozenset(rule.sources), tests, verdicts))
    nothing = Verdict(Judgement.NOT_YET, "", version, ())

    def run(profile: Profile, total: int) -> Verdict:
        for rule, products, sources, tests, verdicts in compiled:
            if products and profile.product not in products:
                continue
            if sources and profile.source not in sources and profile.source_kind not in sources:
                continue
            bits = (total >= rule.min_score, *[test(profile) for test in tests])
            verdict = verdicts.get(bits)
            if verdict is None:
                verdict = verdicts[bits] = _write(rule, version, bits)
            return verdict
        return nothing

    return run


def _write(rule: MqlRule, version: int, bits: tuple[bool, ...]) -> Verdict:
    trace = [
        CriterionResult(criterion.code, criterion.label, met)
        for criterion, met in zip(rule.criteria, bits[1:], strict=True)
    ]
    if rule.min_score > 0:
        trace.append(CriterionResult(MIN_SCORE, msgid("Score is high enough"), bits[0]))
    judgement = Judgement.MQL if all(bits) else Judgement.NOT_YET
    return Verdict(judgement, rule.code, version, tuple(trace))


def may_be_judged(
    stage: Stage, *, was_mql: bool, stage_at: datetime, came_at: datetime | None = None, given: bool = False
) -> bool:
    """Whether the criteria decide about a lead at all.

    A lead at the first stage is judged whenever its score is computed. One that people have put back (from MQL to
    lead, or to nurturing) was judged by them, and one that another system brought in where it stands (`given`) by that
    system: it takes fresh interest (`came_at`) after that to judge it again.
    """
    if stage is Stage.LEAD and not was_mql and not given:
        return True
    if stage not in (Stage.LEAD, Stage.NURTURING):
        return False
    return came_at is not None and came_at > stage_at


def validate(rules: MqlRules) -> list[str]:
    """What is wrong with `rules`, one English sentence each; empty when they may be activated."""
    errors: list[str] = []
    known = record_fields(Profile)
    codes: set[str] = set()
    covered = False
    for rule in rules.rules:
        if rule.code in codes:
            errors.append(Problem(msgid("rule '%(code)s' stands twice"), code=rule.code))
        codes.add(rule.code)
        if covered:
            errors.append(
                within(rule.code, Problem(msgid("never reached, an earlier rule covers every lead")))
            )
        covered = covered or not (rule.products or rule.sources)
        if not rule.criteria and rule.min_score <= 0:
            errors.append(within(rule.code, Problem(msgid("without criteria every lead would be an MQL"))))
        for criterion in rule.criteria:
            if not criterion.any_of:
                errors.append(
                    within(
                        f"{rule.code}, {criterion.code}",
                        Problem(msgid("a criterion without conditions is never met")),
                    )
                )
            errors += [
                within(f"{rule.code}, {criterion.code}", error)
                for error in validate_conditions(criterion.any_of, known)
            ]
    return errors


def rules_as_json(rules: MqlRules) -> list[dict[str, object]]:
    """`rules` (without the version) in the form in which a row keeps them."""
    return [
        {
            "code": rule.code,
            "label": rule.label,
            "min_score": rule.min_score,
            "products": list(rule.products),
            "sources": list(rule.sources),
            "criteria": [
                {
                    "code": criterion.code,
                    "label": criterion.label,
                    "any_of": [condition.as_json() for condition in criterion.any_of],
                }
                for criterion in rule.criteria
            ],
        }
        for rule in rules.rules
    ]


def rules_from_json(version: int, data: Iterable[Mapping[str, object]]) -> MqlRules:
    """The rules kept as `data`. Raises ValueError if the row is malformed (`validate` judges its sense)."""
    return MqlRules(version, tuple(_rule_from_json(row) for row in data))


def _rule_from_json(row: Mapping[str, object]) -> MqlRule:
    min_score = row.get("min_score", 0)
    if isinstance(min_score, bool) or not isinstance(min_score, int):
        raise ValueError(Problem(msgid("%(key)s must be a whole number"), key="min_score"))
    criteria = row.get("criteria", [])
    if not isinstance(criteria, list):
        raise ValueError(Problem(msgid("%(key)s must be a list of objects"), key="criteria"))
    return MqlRule(
        code=_text(row, "code"),
        label=_text(row, "label"),
        criteria=tuple(
            Criterion(
                _text(item, "code"),
                _text(item, "label"),
                tuple(condition_from_json(condition) for condition in item.get("any_of", [])),
            )
            for item in criteria
        ),
        min_score=min_score,
        products=_texts(row, "products"),
        sources=_texts(row, "sources"),
    )


def _text(row: Mapping[str, object], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise ValueError(Problem(msgid("%(key)s must be text"), key=key))
    return value


def _texts(row: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = row.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(Problem(msgid("%(key)s must be a list of texts"), key=key))
    return tuple(value)


_REACHABLE = Criterion(
    "reachable",
    msgid("Work e-mail address or mobile number"),
    (Condition("email_class", Op.IS, "work"), Condition("has_mobile", Op.IS, True)),
)
_COMPANY = Criterion("company", msgid("Company name is usable"), (Condition("company_usable", Op.IS, True),))
_TITLE = Criterion(
    "title",
    msgid("Job title is known"),
    (Condition("title", Op.KNOWN), Condition("seniority", Op.KNOWN)),
)
_NOT_STUDENT = Criterion(
    "not_student", msgid("Not a student or job seeker"), (Condition("seniority", Op.IS_NOT, "student"),)
)
_NO_TEST = Criterion("not_test", msgid("Not a test submission"), (Condition("is_test", Op.IS, False),))
_NOT_BLOCKED = Criterion(
    "not_blocked",
    msgid("Not a competitor, own staff or blacklisted"),
    (Condition("is_blocked", Op.IS, False),),
)
_SIZE = Criterion("size", msgid("Company size is known"), (Condition("company_size", Op.KNOWN),))

DEFAULT_RULES = MqlRules(
    version=1,
    rules=(
        # Whoever refers a customer, or comes through sales or a partner, has vouched for the person: title
        # and size may follow later.
        MqlRule(
            "vouched",
            msgid("Referral, partner or sales' own"),
            (_COMPANY, _REACHABLE, _NO_TEST, _NOT_BLOCKED),
            sources=("partner", "sales", "referral", "employee"),
        ),
        MqlRule(
            "standard",
            msgid("Standard"),
            (_COMPANY, _REACHABLE, _TITLE, _SIZE, _NOT_STUDENT, _NO_TEST, _NOT_BLOCKED),
            min_score=30,
        ),
    ),
)
"""A usable company name, a way to reach the person, title and company size, not a test, and a fair score."""
