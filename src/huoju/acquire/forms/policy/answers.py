"""Whether what somebody sent fits the form: lenient about shape, strict about what could not be used at all.

Cleaning judges quality later (see qualify/cleaning). Here only what the sender can and should put right is refused: a
missing answer, a number that is none, a text too long to keep.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from huoju.core.geo import PROVINCES
from huoju.core.text import clean
from huoju.hub.companies.policy import INDUSTRIES, SizeBand
from huoju.hub.identity.policy import EmailProblem, PhoneProblem, normalise_email, normalise_phone

from .definition import CONTACT, CUSTOM, LISTED, Definition, Field, FieldKind, Option, Text
from .texts import line, lines

YES = "yes"
MAX_LENGTH = {
    FieldKind.NAME: 120,
    FieldKind.EMAIL: 254,
    FieldKind.MOBILE: 60,
    FieldKind.COMPANY: 200,
    FieldKind.TITLE: 120,
    FieldKind.COMPANY_SIZE: 60,
    FieldKind.INDUSTRY: 60,
    FieldKind.REGION: 60,
    FieldKind.MESSAGE: 4000,
    FieldKind.TEXT: 500,
    FieldKind.SELECT: 120,
    FieldKind.CHECKBOX: 10,
}
SOURCE_KEYS = (
    *("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"),
    *("page", "referrer", "visitor_id", "channel", "campaign", "language"),
)
MAX_SOURCE = 500
CLOCKS_SINCE = 1990
"""The first year that a program can mean: before it stands a clock that nobody set."""
# A number with at least one of these wrong is still worth a look; these are no numbers at all.
_NO_NUMBER = {
    PhoneProblem.EMPTY,
    PhoneProblem.NOT_A_NUMBER,
    PhoneProblem.WRONG_LENGTH,
    PhoneProblem.LOST_DIGITS,
}


class AnswerProblem(StrEnum):
    """Why an answer cannot be taken."""

    REQUIRED = "required"
    CONTACT_NEEDED = "contact_needed"  # neither a mail address nor a mobile number
    NOT_AN_EMAIL = "not_an_email"
    NOT_A_PHONE = "not_a_phone"
    NOT_A_CHOICE = "not_a_choice"
    TOO_LONG = "too_long"
    UNKNOWN_FIELD = "unknown_field"
    NOT_TEXT = "not_text"


@dataclass(frozen=True, slots=True)
class Answers:
    """What was sent, tidied; `problems` by field key (consents as `consent.<purpose>`), empty if it can be taken."""

    data: dict[str, str]
    consent: dict[str, bool]
    problems: dict[str, AnswerProblem]


def choices(field: Field) -> tuple[Option, ...]:
    """The choices of a field: its own, or the house's for size, industry and region; empty for free text."""
    return _LISTS[field.kind] if field.kind in LISTED else field.options


_LISTS: dict[FieldKind, tuple[Option, ...]] = {
    FieldKind.COMPANY_SIZE: tuple(Option(band.value, Text(f"{band} 人", band.value)) for band in SizeBand),
    FieldKind.INDUSTRY: tuple(
        Option(industry.code, Text(industry.name_zh, industry.name_en)) for industry in INDUSTRIES.values()
    ),
    FieldKind.REGION: tuple(
        Option(region.code, Text(region.short_zh, region.name_en)) for region in PROVINCES
    ),
}


def check(definition: Definition, posted: Mapping[str, str], ticked: Iterable[str]) -> Answers:
    """The answers to a form. `posted` by field key, `ticked` the purposes whose box was ticked."""
    data: dict[str, str] = {}
    problems: dict[str, AnswerProblem] = {}
    for field in definition.fields:
        value, problem = _value(field.kind, posted.get(field.key, ""))
        if problem is None and value and field.kind in LISTED | {FieldKind.SELECT}:
            known = {option.value for option in choices(field)}
            problem = None if value in known else AnswerProblem.NOT_A_CHOICE
        if problem is None and field.required and not value:
            problem = AnswerProblem.REQUIRED
        if problem is not None:
            problems[field.key] = problem
        if value:
            data[field.key] = value
    asked = {field.key for field in definition.fields}
    if not problems and not any(data.get(kind.value) for kind in CONTACT):
        first = next(kind.value for kind in (FieldKind.MOBILE, FieldKind.EMAIL) if kind.value in asked)
        problems[first] = AnswerProblem.CONTACT_NEEDED
    given = set(ticked)
    consent = {box.purpose.value: box.purpose.value in given for box in definition.consents}
    for box in definition.consents:
        if box.required and not consent[box.purpose.value]:
            problems[f"consent.{box.purpose}"] = AnswerProblem.REQUIRED
    return Answers(data, consent, problems)


_KNOWN = {kind.value: kind for kind in FieldKind if kind not in CUSTOM}


def check_lead(posted: Mapping[str, str], own_fields: Mapping[str, str]) -> Answers:
    """What a program sent without a form: the known fields, and fields of its own.

    Size, industry and region may be in any words: cleaning finds the code.
    """
    data: dict[str, str] = {}
    problems: dict[str, AnswerProblem] = {}
    for key, text in posted.items():
        kind = _KNOWN.get(key)
        if kind is None:
            problems[key] = AnswerProblem.UNKNOWN_FIELD
            continue
        value, problem = _value(kind, text)
        if problem is not None:
            problems[key] = problem
        if value:
            data[key] = value
    for key, text in own_fields.items():
        value, problem = _value(FieldKind.TEXT, text)
        if key in _KNOWN or not 0 < len(key) <= 40 or line(key) != key:
            problem = AnswerProblem.UNKNOWN_FIELD
        if problem is not None:
            problems[f"fields.{key}"] = problem
        elif value:
            data[key] = value
    if not problems and not any(data.get(kind.value) for kind in CONTACT):
        problems[FieldKind.MOBILE.value] = AnswerProblem.CONTACT_NEEDED
    return Answers(data, {}, problems)


def _value(kind: FieldKind, text: str) -> tuple[str, AnswerProblem | None]:
    """The answer as it is kept, and what is wrong with it."""
    if kind is FieldKind.CHECKBOX:
        return (YES if clean(text) else ""), None
    # A text far too long is cut before it is looked at: folding megabytes would only serve an attacker.
    limit = MAX_LENGTH[kind]
    too_long = len(text) > 4 * limit
    value = (lines if kind is FieldKind.MESSAGE else line)(text[: 4 * limit])
    if not clean(value):  # nothing that anybody could see
        return "", None
    if too_long or len(value) > limit:
        return value[:limit], AnswerProblem.TOO_LONG
    if value and kind is FieldKind.EMAIL and isinstance(normalise_email(value), EmailProblem):
        return value, AnswerProblem.NOT_AN_EMAIL
    if value and kind is FieldKind.MOBILE and normalise_phone(value) in _NO_NUMBER:
        return value, AnswerProblem.NOT_A_PHONE
    return value, None


def source_of(posted: Mapping[str, str]) -> dict[str, str]:
    """What is known of where a submission came from: the keys that are kept, tidied and cut, without the blank ones."""
    found = {key: line(posted.get(key, "")[: 4 * MAX_SOURCE])[:MAX_SOURCE] for key in SOURCE_KEYS}
    return {key: value for key, value in found.items() if value}


def contact_key(data: Mapping[str, str]) -> str:
    """The mobile or mail address in normal form, by which facts about one unknown person are kept in order."""
    phone = normalise_phone(data.get("mobile", ""))
    if not isinstance(phone, PhoneProblem):
        return phone.e164
    mail = normalise_email(data.get("email", ""))
    return "" if isinstance(mail, EmailProblem) else mail.key
