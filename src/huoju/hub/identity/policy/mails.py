"""Mail addresses in the shapes in which people type them."""

import re
from enum import StrEnum
from typing import NamedTuple

import email_validator

from huoju.core.mail import EmailClass, email_class
from huoju.core.text import clean


class Email(NamedTuple):
    """`address` as it is written to (lower case, ASCII domain); `key` is equal for addresses of one box,
    although Gmail lets its owner put dots and +tags into it."""

    address: str
    domain: str
    key: str
    email_class: EmailClass


class EmailProblem(StrEnum):
    """Why text is no mail address."""

    EMPTY = "empty"
    NO_AT = "no_at"
    BAD_DOMAIN = "bad_domain"
    INVALID = "invalid"


_PLAIN = re.compile(
    r"([a-z0-9_](?:[a-z0-9_%+-]|\.(?!\.)){0,62}(?<!\.))@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24})",
    re.ASCII,
)
_LONGEST = 1_000
_BRACKETED = re.compile(r"<([^<>]*@[^<>]*)>")
_SEVERAL = re.compile(r"[;,、|/:\s]+(?=\S*@)|[;、|]")
_NOTE = re.compile(r"(?<=\w)\s*[(\[].*$")
_AROUND = " \t\r\n\"'<>()[]{}.,;:!?。，；：！？、“”‘’《》（）"
_SPACED = re.compile(r"\s*([@.])\s*")
_MISTYPED = {
    "qq.com": ("qq.con", "qq.cm", "qq.co", "qq.comm", "qq.cn.com"),
    "163.com": ("163.con", "163.cm", "163.co"),
    "126.com": ("126.con", "126.cm"),
    "sina.com": ("sina.con",),
    "foxmail.com": ("foxmail.con",),
    "gmail.com": ("gmail.con", "gmail.cm", "gmial.com", "gamil.com", "gmai.com"),
    "hotmail.com": ("hotmail.con", "hotmial.com"),
    "outlook.com": ("outlook.con",),
}
_TYPOS = {wrong: right for right, mistyped in _MISTYPED.items() for wrong in mistyped}
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_TAGGED = frozenset(
    {"outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "proton.me", "protonmail.com"}
)

_SPECIAL = _GMAIL | _TAGGED | frozenset(_TYPOS)


def normalise_email(raw: str) -> Email | EmailProblem:
    """The address in `raw`, or why there is none. Takes `mailto:`, `Name <a@b>`, full-width ＠ and stops,
    punctuation around it, spaces inside, international domains; the first of several addresses counts."""
    plain = _PLAIN.fullmatch(raw.strip().lower())
    if plain is not None and plain[2] not in _TYPOS:
        return _make(plain[1], plain[2])
    return _read(raw)


def is_plain_mail(text: str) -> bool:
    """Whether `text` is an address that `normalise_email` leaves as it is, as address and as key."""
    plain = _PLAIN.fullmatch(text)
    return plain is not None and plain[2] not in _SPECIAL


def _make(local: str, domain: str) -> Email:
    address = f"{local}@{domain}"
    key = address
    if domain in _GMAIL:
        key = local.split("+", 1)[0].replace(".", "") + "@gmail.com"
    elif "+" in local and domain in _TAGGED:
        key = f"{local.split('+', 1)[0]}@{domain}"
    return Email(address, domain, key, email_class(local, domain))


def _read(raw: str) -> Email | EmailProblem:
    text = clean(raw[:_LONGEST]).lower().replace("。", ".").replace("・", ".")
    if not text:
        return EmailProblem.EMPTY
    if (inside := _BRACKETED.search(text)) is not None:
        text = inside[1]
    text = _SPACED.sub(r"\1", text.strip(_AROUND).removeprefix("mailto:").split("?", 1)[0])
    if "@" not in text:
        return EmailProblem.NO_AT
    text = next(part for part in _SEVERAL.split(text) if "@" in part).strip(_AROUND)
    head, at, tail = text.rpartition("@")
    text = head + at + _NOTE.sub("", tail)
    local, _, domain = text.rpartition("@")
    domain = _TYPOS.get(domain, domain)
    if not local or not domain:
        return EmailProblem.INVALID
    if (plain := _PLAIN.fullmatch(f"{local}@{domain}")) is not None:
        return _make(plain[1], plain[2])
    try:
        checked = email_validator.validate_email(
            f"{local}@{domain}", check_deliverability=False, allow_smtputf8=True, test_environment=True
        )
    except email_validator.EmailNotValidError:
        return EmailProblem.INVALID if _DOMAIN.fullmatch(domain) else EmailProblem.BAD_DOMAIN
    return _make(checked.local_part.lower(), checked.ascii_domain.lower())


_DOMAIN = re.compile(r"(?:[^\s@.]+\.)+[^\s@.\d]{2,}")
