"""Records of the sample company that may be one human being or one company, for people to decide."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from huoju.core.access.models import User
from huoju.core.errors import UserError
from huoju.core.text import pinyin, surname_pinyin
from huoju.hub.companies import operations as companies
from huoju.hub.companies.policy import CompanyName, normalise_company, parts_of
from huoju.hub.identity import operations as identity
from huoju.hub.identity.policy import Identifier, IdentifierKind, normalise_name
from huoju.hub.matching import operations as matching
from huoju.qualify.leads.models import Lead

_FORM = re.compile(r"(?:股份|责任|集团|有限|公司)+$")
EACH = 3
"""So many of each kind."""


@dataclass(frozen=True, slots=True)
class _Known:
    person_id: int
    name: str
    family: str
    given: str
    company: str
    company_id: int
    title: str
    region: str
    mobile: str
    email: str


def double(people: dict[str, User], now: datetime) -> None:
    """Cards of a fair repeat people in other words, a form names two at once, companies stand under a short name.

    The search for the same person finds the first kind, where Splink is installed; it runs as a job.
    """
    actor = f"user:{people['marketing'].pk}"
    known = _known(EACH * 4)
    with transaction.atomic():
        renamed = _companies(known, now)
        cards = [
            *[_new_mobile(each, number) for number, each in enumerate(known[:EACH])],
            *[
                _in_letters(each, renamed[each.company_id])
                for each in known[EACH : EACH * 2]
                if each.company_id in renamed
            ],
        ]
        identity.resolve_batch(cards, actor=actor, source="card", now=now)
        pairs = zip(known[EACH * 2 : EACH * 3], known[EACH * 3 :], strict=False)
        named = [_two_at_once(one, other) for one, other in pairs]
        identity.resolve_batch(named, actor="visitor", source="form", now=now)
    for main_id, short_id in list(renamed.items())[-2:]:
        with transaction.atomic():
            companies.merge(company_id=short_id, into_id=main_id, reason="简称与全称", actor=actor, now=now)
    with suppress(UserError):  # Splink is an extra
        matching.request_run(actor=actor, now=now)


def _known(limit: int) -> list[_Known]:
    """Some people of different companies who left both a mobile and an address."""
    rows = (
        Lead.objects.filter(person__name__regex="^[一-龥]{2,4}$")
        .exclude(person__mobile="")
        .exclude(person__email="")
        .exclude(company=None)
        .select_related("person", "company")
        .order_by("-pk")
    )
    found: dict[int, _Known] = {}
    for lead in rows[: limit * 8]:
        person, company = lead.person, lead.company
        name = normalise_name(person.name)
        if company is None or company.pk in found or name is None or not name.given or not name.family:
            continue
        found[company.pk] = _Known(
            person.pk, person.name, name.family, name.given, company.name, company.pk,
            person.title, person.region, person.mobile, person.email,
        )  # fmt: skip
        if len(found) == limit:
            break
    return list(found.values())


def _companies(known: list[_Known], now: datetime) -> dict[int, int]:
    """Rows of the same companies under their short names, by company. A job suggests that they are one."""
    hints: dict[int, companies.CompanyHint] = {}
    for each in known:
        parts = parts_of(each.company)
        short = parts.brand + _FORM.sub("", parts.trade)
        name = normalise_company(short)
        if isinstance(name, CompanyName):
            hints[each.company_id] = companies.CompanyHint(name=short, key=name.key)
    made = companies.resolve_batch(list(hints.values()), source="card", now=now)
    return {
        main_id: each.company_id
        for main_id, each in zip(hints, made, strict=True)
        if each is not None and each.created
    }


def _new_mobile(known: _Known, number: int) -> identity.PersonHint:
    """Who has changed the number."""
    mobile = f"+86131{known.person_id:06}{number:02}"
    return identity.PersonHint(
        identifiers=(Identifier(IdentifierKind.MOBILE, mobile),),
        name=known.name, title=known.title, mobile=mobile, company_id=known.company_id, region=known.region,
    )  # fmt: skip


def _in_letters(known: _Known, company_id: int) -> identity.PersonHint:
    """An English card: the name in pinyin, the company by its short name, another address."""
    family, given = surname_pinyin(known.family), "".join(pinyin(known.given))
    address = f"{given}.{family}{known.person_id}@gmail.com"
    return identity.PersonHint(
        identifiers=(Identifier(IdentifierKind.EMAIL, address),),
        name=f"{given.capitalize()} {family.capitalize()}", title=known.title, email=address, company_id=company_id,
    )  # fmt: skip


def _two_at_once(one: _Known, other: _Known) -> identity.PersonHint:
    """A form that nobody verified names the mobile of one and the address of another: a colleague, or a mistake."""
    return identity.PersonHint(
        identifiers=(
            Identifier(IdentifierKind.MOBILE, one.mobile),
            Identifier(IdentifierKind.EMAIL, other.email.lower()),
        ),
        name=one.name,
    )
