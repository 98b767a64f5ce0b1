"""What the decision looks at, gathered by one statement that PostgreSQL runs for a few persons and DuckDB for many.

It reads over the identity mapping. Many people are in the same situation, so a row is a situation with all in it.
Words in braces are filled for the channel and the engine; both engines give the same rows, which a test holds.
"""

import functools
from dataclasses import dataclass, replace

from ..policy import MAIL_KEY_SQL, NO, YES, Answer, Channel, ListKind, Purpose
from ..registry import relations_sql

COLUMNS = (
    "known", "address", "country", "region", "firm", "firm_region", "calling", "no", "yes", "confirmed", "pending",
    "expired", "elsewhere", "business", "bought_days", "asked_days", *(f"listed_{each.value}" for each in ListKind),
)  # fmt: skip
"""The columns of a situation; the ids of those asked about who are in it follow."""
WECHAT_KINDS = ("wechat_unionid", "wechat_openid", "wecom_external_userid")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an engine writes what both know. `asked` is a SELECT of each `person` asked about, with `profile`."""

    asked: str
    at: str
    peppers: str
    hashed: str
    first: str


ONE = Dialect(
    asked="SELECT %(id)s::bigint AS person, COALESCE((SELECT profile_id FROM identity_alias WHERE person_id = %(id)s), "
    "%(id)s)::bigint AS profile",
    at="%(at)s::timestamptz",
    peppers="unnest(%(peppers)s::text[]) AS p(pepper)",
    hashed="'#' || encode(sha256(convert_to({} || {}, 'UTF8')), 'hex')",
    first="(array_agg({0} ORDER BY p.id) FILTER (WHERE {1}))[1]",
)
"""One person in PostgreSQL, of any id."""
_ASKED = (
    "SELECT x.person, COALESCE(a.profile_id, x.person) AS profile FROM {} "
    "LEFT JOIN identity_alias a ON a.person_id = x.person"
)
FEW = replace(ONE, asked=_ASKED.format("unnest(%(ids)s::bigint[]) AS x(person)"))
"""Some persons in PostgreSQL."""
MANY = Dialect(
    asked=_ASKED.format("asked_persons AS x"),
    at="$at::timestamptz",
    peppers="peppers AS p",
    hashed="'#' || sha256({} || {})",
    first="arg_min({0}, p.id) FILTER (WHERE {1})",
)
"""Any number of persons in DuckDB, over copies of the tables under the same names."""


def address_column(channel: Channel) -> str:
    """The column of persons with their address for a channel. An account is no address: WeChat has none."""
    return "mobile" if channel in (Channel.SMS, Channel.PHONE) else "email"


def key_sql(channel: Channel, address: str) -> str:
    """An address as it stands on lists and with answers, as an SQL expression."""
    return {Channel.EMAIL: MAIL_KEY_SQL.format(address), Channel.WECHAT: "''"}.get(channel, address)


def exact_kind(channel: Channel) -> str:
    """The kind of entries that name one whole address of the channel, empty if there is none."""
    return "" if channel is Channel.WECHAT else address_column(channel)


def entry_kinds(channel: Channel) -> list[str]:
    """The kinds of entries that can hit an address of the channel without naming all of it."""
    return {Channel.EMAIL: ["domain", "person"], Channel.WECHAT: ["person"]}.get(
        channel, ["person", "prefix"]
    )


def statement(channel: Channel, purpose: Purpose, dialect: Dialect) -> str:
    """The statement in an engine's dialect."""
    return _statement(
        channel, purpose, dialect, relations_sql() if dialect is not MANY else "SELECT * FROM relations"
    )


@functools.cache
def _statement(channel: Channel, purpose: Purpose, dialect: Dialect, relations: str) -> str:
    kind = exact_kind(channel)
    hashed = dialect.hashed.format("p.pepper", "w.key")
    hits = [_ENTRY[each] for each in entry_kinds(channel)]
    if kind:
        hits += [_EXACT.format(kind=kind), _HASHED.format(kind=kind)]
    email = channel is Channel.EMAIL
    return _STATEMENT.format(
        asked=dialect.asked,
        at=dialect.at,
        address=address_column(channel),
        key=key_sql(channel, "address"),
        channel=f"'{channel.value}'",
        purpose=f"'{purpose.value}'",
        fits="CASE WHEN s.address = '' THEN s.person = w.owner ELSE s.address = w.key END"
        if kind
        else "true",
        reachable="w.key <> ''" if kind else _HAS_ACCOUNT,
        no=_among(NO),
        yes=_among(YES),
        pending=f"'{Answer.PENDING.value}'",
        confirmed=f"'{Answer.CONFIRMED.value}'",
        relations=relations,
        hidden=_HIDDEN.format(kind=kind, hashed=hashed, peppers=dialect.peppers) if kind else "",
        hits="\n     UNION ALL ".join(hits),
        kinds=", ".join(f"bool_or(l.kind = '{each.value}') AS {each.value}" for each in ListKind),
        listed=", ".join(f"COALESCE(listed.{each.value}, false) AS listed_{each.value}" for each in ListKind),
        **{
            f"first_{name}": dialect.first.format(f"p.{column}", there)
            for name, column, there in _firsts(channel)
        },
        business="d.domain IS NOT NULL" if email else "false",
        business_join="LEFT JOIN companies_companydomain d ON d.domain = substr(w.key, strpos(w.key, '@') + 1)"
        if email
        else "",
        columns=", ".join(f"s.{each}" for each in COLUMNS),
    )


def _firsts(channel: Channel) -> list[tuple[str, str, str]]:
    """What the oldest merged person has who has it: name, column, when it is there."""
    address = address_column(channel)
    texts = (("owner", "id", address), ("address", address, address), ("mobile", "mobile", "mobile"),
             ("country", "country", "country"), ("region", "region", "region"))  # fmt: skip
    found = [(name, column, f"p.{full} <> ''") for name, column, full in texts]
    return [*found, ("company", "company_id", "p.company_id IS NOT NULL")]


def _among(answers: frozenset[Answer]) -> str:
    return "(" + ", ".join(f"'{each.value}'" for each in sorted(answers)) + ")"


_HAS_ACCOUNT = (
    "EXISTS (SELECT 1 FROM member m JOIN identity_identifier i ON i.person_id = m.person WHERE m.profile = w.profile "
    f"AND i.kind IN {WECHAT_KINDS})"
)
_EXACT = """SELECT w.profile, s.list_id, s.added_at, s.expires_at
      FROM who w JOIN consent_suppression s ON s.kind = '{kind}' AND s.value = w.key"""
_HASHED = """SELECT w.profile, s.list_id, s.added_at, s.expires_at
      FROM hidden w JOIN consent_suppression s ON s.kind = '{kind}' AND s.value = w.value"""
# Materialised, or an engine may join entries and peppers first and then compare each person with each of them.
_HIDDEN = """hidden AS MATERIALIZED (
    SELECT w.profile, {hashed} AS value FROM who w CROSS JOIN {peppers}
     WHERE w.key <> ''
       AND EXISTS (SELECT 1 FROM consent_suppression x WHERE x.kind = '{kind}' AND x.value LIKE '#%%')
), """
_ENTRY = {
    "person": """SELECT m.profile, s.list_id, s.added_at, s.expires_at
      FROM member m JOIN consent_suppression s ON s.kind = 'person' AND s.value = m.person::text""",
    "domain": """SELECT w.profile, s.list_id, s.added_at, s.expires_at
      FROM who w JOIN consent_suppression s ON s.kind = 'domain' AND s.value = substr(w.key, strpos(w.key, '@') + 1)""",
    "prefix": """SELECT w.profile, s.list_id, s.added_at, s.expires_at
      FROM who w CROSS JOIN (SELECT DISTINCT length(value) AS n FROM consent_suppression WHERE kind = 'prefix') AS p
      JOIN consent_suppression s ON s.kind = 'prefix' AND s.value = left(w.key, p.n)""",
}

# The profile's own fields come first; merged persons fill what is empty, the oldest first. A no holds until the same
# person says yes later; what anybody said before their own no does not count any more.
_STATEMENT = """
WITH asked AS MATERIALIZED (
    {asked}
), one AS MATERIALIZED (
    SELECT DISTINCT profile FROM asked
), other AS (
    SELECT one.profile, a.person_id AS person FROM one JOIN identity_alias a ON a.profile_id = one.profile
), member AS (
    SELECT profile, profile AS person FROM one UNION ALL SELECT profile, person FROM other
), more AS (
    SELECT o.profile, {first_owner} AS owner, {first_address} AS address, {first_country} AS country,
           {first_region} AS region, {first_company} AS company, {first_mobile} AS mobile
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
      JOIN consent_consent c ON c.person_id = m.person AND c.channel = {channel} AND c.purpose = {purpose}
     WHERE c.at <= {at}
), refused AS MATERIALIZED (
    SELECT s.profile, s.person, max(s.at) AS last FROM said s WHERE s.state IN {no} GROUP BY s.profile, s.person
), closed AS (
    SELECT DISTINCT r.profile FROM refused r
     WHERE NOT EXISTS (SELECT 1 FROM said s WHERE s.person = r.person AND s.state IN {yes} AND s.at > r.last)
), answer AS (
    SELECT s.profile,
           bool_or(s.fits AND s.alive AND s.state <> {pending}) AS yes,
           bool_or(s.fits AND s.alive AND s.state = {confirmed}) AS confirmed,
           bool_or(s.fits AND s.state = {pending}) AS pending,
           bool_or(s.fits AND NOT s.alive AND s.state <> {pending}) AS expired,
           bool_or(NOT s.fits AND s.alive AND s.state <> {pending}) AS elsewhere
      FROM (
        SELECT s.profile, s.state, (s.expires_at IS NULL OR s.expires_at > {at}) AS alive, {fits} AS fits
          FROM said s
          JOIN who w ON w.profile = s.profile
          LEFT JOIN refused r ON r.person = s.person
         WHERE s.state NOT IN {no} AND (r.last IS NULL OR s.at > r.last)
      ) AS s
     GROUP BY s.profile
), relation AS (
    SELECT m.profile, max(r.bought_at) AS bought_at, max(r.asked_at) AS asked_at
      FROM member m JOIN ({relations}) AS r ON r.person_id = m.person
     GROUP BY m.profile
), {hidden}hit AS (
    {hits}
), listed AS (
    SELECT h.profile, {kinds}
      FROM hit h JOIN consent_suppressionlist l ON l.id = h.list_id
     WHERE h.added_at <= {at} AND (h.expires_at IS NULL OR h.expires_at > {at})
       AND (COALESCE(array_length(l.channels, 1), 0) = 0 OR {channel} = ANY(l.channels))
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
           floor(extract(epoch FROM {at} - relation.bought_at) / 86400)::int AS bought_days,
           floor(extract(epoch FROM {at} - relation.asked_at) / 86400)::int AS asked_days,
           {listed}
      FROM who w
      LEFT JOIN companies_company f ON f.id = w.company
      {business_join}
      LEFT JOIN closed ON closed.profile = w.profile
      LEFT JOIN answer ON answer.profile = w.profile
      LEFT JOIN relation ON relation.profile = w.profile
      LEFT JOIN listed ON listed.profile = w.profile
)
SELECT {columns}, array_agg(asked.person) FROM situation s JOIN asked ON asked.profile = s.profile GROUP BY {columns}
"""
