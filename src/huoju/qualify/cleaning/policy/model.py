"""The words of cleaning: what came in, what became of it, and what each step said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from huoju.core.geo import Region
from huoju.core.pickling import packed
from huoju.core.text import msgid
from huoju.hub.companies.policy import CompanyName, Title, Unusable
from huoju.hub.identity.policy import Email, EmailProblem, Name, Phone, PhoneProblem


class Step(StrEnum):
    """The named steps, in the order in which they run."""

    NORMALISE = "normalise"
    REPLAY = "replay"  # the same submission again
    TEST = "test"
    PHONE = "phone"
    EMAIL = "email"
    NAME = "name"
    MESSAGE = "message"
    REACHABLE = "reachable"
    DUPLICATES = "duplicates"  # the same person twice in one batch
    COMPETITORS = "competitors"  # and own staff
    BLACKLIST = "blacklist"
    MARKET = "market"


class Verdict(StrEnum):
    """What a step says of a candidate; the first quarantine or drop decides."""

    PASS = "pass"  # noqa: S105 - a verdict
    REPAIR = "repair"  # mended or worth a remark; goes on
    QUARANTINE = "quarantine"  # waits for a person to review it
    DROP = "drop"  # becomes no lead; kept with its reason


class Mode(StrEnum):
    """ENFORCE blocks; RECORD notes the same verdicts as warnings and lets everything through (moved-in
    history)."""

    ENFORCE = "enforce"
    RECORD = "record"


class Code(StrEnum):
    """Why a step did not simply pass. `CODES` says to which step each belongs, and what follows from it."""

    PHONE_MENDED = "phone_mended"
    EMAIL_MENDED = "email_mended"
    REPLAYED = "replayed"
    DUPLICATE_IN_BATCH = "duplicate_in_batch"
    TEST_SUBMISSION = "test_submission"
    TEST_COMPANY = "test_company"
    PHONE_NOT_A_NUMBER = "phone_not_a_number"
    PHONE_WRONG_LENGTH = "phone_wrong_length"
    PHONE_IMPOSSIBLE_PREFIX = "phone_impossible_prefix"
    PHONE_LOST_DIGITS = "phone_lost_digits"
    PHONE_INVALID = "phone_invalid"
    PHONE_REPEATED_DIGITS = "phone_repeated_digits"
    PHONE_SEQUENTIAL_DIGITS = "phone_sequential_digits"
    EMAIL_INVALID = "email_invalid"
    EMAIL_DISPOSABLE = "email_disposable"
    EMAIL_ROLE = "email_role"
    NAME_UNREADABLE = "name_unreadable"
    NAME_KEYBOARD_RUN = "name_keyboard_run"
    NAME_REPEATED = "name_repeated"
    NAME_DIGITS = "name_digits"
    NAME_URL = "name_url"
    NAME_SPAM = "name_spam"
    MESSAGE_SPAM = "message_spam"
    MESSAGE_LINKS = "message_links"
    NO_IDENTIFIER = "no_identifier"
    COMPETITOR = "competitor"
    OWN_STAFF = "own_staff"
    BLACKLISTED_PERSON = "blacklisted_person"
    BLACKLISTED_PHONE = "blacklisted_phone"
    BLACKLISTED_EMAIL = "blacklisted_email"
    BLACKLISTED_DOMAIN = "blacklisted_domain"
    BLACKLISTED_COMPANY = "blacklisted_company"
    BLACKLISTED_IP = "blacklisted_ip"
    OUT_OF_MARKET = "out_of_market"


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """What a code means. `softens`: it blocks only somebody who gave no other way to be reached, and is
    otherwise a remark; `clears` is the field that is then left out, because it is of no use."""

    step: Step
    verdict: Verdict
    label: str  # English msgid, translated where it is shown
    softens: bool = False
    clears: str = ""


_C, _S, _V = Code, Step, Verdict
CODES: dict[Code, CodeInfo] = {
    _C.PHONE_MENDED: CodeInfo(_S.NORMALISE, _V.REPAIR, msgid("The telephone number was tidied up")),
    _C.EMAIL_MENDED: CodeInfo(_S.NORMALISE, _V.REPAIR, msgid("The e-mail address was tidied up")),
    _C.REPLAYED: CodeInfo(_S.REPLAY, _V.DROP, msgid("The same submission came in before")),
    _C.DUPLICATE_IN_BATCH: CodeInfo(
        _S.DUPLICATES, _V.REPAIR, msgid("The same person stands in an earlier row")
    ),
    _C.TEST_SUBMISSION: CodeInfo(_S.TEST, _V.DROP, msgid("A test submission")),
    _C.TEST_COMPANY: CodeInfo(_S.TEST, _V.QUARANTINE, msgid("The company name is a test entry")),
    _C.PHONE_NOT_A_NUMBER: CodeInfo(_S.PHONE, _V.QUARANTINE, msgid("Not a telephone number"), softens=True),
    _C.PHONE_WRONG_LENGTH: CodeInfo(
        _S.PHONE, _V.QUARANTINE, msgid("The telephone number has the wrong length"), softens=True
    ),
    _C.PHONE_IMPOSSIBLE_PREFIX: CodeInfo(
        _S.PHONE, _V.QUARANTINE, msgid("No telephone number begins like this"), softens=True
    ),
    _C.PHONE_LOST_DIGITS: CodeInfo(
        _S.PHONE, _V.QUARANTINE, msgid("A spreadsheet cut off digits of the telephone number"), softens=True
    ),
    _C.PHONE_INVALID: CodeInfo(
        _S.PHONE, _V.QUARANTINE, msgid("The telephone number does not exist"), softens=True
    ),
    _C.PHONE_REPEATED_DIGITS: CodeInfo(
        _S.PHONE, _V.QUARANTINE, msgid("The telephone number repeats one digit"), softens=True, clears="phone"
    ),
    _C.PHONE_SEQUENTIAL_DIGITS: CodeInfo(
        _S.PHONE, _V.QUARANTINE, msgid("The telephone number counts up or down"), softens=True, clears="phone"
    ),
    _C.EMAIL_INVALID: CodeInfo(_S.EMAIL, _V.QUARANTINE, msgid("Not an e-mail address"), softens=True),
    _C.EMAIL_DISPOSABLE: CodeInfo(
        _S.EMAIL, _V.QUARANTINE, msgid("A disposable e-mail address"), softens=True
    ),
    _C.EMAIL_ROLE: CodeInfo(_S.EMAIL, _V.REPAIR, msgid("A shared mailbox, not a person's")),
    _C.NAME_UNREADABLE: CodeInfo(_S.NAME, _V.REPAIR, msgid("Nothing readable is left of the name")),
    _C.NAME_KEYBOARD_RUN: CodeInfo(_S.NAME, _V.QUARANTINE, msgid("The name is a run of keys")),
    _C.NAME_REPEATED: CodeInfo(_S.NAME, _V.QUARANTINE, msgid("The name repeats one character")),
    _C.NAME_DIGITS: CodeInfo(_S.NAME, _V.QUARANTINE, msgid("The name is a number")),
    _C.NAME_URL: CodeInfo(_S.NAME, _V.DROP, msgid("The name is a web address")),
    _C.NAME_SPAM: CodeInfo(_S.NAME, _V.QUARANTINE, msgid("The name holds advertising")),
    _C.MESSAGE_SPAM: CodeInfo(_S.MESSAGE, _V.QUARANTINE, msgid("The message holds advertising")),
    _C.MESSAGE_LINKS: CodeInfo(_S.MESSAGE, _V.QUARANTINE, msgid("The message is full of links")),
    _C.NO_IDENTIFIER: CodeInfo(_S.REACHABLE, _V.QUARANTINE, msgid("No way to reach this person")),
    _C.COMPETITOR: CodeInfo(_S.COMPETITORS, _V.QUARANTINE, msgid("Works for a competitor")),
    _C.OWN_STAFF: CodeInfo(_S.COMPETITORS, _V.DROP, msgid("Our own staff")),
    _C.BLACKLISTED_PERSON: CodeInfo(_S.BLACKLIST, _V.DROP, msgid("The person is on the blacklist")),
    _C.BLACKLISTED_PHONE: CodeInfo(_S.BLACKLIST, _V.DROP, msgid("The telephone number is on the blacklist")),
    _C.BLACKLISTED_EMAIL: CodeInfo(_S.BLACKLIST, _V.DROP, msgid("The e-mail address is on the blacklist")),
    _C.BLACKLISTED_DOMAIN: CodeInfo(_S.BLACKLIST, _V.DROP, msgid("The mail domain is on the blacklist")),
    _C.BLACKLISTED_COMPANY: CodeInfo(_S.BLACKLIST, _V.DROP, msgid("The company is on the blacklist")),
    _C.BLACKLISTED_IP: CodeInfo(_S.BLACKLIST, _V.DROP, msgid("The network address is on the blacklist")),
    _C.OUT_OF_MARKET: CodeInfo(_S.MARKET, _V.QUARANTINE, msgid("Outside our market")),
}
CODE_LABELS: dict[Code, str] = {code: info.label for code, info in CODES.items()}
"""English msgids of the codes."""

STEP_LABELS: dict[Step, str] = {
    Step.NORMALISE: msgid("Normalise"),
    Step.REPLAY: msgid("Repeated submissions"),
    Step.DUPLICATES: msgid("Duplicates in the same batch"),
    Step.TEST: msgid("Test submissions"),
    Step.PHONE: msgid("Telephone numbers"),
    Step.EMAIL: msgid("E-mail addresses"),
    Step.NAME: msgid("Names"),
    Step.MESSAGE: msgid("Messages"),
    Step.REACHABLE: msgid("Reachable"),
    Step.COMPETITORS: msgid("Competitors and own staff"),
    Step.BLACKLIST: msgid("Blacklist"),
    Step.MARKET: msgid("Market"),
}


@packed
@dataclass(frozen=True, slots=True)
class Submission:
    """One row or form as it came in. Everything is text as typed; nothing needs to be filled.

    `key` makes a submission the same when it is sent again (a form's token); `external_ids` are (system, id)
    pairs.
    """

    name: str = ""
    phone: str = ""
    email: str = ""
    company: str = ""
    title: str = ""
    company_size: str = ""
    industry: str = ""
    region: str = ""
    country: str = ""
    message: str = ""
    language: str = ""
    product: str = ""
    source: str = ""
    campaign: str = ""
    form: str = ""
    key: str = ""
    external_ids: tuple[tuple[str, str], ...] = ()
    submitted_at: datetime | None = None
    ip: str = ""
    user_agent: str = ""


@packed
@dataclass(frozen=True, slots=True)
class StepResult:
    """One remark of one step: which field, why, and the detail (the rule's word, the number it looks like
    …)."""

    step: Step
    verdict: Verdict
    code: Code
    field: str = ""
    detail: str = ""


class Candidate(NamedTuple):
    """A submission in normal form: what identity, companies and leads work with."""

    raw: Submission
    name: Name | None = None
    phone: Phone | None = None
    email: Email | None = None
    company: CompanyName | None = None
    title: Title | None = None
    company_size: str = ""  # code of SizeBand
    employees: int = 0  # lower bound of the band
    industry: str = ""  # code of INDUSTRIES
    region: Region | None = None
    country: str = ""  # ISO 3166-1 alpha-2
    message: str = ""
    language: str = ""
    company_problem: Unusable | None = None
    phone_problem: PhoneProblem | None = None
    email_problem: EmailProblem | None = None


class Cleaned(NamedTuple):
    """The verdict on one submission. `remarks` holds everything that any step had to say, in order;
    `decided_by` the first of them that blocks (None: the candidate goes on)."""

    candidate: Candidate
    verdict: Verdict
    decided_by: StepResult | None = None
    remarks: tuple[StepResult, ...] = ()
    joins: int | None = None  # position in the batch of the earlier row by the same person

    @property
    def passed(self) -> bool:
        """Whether the candidate goes on to become, or join, a lead."""
        return self.verdict is Verdict.PASS or self.verdict is Verdict.REPAIR


@dataclass(frozen=True, slots=True)
class StepStats:
    """How often a step said what, and how long it took in seconds."""

    step: Step
    passed: int
    repaired: int
    quarantined: int
    dropped: int
    seconds: float


@dataclass(frozen=True, slots=True)
class BatchReport:
    """The verdicts in the order of the submissions, the figures per step, and the version of the rules."""

    cleaned: list[Cleaned]
    steps: tuple[StepStats, ...]
    version: int
    mode: Mode

    def count(self, verdict: Verdict) -> int:
        """How many submissions ended with `verdict`."""
        return sum(1 for item in self.cleaned if item.verdict is verdict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a rule set: switches a step (or one of its codes) on or off, gives it another verdict, or
    gives the step its parameters: lists of words, domains, numbers … (see `rules.PARAMETERS`)."""

    step: Step
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    verdict: Verdict | None = None
    enabled: bool = True
    code: Code | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """One version of the cleaning rules. Compared by identity: a version never changes once it is saved."""

    version: int
    rules: tuple[Rule, ...]
