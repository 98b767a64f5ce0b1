"""Kinds of mail addresses, told by domain and box: work, free, disposable, role.

Pure; the lists are packaged (see NOTICE). Disposable is asked first, because many disposable domains also
stand in lists of free mail.
"""

from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"


class EmailClass(StrEnum):
    """What an address tells about its owner."""

    WORK = "work"  # a person at an organisation's own domain
    FREE = "free"  # a mail service anybody may use
    DISPOSABLE = "disposable"  # thrown away after use
    ROLE = "role"  # a shared box: sales@, info@


# Chinese services (and a few others) that the international list lacks.
_MORE_FREE = frozenset(
    {
        "wo.cn",
        "263.net",
        "263.com",
        "163.net",
        "chinaren.com",
        "etang.com",
        "vip.tom.com",
    }
    | {
        "139.cn",
        "dingtalk.com",
        "aliyun.cn",
        "proton.me",
        "pm.me",
        "hey.com",
        "outlook.cn",
        "tutanota.com",
        "duck.com",
    }
    | {"privaterelay.appleid.com"}
)


def _lines(name: str) -> frozenset[str]:
    return frozenset((_DATA / name).read_text(encoding="utf-8").split())


@cache
def disposable_domains() -> frozenset[str]:
    """Domains of throw-away boxes."""
    return _lines("mail_disposable.txt")


@cache
def free_domains() -> frozenset[str]:
    """Domains of mail services open to anybody."""
    return _lines("mail_free.txt") | _MORE_FREE


@cache
def role_boxes() -> frozenset[str]:
    """Local parts that stand for a function, not a person."""
    return _lines("mail_role.txt")


@lru_cache(maxsize=16384)
def domain_class(domain: str) -> EmailClass:
    """WORK, FREE or DISPOSABLE for a lower-case ASCII domain. Any host below a disposable domain is
    disposable."""
    disposable = disposable_domains()
    labels = domain.split(".")
    if any(".".join(labels[start:]) in disposable for start in range(len(labels) - 1)):
        return EmailClass.DISPOSABLE
    if domain in free_domains():
        return EmailClass.FREE
    return EmailClass.WORK


def email_class(local: str, domain: str) -> EmailClass:
    """The class of `local`@`domain`, both in lower case. A role box counts only at a work domain."""
    kind = domain_class(domain)
    if kind is EmailClass.WORK and local in role_boxes():
        return EmailClass.ROLE
    return kind


def identifies_company(domain: str) -> bool:
    """Whether an organisation may be told by `domain`: free and disposable domains never do."""
    return domain_class(domain) is EmailClass.WORK
