"""Whether two companies may be one, judged by what is known of both. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from huoju.core.text import has_han, msgid

from .brands import parts_of
from .names import CompanyName, normalise_company

_FORM = re.compile(r"(?:股份|责任|集团|控股|有限|公司|总公司|分公司)+$")


class Evidence(StrEnum):
    """What speaks for two companies being one."""

    BRAND = "brand"
    REGION = "region"
    TRADE = "trade"
    DOMAIN = "domain"


EVIDENCE_LABELS: dict[Evidence, str] = {
    Evidence.BRAND: msgid("Same short name"),
    Evidence.REGION: msgid("Same region"),
    Evidence.TRADE: msgid("Same trade"),
    Evidence.DOMAIN: msgid("Same mail domain"),
}
"""English msgids, translated where they are shown."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is known of a company: `domains` are those of the company and of its people's mail."""

    name: str
    brand: str
    region: str = ""
    uscc: str = ""
    domains: frozenset[str] = frozenset()


def alike(left: Sketch, right: Sketch) -> tuple[Evidence, ...]:
    """What speaks for the two being one; empty if too little does, or something speaks against it.

    Two registration numbers, two provinces, two trades or a branch beside its head office are two companies.
    """
    if left.uscc and right.uscc and left.uscc != right.uscc:
        return ()
    if _branch(left.name) != _branch(right.name):
        return ()
    domain = (Evidence.DOMAIN,) if left.domains & right.domains else ()
    if not left.brand or left.brand != right.brand:
        # People also write from the address of an agency or of their group: alone it counts for a name in two scripts.
        return domain if has_han(left.name) != has_han(right.name) else ()
    found = [Evidence.BRAND]
    if left.region and right.region:
        if left.region[:2] != right.region[:2]:
            return (*found, *domain) if domain else ()
        found.append(Evidence.REGION)
    trades = _trade(left.name), _trade(right.name)
    if all(trades):
        if trades[0] not in trades[1] and trades[1] not in trades[0]:
            return (*found, *domain) if domain else ()
        found.append(Evidence.TRADE)
    found += domain
    return tuple(found) if len(found) > 1 else ()


def _branch(name: str) -> str:
    known = normalise_company(name)
    return known.branch if isinstance(known, CompanyName) else ""


def _trade(name: str) -> str:
    return _FORM.sub("", parts_of(name).trade)
