"""Addresses on lists: whole mail addresses and numbers, domains, prefixes of numbers, persons; plain or hashed."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from huoju.core.text import clean, msgid
from huoju.hub.identity.policy import Email, Phone, normalise_email, normalise_phone


class EntryKind(StrEnum):
    """What an entry of a list names."""

    EMAIL = "email"
    MOBILE = "mobile"  # any number, in E.164
    DOMAIN = "domain"
    PREFIX = "prefix"  # the start of numbers in E.164: +8617
    PERSON = "person"


ENTRY_LABELS: dict[EntryKind, str] = {
    EntryKind.EMAIL: msgid("E-mail"),
    EntryKind.MOBILE: msgid("Phone number"),
    EntryKind.DOMAIN: msgid("Domain"),
    EntryKind.PREFIX: msgid("Numbers that start with"),
    EntryKind.PERSON: msgid("Person"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One address in normal form."""

    kind: EntryKind
    value: str


class EntryProblem(StrEnum):
    """Why a line is no entry."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"


PROBLEM_LABELS: dict[EntryProblem, str] = {
    EntryProblem.EMPTY: msgid("The line is empty."),
    EntryProblem.UNREADABLE: msgid("Neither a mail address, nor a number, nor a domain."),
}

_CHINESE_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})", re.ASCII)
# Registers of North America have tens of millions of numbers, and the reader of all numbers takes 0.1 ms for one.
_AMERICAN = re.compile(r"(?:\+?1[ .-]?)?\(?([2-9]\d\d)\)?[ .-]?([2-9]\d\d)[ .-]?(\d{4})", re.ASCII)
_DOMAIN = re.compile(r"@?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24})", re.ASCII)
_PREFIX = re.compile(r"(\+[1-9]\d{0,13})\*", re.ASCII)


def read_entry(raw: str, country: str = "CN") -> Entry | EntryProblem:
    """What a line names: `li@firm.cn`, `firm.cn` or `@firm.cn`, `13800138000`, `+8617*`.

    Numbers without a plus are read as people of `country` write them. Normal forms are those by which persons are
    found.
    """
    if country == "CN" and (plain := _CHINESE_MOBILE.fullmatch(raw)) is not None:
        return Entry(EntryKind.MOBILE, "+86" + plain[1])
    if (country in ("US", "CA") or raw[:2] == "+1") and (plain := _AMERICAN.fullmatch(raw)) is not None:
        return Entry(EntryKind.MOBILE, "+1" + plain[1] + plain[2] + plain[3])
    text = clean(raw[:400]).strip(" \t\"',;").lower()
    if not text:
        return EntryProblem.EMPTY
    if (domain := _DOMAIN.fullmatch(text)) is not None:
        return Entry(EntryKind.DOMAIN, domain[1])
    if (prefix := _PREFIX.fullmatch(text.replace(" ", "").replace("-", ""))) is not None:
        return Entry(EntryKind.PREFIX, prefix[1])
    if "@" in text:
        email = normalise_email(text)
        return Entry(EntryKind.EMAIL, email.key) if isinstance(email, Email) else EntryProblem.UNREADABLE
    phone = normalise_phone(text, country)
    return Entry(EntryKind.MOBILE, phone.e164) if isinstance(phone, Phone) else EntryProblem.UNREADABLE


HASHED = "#"
"""What the value of a hashed entry starts with."""


def hashed(value: str, pepper: str) -> str:
    """A value that cannot be read back, for addresses of erased persons; the same value gives the same hash. PostgreSQL
    computes the same: `'#' || encode(sha256(convert_to(pepper || value, 'UTF8')), 'hex')`."""
    return HASHED + hashlib.sha256((pepper + value).encode()).hexdigest()


MAIL_KEY_SQL = """CASE
    WHEN substr({0}, strpos({0}, '@') + 1) IN ('gmail.com', 'googlemail.com')
        THEN replace(split_part(split_part({0}, '@', 1), '+', 1), '.', '') || '@gmail.com'
    WHEN substr({0}, strpos({0}, '@') + 1) IN ('outlook.com','hotmail.com','live.com','icloud.com','me.com','proton.me',
                                               'protonmail.com')
        THEN split_part(split_part({0}, '@', 1), '+', 1) || '@' || split_part({0}, '@', 2)
    ELSE {0} END"""
"""`normalise_email(address).key` of an address in normal form, as an SQL expression; a test holds them together."""
