"""What comes in, whatever the door, and what is decided about it before anything is written.

Pure and picklable: an import prepares its rows in another process.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain, islice
from typing import Any, NamedTuple

from huoju.core.pickling import from_columns, lengthened, packed, shortened, to_columns
from huoju.hub.companies.policy import domain_of
from huoju.hub.identity.policy import (
    EmailClass,
    Identifier,
    IdentifierKind,
    PhoneKind,
    Strength,
    normalise_identifier,
    strength_of,
)
from huoju.qualify.cleaning.policy import (
    BatchReport,
    Candidate,
    Cleaned,
    Code,
    Mode,
    RuleSet,
    StepResult,
    Submission,
    Verdict,
    run_batch,
)
from huoju.qualify.leads.policy import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A yes or no to being contacted for a purpose, with its proof. It holds for every channel by which the person
    can be reached with what they gave."""

    purpose: str
    granted: bool
    proof: Mapping[str, str] = field(default_factory=dict)


@packed
@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One interest as it came in: the submission as typed, and what the door knows beside it.

    `origin` ("submission:12", "import:3/77") makes it count once. `utm` holds `utm_*` values; `channel` and
    `campaign` are codes or names as written in a file, `campaign_id` is the form's own. `reached`, `outcome`,
    `reason`, `owner_id`, `sdr_id` are history brought in from another system; `external_id` ("system:id") names the
    lead there, and a lead known by it is updated. `purpose` is what the form was for.
    """

    origin: str
    via: str  # form, api, import, hand
    at: datetime
    submission: Submission
    utm: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    campaign: str = ""
    campaign_id: int | None = None
    page: str = ""
    referrer: str = ""
    keyword: str = ""
    product: str = ""
    segment: str = ""
    purpose: str = ""
    visitor_id: str = ""  # the browser's, as the form's page told it
    verified: frozenset[IdentifierKind] = frozenset()  # kinds of identifiers that somebody has verified
    consents: tuple[Given, ...] = ()
    uscc: str = ""
    external_id: str = ""
    reached: Mapping[Stage, datetime] = field(default_factory=dict)
    outcome: Stage | None = None
    reason: str = ""
    owner_id: int | None = None
    sdr_id: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    submission_id: int | None = None


class Prepared(NamedTuple):
    """An incoming interest with the verdict of cleaning, in the shape in which it is written. Empty text is unknown.

    `extra` also holds what was typed but has no place of its own: nothing that came in is lost.
    """

    incoming: Incoming
    verdict: Verdict
    remarks: tuple[StepResult, ...]
    rules_version: int
    name: str = ""
    title: str = ""
    mobile: str = ""
    email: str = ""
    identifiers: tuple[Identifier, ...] = ()
    company: str = ""
    company_key: str = ""
    company_domain: str = ""
    region: str = ""
    industry: str = ""
    size: str = ""
    country: str = ""
    language: str = ""
    message: str = ""
    extra: Mapping[str, str] = {}

    @property
    def passed(self) -> bool:
        """Whether it goes on to become, or join, a lead."""
        return self.verdict is Verdict.PASS or self.verdict is Verdict.REPAIR


class Outcome(StrEnum):
    """What becomes of an incoming interest."""

    NEW = "new"
    JOINS = "joins"
    UPDATES = "updates"
    UNCHANGED = "unchanged"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"


def prepare_batch(
    incoming: Sequence[Incoming],
    rules: RuleSet,
    *,
    mode: Mode = Mode.ENFORCE,
    known_keys: Collection[str] = (),
) -> tuple[list[Prepared], BatchReport]:
    """Clean a batch and bring it into the shape in which it is written; and the report of the steps."""
    report = run_batch([_submission(each) for each in incoming], rules, mode=mode, known_keys=known_keys)
    prepared = [
        _prepared(each, cleaned, report.version)
        for each, cleaned in zip(incoming, report.cleaned, strict=True)
    ]
    return prepared, report


def _submission(incoming: Incoming) -> Submission:
    """The submission, with the external id by which the row can be found again although it has no contact data."""
    raw = incoming.submission
    if incoming.external_id and not raw.external_ids:
        system, _, code = incoming.external_id.partition(":")
        return replace(raw, external_ids=((system, code),))
    return raw


def _prepared(incoming: Incoming, cleaned: Cleaned, version: int) -> Prepared:
    if not cleaned.passed:
        return Prepared(incoming, cleaned.verdict, cleaned.remarks, version)
    candidate = cleaned.candidate
    email, company, region, title = candidate.email, candidate.company, candidate.region, candidate.title
    phone = candidate.phone
    mobile = phone.e164 if phone is not None and phone.kind is PhoneKind.MOBILE else ""
    return Prepared(
        incoming,
        cleaned.verdict,
        cleaned.remarks,
        version,
        "" if candidate.name is None else candidate.name.full[:120],
        "" if title is None else title.text[:120],
        mobile,
        "" if email is None else email.address,
        identifiers_of(incoming, candidate),
        "" if company is None else company.display[:200],
        "" if company is None else company.key[:200],
        domain_of(email.address) if email is not None and email.email_class is EmailClass.WORK else "",
        "" if region is None else region.code,
        candidate.industry,
        candidate.company_size,
        candidate.country,
        candidate.language,
        candidate.message,
        _leftovers(incoming, candidate),
    )


def identifiers_of(incoming: Incoming, candidate: Candidate) -> tuple[Identifier, ...]:
    """By what a candidate is told apart.

    The external id is a lead's, and one person may have several leads there: it identifies the person only where
    nothing else does.
    """
    found: list[Identifier] = []
    phone, email = candidate.phone, candidate.email
    if phone is not None and phone.kind is PhoneKind.MOBILE:
        found.append(Identifier(IdentifierKind.MOBILE, phone.e164))
    if email is not None:
        strength = strength_of(IdentifierKind.EMAIL, email.email_class)
        found.append(Identifier(IdentifierKind.EMAIL, email.key, strength))
    for system, code in incoming.submission.external_ids:
        if system in IdentifierKind:  # "wechat_unionid": not another system's id, but a kind of its own
            if (known := normalise_identifier(IdentifierKind(system), code)) is not None:
                found.append(known)
        elif f"{system}:{code}" != incoming.external_id:
            found.append(Identifier(IdentifierKind.EXTERNAL, f"{system}:{code}"))
    if incoming.external_id and not any(each.strength is Strength.STRONG for each in found):
        found.append(Identifier(IdentifierKind.EXTERNAL, incoming.external_id))
    if visitor := normalise_identifier(IdentifierKind.VISITOR, incoming.visitor_id):
        found.append(visitor)
    return tuple(found)


def _leftovers(incoming: Incoming, candidate: Candidate) -> Mapping[str, str]:
    """What was typed and found no place of its own."""
    raw, phone = candidate.raw, candidate.phone
    left: dict[str, str] = {}
    if raw.company and candidate.company is None:
        left["company"] = raw.company
    if raw.phone and phone is None:
        left["phone"] = raw.phone
    elif phone is not None:
        if phone.kind is not PhoneKind.MOBILE:
            left["phone"] = phone.e164 + (f" ext. {phone.extension}" if phone.extension else "")
        if phone.others:
            left["phones"] = ", ".join(phone.others)
    if raw.email and candidate.email is None:
        left["email"] = raw.email
    if not left:
        return incoming.extra
    return {**incoming.extra, **left}


_IDENTIFIERS = Prepared._fields.index("identifiers")
_SUBMISSION = [each.name for each in fields(Incoming)].index("submission")


def packed_batch(prepared: Sequence[Prepared]) -> tuple[Any, ...]:
    """A batch as columns, to be sent to another process; `unpacked_batch` puts it together again."""
    if not prepared:
        return ()
    incoming, *columns = zip(*prepared, strict=True)
    identifiers = columns.pop(_IDENTIFIERS - 1)
    interests = to_columns(incoming)
    interests[_SUBMISSION] = ()
    return (
        interests,
        to_columns([each.submission for each in incoming]),
        [len(each) for each in identifiers],
        to_columns(list(chain.from_iterable(identifiers))),
        list(map(shortened, columns)),
    )


def unpacked_batch(state: tuple[Any, ...]) -> list[Prepared]:
    """The batch that `packed_batch` took apart."""
    if not state:
        return []
    incoming, submissions, counts, flat, columns = state
    found = iter(from_columns(Identifier, flat))
    identifiers = [tuple(islice(found, count)) for count in counts]
    incoming[_SUBMISSION] = from_columns(Submission, submissions)
    rest = list(map(lengthened, columns))
    rest.insert(_IDENTIFIERS - 1, identifiers)
    return list(map(Prepared._make, zip(from_columns(Incoming, incoming), *rest, strict=True)))


WARNED = frozenset({Verdict.QUARANTINE, Verdict.DROP})


def product_of(incoming: Incoming) -> str:
    """The product line that an interest is about, as a lead keeps it."""
    return (incoming.product or incoming.submission.product)[:60]


def warnings_of(prepared: Prepared) -> tuple[str, ...]:
    """The remarks that stay with a lead as warnings: what would have held it back."""
    return tuple([remark.code.value for remark in prepared.remarks if remark.verdict in WARNED])


__all__ = [
    "Code",
    "Given",
    "Incoming",
    "Mode",
    "Outcome",
    "Prepared",
    "identifiers_of",
    "packed_batch",
    "prepare_batch",
    "product_of",
    "unpacked_batch",
    "warnings_of",
]
