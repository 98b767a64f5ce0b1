"""The lifecycle of a lead: its stages, the one transition table, first times, and how imported history is
placed.

    lead → mql → sql → opportunity → poc → won        disqualified · nurturing · lost · pool beside them

Pure. Only `leads.operations` sets a stage, and it asks `check_transition` first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from huoju.core.access.policy import Role
from huoju.core.records import record
from huoju.core.text import msgid


class Stage(StrEnum):
    """Where a lead stands. The first six are the funnel, in order; the other four stand beside it."""

    LEAD = "lead"  # 潜在线索
    MQL = "mql"  # 市场认可线索
    SQL = "sql"  # 销售认可线索
    OPPORTUNITY = "opportunity"  # 商机
    POC = "poc"
    WON = "won"  # 签单
    DISQUALIFIED = "disqualified"  # 无效
    NURTURING = "nurturing"  # 培育
    LOST = "lost"  # 输单
    POOL = "pool"  # 公海


FUNNEL: tuple[Stage, ...] = (Stage.LEAD, Stage.MQL, Stage.SQL, Stage.OPPORTUNITY, Stage.POC, Stage.WON)
SIDE_STATES: tuple[Stage, ...] = (Stage.DISQUALIFIED, Stage.NURTURING, Stage.LOST, Stage.POOL)
RANK: dict[Stage, int] = {stage: rank for rank, stage in enumerate(FUNNEL)}
"""Position in the funnel, 0 … 5; side states have none."""

CLOSED: frozenset[Stage] = frozenset({Stage.WON, Stage.LOST, Stage.DISQUALIFIED})
OPEN: frozenset[Stage] = frozenset(Stage) - CLOSED
"""Stages in which a repeat by the same person joins the lead as a new touch. After a closed one a new lead
begins."""

WITH_SALES: frozenset[Stage] = frozenset({Stage.SQL, Stage.OPPORTUNITY, Stage.POC})
"""Stages in which a sales person works on the lead; each counts against that person's capacity."""


def is_open(stage: Stage | str) -> bool:
    """Whether a repeat joins a lead in `stage`."""
    return stage in OPEN


class Grade(StrEnum):
    """What both teams think a lead is worth; stands beside the stage."""

    INVALID = "invalid"  # 无效
    CULTIVABLE = "cultivable"  # 可培养
    INTERESTED = "interested"  # 有意向
    CONVERTIBLE = "convertible"  # 可转化
    COOPERATED = "cooperated"  # 已合作


class By(StrEnum):
    """A mover that is not a person."""

    RULE = "rule"  # a rule version: MQL criteria, SLA recycling, idle return
    HISTORY = "history"  # dates brought in from an old system: anything may have happened


type Mover = Role | By


@dataclass(frozen=True, slots=True)
class Transition:
    """One permitted step: who may take it, and whether it needs a reason in words."""

    source: Stage
    target: Stage
    movers: frozenset[Mover]
    needs_reason: bool


_RULE, _MKT, _TEL, _SALES, _MGR = By.RULE, Role.MARKETING, Role.TELEMARKETING, Role.SALES, Role.SALES_MANAGER
_ADM = Role.ADMIN
_MARKETERS: tuple[Mover, ...] = (_MKT, _TEL, _ADM)
_SELLERS: tuple[Mover, ...] = (_SALES, _MGR, _ADM)
_PEOPLE: tuple[Mover, ...] = (_MKT, _TEL, _SALES, _MGR, _ADM)

_S = Stage
_ROWS: tuple[tuple[Stage, Stage, tuple[Mover, ...], bool], ...] = (
    # Recognition, by rule or by hand.
    (_S.LEAD, _S.MQL, (_RULE, *_MARKETERS), False),
    (_S.LEAD, _S.SQL, _SELLERS, False),  # sales' own leads need no marketing blessing
    (_S.LEAD, _S.NURTURING, (_RULE, *_PEOPLE), True),
    (_S.LEAD, _S.DISQUALIFIED, (_RULE, *_PEOPLE), True),
    # Hand-over: accepted, given back, or taken from nobody's hands.
    (_S.MQL, _S.SQL, _SELLERS, False),
    (_S.MQL, _S.LEAD, _MARKETERS, True),  # marked by mistake
    (_S.MQL, _S.NURTURING, (_RULE, *_PEOPLE), True),
    (_S.MQL, _S.DISQUALIFIED, _PEOPLE, True),
    (_S.MQL, _S.POOL, (_RULE, _MGR, _ADM), True),
    # Selling.
    (_S.SQL, _S.OPPORTUNITY, _SELLERS, False),
    (_S.SQL, _S.NURTURING, _SELLERS, True),
    (_S.SQL, _S.DISQUALIFIED, _SELLERS, True),
    (_S.SQL, _S.LOST, _SELLERS, True),
    (_S.SQL, _S.POOL, (_RULE, *_SELLERS), True),
    (_S.OPPORTUNITY, _S.POC, _SELLERS, False),
    (_S.OPPORTUNITY, _S.WON, _SELLERS, False),
    (_S.OPPORTUNITY, _S.LOST, _SELLERS, True),
    (_S.OPPORTUNITY, _S.NURTURING, _SELLERS, True),
    (_S.OPPORTUNITY, _S.SQL, (_MGR, _ADM), True),  # opened by mistake
    (_S.POC, _S.WON, _SELLERS, False),
    (_S.POC, _S.OPPORTUNITY, _SELLERS, True),  # the trial ended, talks go on
    (_S.POC, _S.LOST, _SELLERS, True),
    (_S.POC, _S.NURTURING, _SELLERS, True),
    (_S.WON, _S.OPPORTUNITY, (_MGR, _ADM), True),  # the contract fell through
    # Back from the side.
    (_S.NURTURING, _S.LEAD, (_RULE, *_MARKETERS), False),
    (_S.NURTURING, _S.MQL, (_RULE, *_MARKETERS), False),
    (_S.NURTURING, _S.SQL, _SELLERS, False),
    (_S.NURTURING, _S.POOL, (_MGR, _ADM), True),
    (_S.NURTURING, _S.DISQUALIFIED, (_RULE, *_PEOPLE), True),
    (_S.POOL, _S.SQL, _SELLERS, False),  # picked from the pool
    (_S.POOL, _S.MQL, (_RULE, _MGR, _ADM), False),  # routed again
    (_S.POOL, _S.NURTURING, (_RULE, *_PEOPLE), True),
    (_S.POOL, _S.DISQUALIFIED, (_MKT, _MGR, _ADM), True),
    (_S.LOST, _S.NURTURING, (_RULE, _MKT, *_SELLERS), True),
    (_S.LOST, _S.OPPORTUNITY, _SELLERS, True),  # the customer came back
    (_S.DISQUALIFIED, _S.LEAD, (_MKT, _TEL, _MGR, _ADM), True),  # judged wrongly
)

TRANSITIONS: dict[tuple[Stage, Stage], Transition] = {
    (source, target): Transition(source, target, frozenset(movers), needs_reason)
    for source, target, movers, needs_reason in _ROWS
}
"""The transition table; a pair that is missing here does not exist."""


class Refusal(StrEnum):
    """Why a step is refused."""

    ALREADY_THERE = "already_there"
    NO_SUCH_STEP = "no_such_step"
    NOT_ALLOWED = "not_allowed"
    NEEDS_REASON = "needs_reason"
    # What only the stored lead can tell.
    GONE = "gone"
    MOVED_MEANWHILE = "moved_meanwhile"
    OTHER_OPEN_LEAD = "other_open_lead"


REFUSAL_LABELS: dict[Refusal, str] = {
    Refusal.ALREADY_THERE: msgid("The lead is at this stage already."),
    Refusal.NO_SUCH_STEP: msgid("A lead cannot go from its stage to that one."),
    Refusal.NOT_ALLOWED: msgid("Your role may not take this step."),
    Refusal.NEEDS_REASON: msgid("Please give a reason."),
    Refusal.GONE: msgid("This lead does not exist any more."),
    Refusal.MOVED_MEANWHILE: msgid("Somebody else has moved this lead meanwhile."),
    Refusal.OTHER_OPEN_LEAD: msgid("This person has another open lead."),
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """The step may be taken."""

    source: Stage
    target: Stage


@dataclass(frozen=True, slots=True)
class Refused:
    """The step may not be taken."""

    source: Stage
    target: Stage
    reason: Refusal


def check_transition(source: Stage, target: Stage, *, mover: Mover, reason: str = "") -> Allowed | Refused:
    """Whether `mover` may take a lead from `source` to `target`, giving `reason` (may be empty)."""
    if source is target:
        return Refused(source, target, Refusal.ALREADY_THERE)
    if mover is By.HISTORY:
        return Allowed(source, target)
    transition = TRANSITIONS.get((source, target))
    if transition is None:
        return Refused(source, target, Refusal.NO_SUCH_STEP)
    if mover not in transition.movers:
        return Refused(source, target, Refusal.NOT_ALLOWED)
    if transition.needs_reason and not reason.strip():
        return Refused(source, target, Refusal.NEEDS_REASON)
    return Allowed(source, target)


def next_stages(source: Stage, *, mover: Mover) -> tuple[Stage, ...]:
    """The stages to which `mover` may take a lead from `source`, in the table's order: the buttons to
    show."""
    return tuple(row[1] for row in _ROWS if row[0] is source and mover in row[2])


# --- First times --------------------------------------------------------------------------------------------

type Times = Mapping[Stage, datetime]


def first_times(times: Times, stage: Stage, at: datetime) -> dict[Stage, datetime]:
    """`times` with `stage` reached at `at`. The earliest moment wins, so facts may arrive in any order; a
    stage that was jumped over stays blank (reports decide what a jump means; we do not invent a moment)."""
    kept = dict(times)
    if (known := kept.get(stage)) is None or at < known:
        kept[stage] = at
    return kept


class DataWarning(StrEnum):
    """Something odd about a lead's dates. Kept and shown, never a reason to refuse history."""

    WON_BEFORE_CAPTURED = "won_before_captured"
    STAGE_BEFORE_CAPTURED = "stage_before_captured"
    OUT_OF_ORDER = "out_of_order"
    IN_THE_FUTURE = "in_the_future"
    UNDATED_OUTCOME = "undated_outcome"


WARNING_LABELS: dict[DataWarning, str] = {
    DataWarning.WON_BEFORE_CAPTURED: msgid("Won before it was captured"),
    DataWarning.STAGE_BEFORE_CAPTURED: msgid("Reached a stage before it was captured"),
    DataWarning.OUT_OF_ORDER: msgid("Stage dates are out of order"),
    DataWarning.IN_THE_FUTURE: msgid("A stage date lies in the future"),
    DataWarning.UNDATED_OUTCOME: msgid("The outcome had no date; the last known date stands in"),
}


@dataclass(frozen=True, slots=True)
class StageChange:
    """One step of a lead's history."""

    source: Stage
    target: Stage
    at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """Where imported dates put a lead: its stage now, the first times, the steps in between, and what looks
    odd."""

    stage: Stage
    times: dict[Stage, datetime]
    changes: tuple[StageChange, ...]
    warnings: tuple[DataWarning, ...]


def place_history(
    captured_at: datetime,
    reached: Times,
    *,
    outcome: Stage | None = None,
    now: datetime | None = None,
) -> History:
    """The history of a lead captured at `captured_at` that reached the stages of `reached`, given in any
    order.

    The stage is `outcome` if the old system names one, else a closing stage among the dates (won before lost
    before disqualified), else the side state that was entered last of all, else the furthest funnel stage.
    Steps are listed in the order of their moments, but a later funnel stage never precedes an earlier one
    that was reached at the same moment. A stage dated before the capture keeps its true date and raises a
    warning.
    """
    times: dict[Stage, datetime] = dict(reached)
    times.pop(Stage.LEAD, None)
    stage = outcome or _final_stage(times)
    steps = sorted(times.items(), key=lambda item: (item[1], RANK.get(item[0], len(FUNNEL))))
    times[Stage.LEAD] = captured_at
    warnings = _warnings(captured_at, times, now)

    changes: list[StageChange] = []
    at_stage = Stage.LEAD
    for target, at in steps:
        changes.append(StageChange(at_stage, target, at))
        at_stage = target
    if at_stage is not stage:
        # The dates do not end where the lead stands (an earlier win, an outcome without a date): close the
        # gap at the last known moment, so that replaying the steps gives the stage.
        last = max(times.values())
        changes.append(StageChange(at_stage, stage, last))
        if stage not in times:
            times[stage] = last
            warnings.append(DataWarning.UNDATED_OUTCOME)
    return History(stage, times, tuple(changes), tuple(warnings))


def _final_stage(times: Times) -> Stage:
    for closing in (Stage.WON, Stage.LOST, Stage.DISQUALIFIED):
        if closing in times:
            return closing
    if not times:
        return Stage.LEAD
    latest = max(times.items(), key=lambda item: (item[1], item[0] in SIDE_STATES))[0]
    if latest in SIDE_STATES:
        return latest
    return max((stage for stage in times if stage in RANK), key=RANK.__getitem__)


def _warnings(captured_at: datetime, times: Times, now: datetime | None) -> list[DataWarning]:
    found: list[DataWarning] = []
    if Stage.WON in times and times[Stage.WON] < captured_at:
        found.append(DataWarning.WON_BEFORE_CAPTURED)
    if any(at < captured_at for stage, at in times.items() if stage is not Stage.WON):
        found.append(DataWarning.STAGE_BEFORE_CAPTURED)
    moments = [times[stage] for stage in FUNNEL[1:] if stage in times]
    if any(later < earlier for earlier, later in pairwise(moments)):
        found.append(DataWarning.OUT_OF_ORDER)
    if now is not None and any(at > now for at in times.values()):
        found.append(DataWarning.IN_THE_FUTURE)
    return found


# --- What rules see of a lead -------------------------------------------------------------------------------


@record
class Profile:
    """A lead as the rules of scoring, recognition and routing see it: codes and bits, no contact data.

    Empty text means unknown; `employees` is the lower bound of the company's size band (0: unknown).
    """

    has_name: bool = False
    has_mobile: bool = False
    email_class: str = ""  # hub.identity.policy.EmailClass, "" without a mail address
    company_usable: bool = False
    title: str = ""
    function: str = ""  # hub.companies.policy.Function
    seniority: str = ""  # hub.companies.policy.Seniority
    company_size: str = ""  # hub.companies.policy.SizeBand
    employees: int = 0
    industry: str = ""  # hub.companies.policy.INDUSTRIES
    region: str = ""  # GB/T 2260 province, two digits
    city: str = ""  # GB/T 2260 city, four digits
    country: str = ""  # ISO 3166-1 alpha-2
    language: str = ""
    product: str = ""
    source: str = ""  # channel code
    campaign: str = ""
    form: str = ""
    is_test: bool = False
    is_blocked: bool = False  # blacklisted, competitor or own staff
    owner: int = 0  # id of the sales person who has this person's earlier lead, if any
    account: str = ""  # code of the named account to which the company belongs, if any
    account_owner: int = 0  # id of the sales person who owns that account
    source_kind: str = ""  # kind of the channel: free, paid, partner, sales, referral, employee
