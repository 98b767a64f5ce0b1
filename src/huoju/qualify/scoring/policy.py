"""The first score: fit (who they are) plus engagement (what they do), decaying, capped, and explained line by
line.

    total = fit + engagement = the sum of the points of all lines, exactly

Pure. The moment `as_of` is an argument, so the same call answers "what was it on 1 May".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from math import fsum

from huoju.core.conditions import Condition, Op, compile_all, condition_from_json, record_fields
from huoju.core.conditions import validate as validate_conditions
from huoju.core.problems import Problem, within
from huoju.core.records import record
from huoju.core.text import msgid
from huoju.qualify.leads.policy import Profile

_DAY = 86_400.0


class Part(StrEnum):
    """The half of the score to which a line belongs."""

    FIT = "fit"
    ENGAGEMENT = "engagement"


class Band(StrEnum):
    """Fit × engagement in one letter, A best."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True)
class FitLine:
    """`points` (may be negative) for a profile that meets every condition of `when`."""

    code: str
    label: str  # English msgid for lines that ship with Huoju, free text for those of an administrator
    points: int
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class EngagementLine:
    """Points for each activity of one kind; they halve every `half_life_days`, and all of them together never
    exceed `cap` (for negative points: never fall below minus `cap`)."""

    kind: str
    label: str
    points: float
    half_life_days: float
    cap: float


@dataclass(frozen=True, slots=True)
class Silence:
    """`points` (negative) once nothing was heard for `after_days`, again each further `after_days`, at most
    `times` times."""

    after_days: float = 30.0
    points: int = -5
    times: int = 3


@dataclass(frozen=True, slots=True)
class BandLine:
    """`band` for a score with at least this fit and this engagement; the first line that holds decides."""

    band: Band
    min_fit: int
    min_engagement: int


@dataclass(frozen=True, slots=True, eq=False)
class ScoreRules:
    """One version of the scoring rules. Compared by identity: a version never changes once it is saved."""

    version: int
    fit: tuple[FitLine, ...]
    engagement: tuple[EngagementLine, ...]
    silence: Silence | None = None
    bands: tuple[BandLine, ...] = ()
    fit_cap: int = 50
    engagement_cap: int = 50


@dataclass(frozen=True, slots=True)
class Activity:
    """Something the person did. `withdrawn`: later judged not to have happened (a bot's click)."""

    kind: str
    at: datetime
    withdrawn: bool = False


@record
class Line:
    """One line of the explanation. `count` and `latest` tell how many activities it sums and when the last
    was."""

    part: Part
    code: str
    label: str
    points: int
    count: int = 0
    latest: datetime | None = None


@record
class Score:
    """A score and its explanation; `total` is `fit + engagement` and the sum of the points of `lines`."""

    fit: int
    engagement: int
    total: int
    band: Band
    version: int
    lines: tuple[Line, ...]


type _Scorer = Callable[[Profile, Sequence[Activity], datetime], Score]


def score(profile: Profile, activities: Sequence[Activity], rules: ScoreRules, as_of: datetime) -> Score:
    """The score of a lead at `as_of`. Activities may come in any order; withdrawn and later ones do not
    count."""
    return _compile(rules)(profile, activities, as_of)


@lru_cache(maxsize=32)
def _compile(rules: ScoreRules) -> _Scorer:
    fit_lines = tuple(
        (compile_all(line.when), line.points, Line(Part.FIT, line.code, line.label, line.points))
        for line in rules.fit
    )
    engagement_lines = {line.kind: line for line in rules.engagement}
    order = {line.kind: position for position, line in enumerate(rules.engagement)}
    silence, bands, version = rules.silence, rules.bands, rules.version
    fit_cap, engagement_cap = rules.fit_cap, rules.engagement_cap

    def run(profile: Profile, activities: Sequence[Activity], as_of: datetime) -> Score:
        lines: list[Line] = []
        fit = 0
        for test, points, line in fit_lines:
            if test(profile):
                fit += points
                lines.append(line)
        fit = _bounded(fit, fit_cap, Part.FIT, lines)

        by_kind: dict[str, list[tuple[float, datetime]]] = {}
        heard: datetime | None = None
        for activity in activities:
            kind, at = activity.kind, activity.at
            if activity.withdrawn or at > as_of or (rule := engagement_lines.get(kind)) is None:
                continue
            age = (as_of - at).total_seconds() / _DAY
            earned = rule.points * 0.5 ** (age / rule.half_life_days)
            if kind in by_kind:
                by_kind[kind].append((earned, at))
            else:
                by_kind[kind] = [(earned, at)]
            if rule.points > 0 and (heard is None or at > heard):
                heard = at
        engagement = 0
        for kind in sorted(by_kind, key=order.__getitem__) if len(by_kind) > 1 else by_kind:
            rule = engagement_lines[kind]
            done = by_kind[kind]
            # fsum is exact, so the order of the activities cannot show in the last digit.
            raw = done[0][0] if len(done) == 1 else fsum([earned for earned, _ in done])
            points = round(max(-rule.cap, min(rule.cap, raw)))
            latest = done[0][1] if len(done) == 1 else max(at for _, at in done)
            lines.append(Line(Part.ENGAGEMENT, kind, rule.label, points, len(done), latest))
            engagement += points
        if silence is not None and heard is not None:
            quiet = int((as_of - heard).total_seconds() / _DAY // silence.after_days)
            if quiet:
                points = silence.points * min(quiet, silence.times)
                lines.append(Line(Part.ENGAGEMENT, SILENCE, msgid("Silent since"), points, quiet, heard))
                engagement += points
        engagement = _bounded(engagement, engagement_cap, Part.ENGAGEMENT, lines)

        band = Band.D
        for row in bands:
            if fit >= row.min_fit and engagement >= row.min_engagement:
                band = row.band
                break
        return Score(fit, engagement, fit + engagement, band, version, tuple(lines))

    return run


SILENCE, CEILING, FLOOR = "silence", "ceiling", "floor"
"""Codes of the lines that no rule row names: the silence penalty, and what a bound took away or gave back."""


def _bounded(value: int, cap: int, part: Part, lines: list[Line]) -> int:
    """`value` kept within 0 … `cap`; whatever that changes becomes a line, so that the lines still add up."""
    if value > cap:
        lines.append(Line(part, CEILING, msgid("Upper limit"), cap - value))
        return cap
    if value < 0:
        lines.append(Line(part, FLOOR, msgid("Lower limit"), -value))
        return 0
    return value


def validate(rules: ScoreRules) -> list[str]:
    """What is wrong with `rules`, one English sentence each; empty when they may be activated."""
    errors: list[str] = []
    known = record_fields(Profile)
    for fit_line in rules.fit:
        if not fit_line.when:
            errors.append(
                within(fit_line.code, Problem(msgid("a line without conditions would hold for everybody")))
            )
        errors += [within(fit_line.code, error) for error in validate_conditions(fit_line.when, known)]
    errors += _twice(msgid("line '%(code)s' stands twice"), [line.code for line in rules.fit])
    for line in rules.engagement:
        if line.half_life_days <= 0:
            errors.append(within(line.kind, Problem(msgid("the half-life must be above zero days"))))
        if line.cap < abs(line.points):
            errors.append(
                within(line.kind, Problem(msgid("the cap is below the points of a single activity")))
            )
    errors += _twice(msgid("activity '%(code)s' stands twice"), [line.kind for line in rules.engagement])
    if rules.silence is not None:
        if rules.silence.after_days <= 0 or rules.silence.times < 1:
            errors.append(Problem(msgid("silence: days and times must be above zero")))
        if rules.silence.points > 0:
            errors.append(Problem(msgid("silence: the points must not be positive")))
    if rules.fit_cap <= 0 or rules.engagement_cap <= 0:
        errors.append(Problem(msgid("the upper limits must be above zero")))
    return errors


def _twice(template: str, codes: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    errors: list[str] = []
    for code in codes:
        if code in seen:
            errors.append(Problem(template, code=code))
        seen.add(code)
    return errors


# --- Rules as rows ------------------------------------------------------------------------------------------


def rules_as_json(rules: ScoreRules) -> dict[str, object]:
    """`rules` (without the version, which is the row's own column) in the form in which a row keeps them."""
    silence = rules.silence
    return {
        "fit": [
            {
                "code": line.code,
                "label": line.label,
                "points": line.points,
                "when": [condition.as_json() for condition in line.when],
            }
            for line in rules.fit
        ],
        "engagement": [
            {
                "kind": line.kind,
                "label": line.label,
                "points": line.points,
                "half_life_days": line.half_life_days,
                "cap": line.cap,
            }
            for line in rules.engagement
        ],
        "silence": silence
        and {"after_days": silence.after_days, "points": silence.points, "times": silence.times},
        "bands": [
            {"band": line.band.value, "min_fit": line.min_fit, "min_engagement": line.min_engagement}
            for line in rules.bands
        ],
        "fit_cap": rules.fit_cap,
        "engagement_cap": rules.engagement_cap,
    }


def rules_from_json(version: int, data: Mapping[str, object]) -> ScoreRules:
    """The rules kept as `data`. Raises ValueError if the row is malformed (`validate` judges its sense)."""
    silence = data.get("silence")
    return ScoreRules(
        version=version,
        fit=tuple(
            FitLine(
                _text(row, "code"),
                _text(row, "label"),
                _whole(row, "points"),
                tuple(condition_from_json(item) for item in _rows(row, "when")),
            )
            for row in _rows(data, "fit")
        ),
        engagement=tuple(
            EngagementLine(
                _text(row, "kind"),
                _text(row, "label"),
                _number(row, "points"),
                _number(row, "half_life_days"),
                _number(row, "cap"),
            )
            for row in _rows(data, "engagement")
        ),
        silence=Silence(_number(silence, "after_days"), _whole(silence, "points"), _whole(silence, "times"))
        if isinstance(silence, Mapping)
        else None,
        bands=tuple(
            BandLine(Band(_text(row, "band")), _whole(row, "min_fit"), _whole(row, "min_engagement"))
            for row in _rows(data, "bands")
        ),
        fit_cap=_whole(data, "fit_cap"),
        engagement_cap=_whole(data, "engagement_cap"),
    )


def _rows(data: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise ValueError(Problem(msgid("%(key)s must be a list of objects"), key=key))
    return value


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise ValueError(Problem(msgid("%(key)s must be text"), key=key))
    return value


def _whole(data: Mapping[str, object], key: str) -> int:
    value = _number(data, key)
    if not value.is_integer():
        raise ValueError(Problem(msgid("%(key)s must be a whole number"), key=key))
    return int(value)


def _number(data: Mapping[str, object], key: str) -> float:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(Problem(msgid("%(key)s must be a number"), key=key))
    return float(value)


# --- The rules that ship with Huoju -------------------------------------------------------------------------


def _when(
    field: str, op: Op, value: str | float | bool | tuple[str, ...] | None = None
) -> tuple[Condition, ...]:
    return (Condition(field, op, value),)


PURPOSE_ACTIVITIES: dict[str, str] = {
    "contact": "contact.requested",
    "trial": "demo.requested",
    "demo": "demo.requested",
    "download": "library.downloaded",
    "webinar": "webinar.registered",
    "gathering": "gathering.registered",
    "subscribe": "message.subscribed",
}
"""What submitting a form for each purpose counts as; other purposes count as `form.submitted`."""

DEFAULT_RULES = ScoreRules(
    version=1,
    fit=(
        FitLine("company", msgid("Company name is usable"), 10, _when("company_usable", Op.IS, True)),
        FitLine("work_email", msgid("Work e-mail address"), 8, _when("email_class", Op.IS, "work")),
        FitLine(
            "disposable_email",
            msgid("Disposable e-mail address"),
            -15,
            _when("email_class", Op.IS, "disposable"),
        ),
        FitLine("mobile", msgid("Mobile number"), 7, _when("has_mobile", Op.IS, True)),
        FitLine(
            "decision_maker",
            msgid("Decision maker"),
            10,
            _when("seniority", Op.IN, ("owner", "c_level", "vp")),
        ),
        FitLine("leader", msgid("Leads a team"), 7, _when("seniority", Op.IN, ("director", "manager"))),
        FitLine(
            "technical",
            msgid("Works in IT, data or research"),
            3,
            _when("function", Op.IN, ("it", "data", "research")),
        ),
        FitLine("student", msgid("Student or job seeker"), -20, _when("seniority", Op.IS, "student")),
        FitLine("large", msgid("500 employees or more"), 10, _when("employees", Op.AT_LEAST, 500)),
        FitLine(
            "middle",
            msgid("100 to 499 employees"),
            6,
            (Condition("employees", Op.AT_LEAST, 100), Condition("employees", Op.AT_MOST, 499)),
        ),
        FitLine("industry", msgid("Industry is known"), 2, _when("industry", Op.KNOWN)),
        FitLine("test", msgid("Test submission"), -50, _when("is_test", Op.IS, True)),
    ),
    engagement=(
        EngagementLine("demo.requested", msgid("Asked for a demo or trial"), 25, 30, 35),
        EngagementLine("contact.requested", msgid("Asked to be contacted"), 20, 30, 30),
        EngagementLine("call.connected", msgid("Spoke on the telephone"), 15, 30, 30),
        EngagementLine("gathering.attended", msgid("Attended an event"), 15, 60, 30),
        EngagementLine("webinar.attended", msgid("Attended a webinar"), 10, 45, 20),
        EngagementLine("gathering.registered", msgid("Registered for an event"), 8, 45, 16),
        EngagementLine("webinar.registered", msgid("Registered for a webinar"), 6, 45, 12),
        EngagementLine("library.downloaded", msgid("Downloaded a document"), 8, 30, 20),
        EngagementLine("form.submitted", msgid("Submitted a form"), 8, 30, 20),
        EngagementLine("message.subscribed", msgid("Subscribed"), 4, 60, 4),
        EngagementLine("page.viewed", msgid("Viewed a page"), 1, 14, 10),
        EngagementLine("message.clicked", msgid("Clicked in a message"), 3, 14, 12),
        EngagementLine("lead.touched", msgid("Came again"), 5, 30, 15),
        EngagementLine("call.refused", msgid("Refused a call"), -10, 60, 20),
        EngagementLine("message.unsubscribed", msgid("Unsubscribed"), -15, 180, 30),
    ),
    silence=Silence(),
    bands=(
        BandLine(Band.A, 30, 15),
        BandLine(Band.B, 30, 0),
        BandLine(Band.B, 20, 20),
        BandLine(Band.C, 15, 0),
        BandLine(Band.C, 0, 20),
        BandLine(Band.D, 0, 0),
    ),
)
"""A start: who decides at a company of some size counts as much as what they do."""
