"""May we contact them? One person or a million: one statement gathers the situations, pure policy decides each once.

Many people are in the same situation, so they are grouped by it and Python decides a few hundred times. Reads over the
identity mapping and writes nothing, so a merge joins what people said and an unmerge parts it again.
"""

import functools
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac

from huoju.core.bulk import numbers
from huoju.core.rules import RuleBook

from ..models import ConsentPolicy
from ..policy import (
    Channel,
    DoubleOptIn,
    ListKind,
    PolicyTable,
    Purpose,
    Situation,
    Verdict,
    country_of,
    decide,
    normalise_country,
    parse,
    shipped,
    validate,
)
from .many import situations
from .situation import FEW, ONE, statement

POLICY: RuleBook[PolicyTable, ConsentPolicy] = RuleBook(
    model=ConsentPolicy, parse=parse, validate=validate, default=shipped
)
"""The policy table, in versions."""

_FEW = 5_000
"""Up to so many persons are asked about by PostgreSQL, with more DuckDB is faster."""
_AT_ONCE = 1_000_000
"""Persons whose rows are held in memory together, about 600 MB."""


def may_contact(person_id: int, channel: Channel, purpose: Purpose, at: datetime) -> Verdict:
    """Whether a person (or whoever they are read as) may be contacted, and why. See `may_contact_batch`."""
    return may_contact_how(person_id, [(channel, purpose)], at)[channel, purpose]


def may_contact_how(
    person_id: int, asked: Collection[tuple[Channel, Purpose]], at: datetime
) -> dict[tuple[Channel, Purpose], Verdict]:
    """`may_contact` for several channels and purposes: one policy table, and one way to the server and back."""
    values = {"id": person_id, "at": at, "peppers": peppers()}
    context, *found = _prepared([_CONTEXT, *(statement(*each, ONE) for each in asked)], values)
    table, ages = _read_context(context, at)
    return {
        each: _decide(state, *each, table, ages)
        for each, ((*state, _person),) in zip(asked, found, strict=True)
    }


def may_contact_batch(
    person_ids: Sequence[int], channel: Channel, purpose: Purpose, at: datetime
) -> dict[int, Verdict]:
    """Whether each may be contacted at their best address of the channel, and why: what was said until `at` counts."""
    table, ages = _context(at)
    found: dict[int, Verdict] = {}
    for start in range(0, len(person_ids), _AT_ONCE):
        some = person_ids[start : start + _AT_ONCE]
        rows = (_few if len(some) <= _FEW else situations)(some, channel, purpose, at, peppers())
        for *state, persons in rows:
            found.update(dict.fromkeys(persons, _decide(state, channel, purpose, table, ages)))
    return found


def _few(
    persons: Sequence[int], channel: Channel, purpose: Purpose, at: datetime, peppers: Sequence[str]
) -> list[tuple[Any, ...]]:
    """`situations` by PostgreSQL."""
    values: dict[str, Any] = {"ids": numbers(persons), "at": at, "peppers": list(peppers)}
    with connection.cursor() as cursor:
        cursor.execute(statement(channel, purpose, FEW), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def needs_confirmation(countries: Collection[str]) -> set[str]:
    """Those of the places where a yes to news by e-mail has to be confirmed from its mail box (double opt-in)."""
    if not countries:
        return set()
    table = POLICY.active()
    rules = {place: table.rule_for(place, Channel.EMAIL, Purpose.MARKETING)[1] for place in set(countries)}
    return {place for place, rule in rules.items() if rule.double_opt_in is DoubleOptIn.REQUIRED}


def registers(at: datetime) -> dict[tuple[str, str], int]:
    """How many days ago each place's do-not-call register was taken over last, by place and channel."""
    return _context(at)[1]


def peppers() -> list[str]:
    """What hashes of addresses are mixed with, the newest first: one a secret key that is in use or was."""
    return [_pepper(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


@functools.lru_cache(maxsize=8)
def _pepper(key: str) -> str:
    return salted_hmac("huoju.hub.consent.suppression", "pepper", secret=key, algorithm="sha256").hexdigest()


_CONTEXT = """
SELECT '' AS country, ARRAY[]::varchar[] AS channels, version, created_at FROM consent_consentpolicy WHERE active
 UNION ALL
SELECT country, channels, NULL, checked_at FROM consent_suppressionlist WHERE kind = 'register' AND checked_at <= %(at)s
"""


def _context(at: datetime) -> tuple[PolicyTable, dict[tuple[str, str], int]]:
    """The table that decides, and the ages of the registers."""
    (rows,) = _prepared([_CONTEXT], {"at": at})
    return _read_context(rows, at)


def _read_context(
    rows: Sequence[tuple[Any, ...]], at: datetime
) -> tuple[PolicyTable, dict[tuple[str, str], int]]:
    table: PolicyTable | None = None
    ages: dict[tuple[str, str], int] = {}
    for country, channels, version, moment in rows:
        if version is not None:
            table = _table(version, moment)
            continue
        age = (at - moment) // timedelta(days=1)
        for channel in channels or [each.value for each in Channel]:
            key = (normalise_country(country), channel)
            ages[key] = min(ages.get(key, age), age)
    return table or _table(1, None), ages


@functools.lru_cache(maxsize=8)
def _table(version: int, _saved_at: datetime | None) -> PolicyTable:
    """A version's table. What is saved never changes, so it is read once; the time tells two databases apart."""
    return POLICY.get(version)


def _prepared(statements: Sequence[str], values: dict[str, Any]) -> list[list[tuple[Any, ...]]]:
    """Run statements that the server plans once a connection, all on one way to it and back: planning costs more than
    answering for one person.

    Django's own cursors put values into the text on this side, so every question would be planned anew.
    """
    connection.ensure_connection()
    raw: Any = connection.connection
    kept, raw.prepare_threshold = raw.prepare_threshold, 0  # Django switches preparing off
    try:
        with raw.pipeline():
            cursors = [psycopg.Cursor(raw).execute(each, values) for each in statements]
            return [cursor.fetchall() for cursor in cursors]
    finally:
        raw.prepare_threshold = kept


def _decide(
    state: Sequence[Any],
    channel: Channel,
    purpose: Purpose,
    table: PolicyTable,
    ages: dict[tuple[str, str], int],
) -> Verdict:
    (known, address, country, region, firm, firm_region, calling, no, yes, confirmed, pending, expired, elsewhere,
     business, bought_days, asked_days, *lists) = state  # fmt: skip
    situation = Situation(
        known=known,
        address=address,
        country=country_of(country, region, firm, firm_region, calling),
        no=no,
        yes=yes,
        confirmed=confirmed,
        pending=pending,
        expired=expired,
        elsewhere=elsewhere,
        business=business,
        bought_days=bought_days,
        asked_days=asked_days,
        listed=frozenset(each for each, there in zip(ListKind, lists, strict=True) if there),
    )
    return decide(situation, channel, purpose, table, ages)
