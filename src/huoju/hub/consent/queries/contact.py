"""May we contact them? One person or a million: one statement gathers the situations, pure policy decides each once.

Many people are in the same situation, so PostgreSQL groups them by it and Python decides a few hundred times. Reads
over the identity mapping and writes nothing, so a merge joins what people said and an unmerge parts it again.
"""

import functools
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from huoju.core.bulk import numbers
from huoju.core.rules import RuleBook

from ..models import ConsentPolicy
from ..policy import (
    MAIL_KEY_SQL,
    NO,
    YES,
    Answer,
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
from ..registry import relations_sql

POLICY: RuleBook[PolicyTable, ConsentPolicy] = RuleBook(
    model=ConsentPolicy, parse=parse, validate=validate, default=shipped
)
"""The policy table, in versions."""

_MANY = 20_000
"""From so many on, tables are read as a whole and hashed instead of looked up row by row."""
_FEW = 200
"""Up to so many persons are asked about by a prepared statement."""


def may_contact(person_id: int, channel: Channel, purpose: Purpose, at: datetime) -> Verdict:
    """Whether a person (or whoever they are read as) may be contacted, and why. See `may_contact_batch`."""
    return may_contact_batch([person_id], channel, purpose, at)[person_id]


def may_contact_batch(
    person_ids: Sequence[int], channel: Channel, purpose: Purpose, at: datetime
) -> dict[int, Verdict]:
    """Whether each may be contacted at their best address of the channel, and why: what was said until `at` counts."""
    table, ages = _context(at)
    found: dict[int, Verdict] = {}
    for row in _situations(person_ids, channel, purpose, at):
        *state, ids = row
        found.update(dict.fromkeys(ids, _decide(tuple(state), channel, purpose, table, ages)))
    return found


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
    table: PolicyTable | None = None
    ages: dict[tuple[str, str], int] = {}
    for country, channels, version, moment in _prepared(_CONTEXT, {"at": at}):
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


def _prepared(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement that the server plans once a connection: planning costs more than answering for one person.

    Django's own cursors put values into the text on this side, so every question would be planned anew; and the server
    would plan anew by itself, for it takes its plan for ten persons as worse than one for one.
    """
    connection.ensure_connection()
    raw: Any = connection.connection
    kept, raw.prepare_threshold = raw.prepare_threshold, 0  # Django switches preparing off
    try:
        with psycopg.Cursor(raw) as cursor:
            cursor.execute("SET plan_cache_mode = force_generic_plan")
            rows = cursor.execute(statement, values).fetchall()
            cursor.execute("RESET plan_cache_mode")
            return rows
    finally:
        raw.prepare_threshold = kept


def _decide(
    state: tuple[Any, ...],
    channel: Channel,
    purpose: Purpose,
    table: PolicyTable,
    ages: dict[tuple[str, str], int],
) -> Verdict:
    (known, address, country, region, firm, firm_region, calling, no, yes, confirmed, pending, expired, elsewhere,
     business, bought_days, asked_days, listed) = state  # fmt: skip
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
        listed=frozenset(ListKind(each) for each in listed.split(",") if each),
    )
    return decide(situation, channel, purpose, table, ages)


def _situations(
    person_ids: Sequence[int], channel: Channel, purpose: Purpose, at: datetime
) -> list[tuple[Any, ...]]:
    # A boundary between days would put people who bought at one moment into two groups; nothing depends on seconds.
    values = {
        "ids": numbers(dict.fromkeys(person_ids)),
        "channel": channel.value,
        "purpose": purpose.value,
        "at": at,
        "peppers": peppers(),
        "yes": [each.value for each in sorted(YES)],
        "no": [each.value for each in sorted(NO)],
        "pending": Answer.PENDING.value,
    }
    statement = _statement(channel, relations_sql())
    if len(person_ids) <= _FEW:
        return _prepared(statement, values)
    with transaction.atomic(), connection.cursor() as many:
        many.execute("SET LOCAL work_mem = '256MB'")
        if len(person_ids) >= _MANY:
            # The planner takes what it cannot see into for few rows, and would look up each of a million by itself.
            many.execute("SET LOCAL enable_nestloop = off")
        many.execute(statement, values)
        return list(many.fetchall())


_ADDRESS = {
    Channel.EMAIL: "email",
    Channel.SMS: "mobile",
    Channel.PHONE: "mobile",
    Channel.WECHAT: "email",  # an account is no address: see `key` and `fits` below
}


@functools.cache
def _statement(channel: Channel, relations: str) -> str:
    address = _ADDRESS[channel]
    keys = {Channel.EMAIL: MAIL_KEY_SQL.format("address"), Channel.WECHAT: "''"}
    fits = "CASE WHEN s.address = '' THEN s.person = w.owner ELSE s.address = w.key END"
    reachable = (
        "EXISTS (SELECT FROM member m JOIN identity_identifier i ON i.person_id = m.person WHERE m.profile = w.profile "
        "AND i.kind IN ('wechat_unionid', 'wechat_openid', 'wecom_external_userid'))"
        if channel is Channel.WECHAT
        else "w.key <> ''"
    )
    return _STATEMENT.format(
        address=address,
        key=keys.get(channel, "address"),
        fits="true" if channel is Channel.WECHAT else fits,
        reachable=reachable,
        relations=relations,
        listed=_LISTED[channel],
        business=_BUSINESS if channel is Channel.EMAIL else "false",
        business_join=_BUSINESS_JOIN if channel is Channel.EMAIL else "",
    )


_BUSINESS = "(d.domain IS NOT NULL)"
_BUSINESS_JOIN = "LEFT JOIN companies_companydomain d ON d.domain = split_part(w.key, '@', 2)"
_EXACT = """
    SELECT w.profile, s.list_id, s.added_at, s.expires_at
      FROM who w JOIN consent_suppression s ON s.kind = '{kind}' AND s.value = w.key
    UNION ALL
    SELECT w.profile, s.list_id, s.added_at, s.expires_at
      FROM who w CROSS JOIN unnest(%(peppers)s::text[]) AS p(pepper)
      JOIN consent_suppression s
        ON s.kind = '{kind}' AND s.value = '#' || encode(sha256(convert_to(p.pepper || w.key, 'UTF8')), 'hex')
     WHERE w.key <> '' AND EXISTS (SELECT FROM consent_suppression x WHERE x.kind = '{kind}' AND x.value LIKE '#%%')
    UNION ALL"""
_PERSON = """
    SELECT m.profile, s.list_id, s.added_at, s.expires_at
      FROM member m JOIN consent_suppression s ON s.kind = 'person' AND s.value = m.person::text"""
_DOMAINS = """
    SELECT w.profile, s.list_id, s.added_at, s.expires_at
      FROM who w JOIN consent_suppression s ON s.kind = 'domain' AND s.value = split_part(w.key, '@', 2)
    UNION ALL"""
_PREFIXES = """
    SELECT w.profile, s.list_id, s.added_at, s.expires_at
      FROM who w
      CROSS JOIN (SELECT DISTINCT length(value) AS n FROM consent_suppression WHERE kind = 'prefix') AS p
      JOIN consent_suppression s ON s.kind = 'prefix' AND s.value = left(w.key, p.n)
    UNION ALL"""
_NUMBER = _EXACT.format(kind="mobile") + _PREFIXES + _PERSON
_LISTED = {
    Channel.EMAIL: _EXACT.format(kind="email") + _DOMAINS + _PERSON,
    Channel.SMS: _NUMBER,
    Channel.PHONE: _NUMBER,
    Channel.WECHAT: _PERSON,
}

# The profile's own fields come first; merged persons fill what is empty, the oldest first.
_STATEMENT = """
WITH asked AS (
    SELECT x.id, COALESCE(a.profile_id, x.id) AS profile
      FROM unnest(%(ids)s::bigint[]) AS x(id) LEFT JOIN identity_alias a ON a.person_id = x.id
), one AS (
    SELECT DISTINCT profile FROM asked
), other AS (
    SELECT one.profile, a.person_id AS person FROM one JOIN identity_alias a ON a.profile_id = one.profile
), member AS (
    SELECT profile, profile AS person FROM one UNION ALL SELECT profile, person FROM other
), more AS (
    SELECT o.profile,
           (array_agg(p.{address} ORDER BY p.id) FILTER (WHERE p.{address} <> ''))[1] AS address,
           (array_agg(p.id ORDER BY p.id) FILTER (WHERE p.{address} <> ''))[1] AS owner,
           (array_agg(p.country ORDER BY p.id) FILTER (WHERE p.country <> ''))[1] AS country,
           (array_agg(p.region ORDER BY p.id) FILTER (WHERE p.region <> ''))[1] AS region,
           (array_agg(p.company_id ORDER BY p.id) FILTER (WHERE p.company_id IS NOT NULL))[1] AS company,
           (array_agg(p.mobile ORDER BY p.id) FILTER (WHERE p.mobile <> ''))[1] AS mobile
      FROM other o JOIN identity_person p ON p.id = o.person
     GROUP BY o.profile
), found AS (
    SELECT one.profile, p.id IS NOT NULL AS known,
           COALESCE(NULLIF(p.{address}, ''), more.address, '') AS address,
           CASE WHEN p.{address} <> '' THEN p.id ELSE COALESCE(more.owner, p.id) END AS owner,
           COALESCE(NULLIF(p.country, ''), more.country, '') AS country,
           COALESCE(NULLIF(p.region, ''), more.region, '') AS region,
           COALESCE(p.company_id, more.company) AS company,
           left(COALESCE(NULLIF(p.mobile, ''), more.mobile, ''), 4) AS calling
      FROM one LEFT JOIN identity_person p ON p.id = one.profile LEFT JOIN more ON more.profile = one.profile
), who AS MATERIALIZED (
    SELECT profile, known, {key} AS key, owner, country, region, company, calling FROM found
), said AS MATERIALIZED (
    SELECT m.profile, m.person, c.state, c.at, c.address, c.expires_at
      FROM member m
      JOIN consent_consent c ON c.person_id = m.person AND c.channel = %(channel)s AND c.purpose = %(purpose)s
     WHERE c.at <= %(at)s
), refused AS MATERIALIZED (
    SELECT profile, person, max(at) AS at FROM said WHERE state = ANY(%(no)s) GROUP BY profile, person
), closed AS (
    SELECT DISTINCT r.profile FROM refused r
     WHERE NOT EXISTS (SELECT FROM said s WHERE s.person = r.person AND s.state = ANY(%(yes)s) AND s.at > r.at)
), answer AS (
    SELECT s.profile,
           bool_or(s.fits AND s.alive AND s.state <> %(pending)s) AS yes,
           bool_or(s.fits AND s.alive AND s.state = 'confirmed') AS confirmed,
           bool_or(s.fits AND s.state = %(pending)s) AS pending,
           bool_or(s.fits AND NOT s.alive AND s.state <> %(pending)s) AS expired,
           bool_or(NOT s.fits AND s.alive AND s.state <> %(pending)s) AS elsewhere
      FROM (
        SELECT s.profile, s.state, (s.expires_at IS NULL OR s.expires_at > %(at)s) AS alive,
               {fits} AS fits
          FROM said s
          JOIN who w ON w.profile = s.profile
          LEFT JOIN refused r ON r.person = s.person
         WHERE s.state <> ALL(%(no)s) AND (r.at IS NULL OR s.at > r.at)
      ) AS s
     GROUP BY s.profile
), relation AS (
    SELECT m.profile, max(r.bought_at) AS bought_at, max(r.asked_at) AS asked_at
      FROM member m JOIN ({relations}) AS r ON r.person_id = m.person
     GROUP BY m.profile
), hit AS ({listed}
), listed AS (
    SELECT h.profile, string_agg(DISTINCT l.kind, ',') AS kinds
      FROM hit h JOIN consent_suppressionlist l ON l.id = h.list_id
     WHERE h.added_at <= %(at)s AND (h.expires_at IS NULL OR h.expires_at > %(at)s)
       AND (l.channels = '{{}}' OR %(channel)s = ANY(l.channels))
     GROUP BY h.profile
), situation AS (
    SELECT w.profile, w.known, {reachable} AS address, w.country,
           CASE WHEN left(w.region, 2) IN ('71', '81', '82') THEN left(w.region, 2)
                WHEN w.region <> '' THEN '11' ELSE '' END AS region,
           CASE WHEN w.country = '' AND w.region = '' THEN COALESCE(f.country, '') ELSE '' END AS firm,
           CASE WHEN w.country <> '' OR w.region <> '' OR COALESCE(f.region, '') = '' THEN ''
                WHEN left(f.region, 2) IN ('71', '81', '82') THEN left(f.region, 2) ELSE '11' END AS firm_region,
           CASE WHEN w.country = '' AND w.region = '' THEN w.calling ELSE '' END AS calling,
           closed.profile IS NOT NULL AS no, COALESCE(answer.yes, false) AS yes,
           COALESCE(answer.confirmed, false) AS confirmed, COALESCE(answer.pending, false) AS pending,
           COALESCE(answer.expired, false) AS expired, COALESCE(answer.elsewhere, false) AS elsewhere,
           {business} AS business,
           floor(extract(epoch FROM %(at)s - relation.bought_at) / 86400)::int AS bought_days,
           floor(extract(epoch FROM %(at)s - relation.asked_at) / 86400)::int AS asked_days,
           COALESCE(listed.kinds, '') AS listed
      FROM who w
      LEFT JOIN companies_company f ON f.id = w.company
      {business_join}
      LEFT JOIN closed ON closed.profile = w.profile
      LEFT JOIN answer ON answer.profile = w.profile
      LEFT JOIN relation ON relation.profile = w.profile
      LEFT JOIN listed ON listed.profile = w.profile
)
SELECT s.known, s.address, s.country, s.region, s.firm, s.firm_region, s.calling, s.no, s.yes, s.confirmed, s.pending,
       s.expired, s.elsewhere, s.business, s.bought_days, s.asked_days, s.listed, array_agg(asked.id)
  FROM situation s JOIN asked ON asked.profile = s.profile
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
"""
