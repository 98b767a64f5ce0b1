"""May we contact them: one person, and a million; and a register of millions put on a list."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.core.files.base import ContentFile
from django.db import connection, transaction

from huoju.hub.consent.operations import create_list, start_upload
from huoju.hub.consent.policy import Channel, ListKind, Purpose
from huoju.hub.consent.queries import may_contact, may_contact_how

from .harness import Figure, benchmark, say, server_cpu_seconds

PERSONS = int(os.environ.get("BENCH_ROWS", "1000000"))
ROUNDS = 300
LISTED = int(os.environ.get("BENCH_ROWS", "3000000"))
NOW = datetime(2026, 6, 1, tzinfo=UTC)

# Of 1,000 persons 700 answered (30 took it back) and 20 are merged into another; 100,000 addresses
# and 200 domains are listed, and 1,000 hashes of erased persons.
_FILL = """
INSERT INTO companies_company (id, name, key, country, industry, region, size, source, created_at)
SELECT n, 'Firm ' || n, 'firm' || n, (ARRAY['CN','DE','US','CA',''])[n %% 5 + 1], '', '', '', '', %(now)s
  FROM generate_series(1, 100000) AS n;
INSERT INTO companies_companydomain (domain, company_id, source, created_at)
SELECT 'firm' || n || '.com', n, '', %(now)s FROM generate_series(1, 100000) AS n;
INSERT INTO identity_person (id, name, title, company_id, mobile, email, region, country, language, source, created_at)
SELECT n, 'P', '', n %% 100000 + 1, '+86138' || lpad(n::text, 8, '0'), 'p' || n || '@firm' || n %% 100000 + 1 || '.com',
       CASE WHEN n %% 3 = 0 THEN '4403' ELSE '' END, (ARRAY['CN','CN','','DE','US','GB','CA',''])[n %% 8 + 1],
       '', '', %(now)s
  FROM generate_series(1, %(persons)s) AS n;
INSERT INTO identity_alias (person_id, profile_id) SELECT n, n - 1 FROM generate_series(50, %(persons)s, 50) AS n;
INSERT INTO consent_consent (person_id, channel, purpose, state, granted, at, address, source, proof)
SELECT n, 'email', 'marketing', 'given', true, %(now)s - interval '9 days',
       'p' || n || '@firm' || n %% 100000 + 1 || '.com', '', '{}'
  FROM generate_series(1, %(persons)s) AS n WHERE n %% 10 < 7;
INSERT INTO consent_consent (person_id, channel, purpose, state, granted, at, address, source, proof)
SELECT n, 'email', 'marketing', 'withdrawn', false, %(now)s - interval '3 days', '', '', '{}'
  FROM generate_series(1, %(persons)s) AS n WHERE n %% 33 = 0;
INSERT INTO consent_consent (person_id, channel, purpose, state, granted, at, address, source, proof)
SELECT n, 'sms', 'marketing', 'given', true, %(now)s, '', '', '{}' FROM generate_series(1, %(persons)s, 2) AS n;
INSERT INTO consent_suppressionlist (id, code, name, kind, channels, country, created_at)
VALUES (1, 'unsubscribed', 'U', 'unsubscribed', '{}', '', %(now)s), (2, 'black', 'B', 'black', '{}', '', %(now)s),
       (3, 'erased', 'E', 'erased', '{}', '', %(now)s);
INSERT INTO consent_suppression (list_id, kind, value, reason, source, added_at)
SELECT 3, 'email', '#' || encode(sha256(n::text::bytea), 'hex'), '', '', %(now)s FROM generate_series(1, 1000) AS n;
INSERT INTO consent_suppression (list_id, kind, value, reason, source, added_at)
SELECT 1, 'email', 'p' || n || '@firm' || n %% 100000 + 1 || '.com', '', '', %(now)s - interval '1 day'
  FROM generate_series(1, %(persons)s, 10) AS n;
INSERT INTO consent_suppression (list_id, kind, value, reason, source, added_at)
SELECT 2, 'domain', 'firm' || n || '.com', '', '', %(now)s - interval '1 day' FROM generate_series(1, 200) AS n;
"""
# The same tables joined without any decision: addresses, latest answer, lists, relations, companies.
_BARE = """
SELECT count(*), count(c.id), count(s.id), count(l.won), count(d.domain), count(a.profile_id), count(f.country)
  FROM unnest(%s::bigint[]) AS x(id)
  LEFT JOIN identity_alias a ON a.person_id = x.id
  JOIN identity_person p ON p.id = COALESCE(a.profile_id, x.id)
  LEFT JOIN companies_company f ON f.id = p.company_id
  LEFT JOIN companies_companydomain d ON d.domain = split_part(p.email, '@', 2)
  LEFT JOIN consent_suppression s ON s.kind = 'email' AND s.value = p.email
  LEFT JOIN (SELECT person_id, max(won_at) AS won FROM leads_lead GROUP BY 1) AS l ON l.person_id = p.id
  LEFT JOIN LATERAL (SELECT max(id) AS id FROM consent_consent c
                      WHERE c.person_id = p.id AND c.channel = 'email' AND c.purpose = 'marketing') AS c ON true
"""


def _fill() -> None:
    say(f"consent: {PERSONS:,} persons")
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"now": NOW - timedelta(days=30), "persons": PERSONS})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process and of the database server."""
    before = server_cpu_seconds() + time.process_time()
    work()
    return server_cpu_seconds() + time.process_time() - before


@benchmark("consent_one")
def one() -> None:
    """One person, as a send or a page asks: CPU time of this process and the server together."""
    _fill()
    for number in range(20):
        may_contact(1 + number, Channel.EMAIL, Purpose.MARKETING, NOW)

    def ask() -> None:
        for number in range(ROUNDS):
            may_contact(1 + number * 3_001 % PERSONS, Channel.EMAIL, Purpose.MARKETING, NOW)

    def look_up() -> None:
        with connection.cursor() as cursor:
            for number in range(ROUNDS):
                cursor.execute("SELECT * FROM identity_person WHERE id = %s", [1 + number * 3_001 % PERSONS])
                cursor.fetchall()

    how = [(channel, purpose) for purpose in (Purpose.MARKETING, Purpose.INQUIRY) for channel in Channel]

    def show() -> None:
        for number in range(ROUNDS):
            may_contact_how(1 + number * 3_001 % PERSONS, how, NOW)

    show()
    value, reference, page = (_cpu(work) * 1000 / ROUNDS for work in (ask, look_up, show))
    Figure("consent_one", value, "ms", 1.0, "a verdict with its reason; reference: the limit, 1 ms").emit()
    Figure("consent_one_bare", value, "ms", reference, "reference: one row by its primary key").emit()
    note = f"{len(how)} channels and purposes, as a person's page shows them; reference: one after the other"
    Figure("consent_one_page", page, "ms", value * len(how), note).emit()


# The first call of a process, with all that it loads: what a campaign pays that a worker has just been started for.
_FIRST_CALL = """
import json, sys, time
from collections import Counter
from datetime import datetime
import django; django.setup()
from django.db import connection
from huoju.hub.consent.policy import Channel, Purpose
from huoju.hub.consent.queries import may_contact_batch
connection.ensure_connection()
ids, at = range(1, int(sys.argv[1]) + 1), datetime.fromisoformat(sys.argv[2])
cpu, wall = time.process_time(), time.perf_counter()
found = may_contact_batch(ids, Channel.EMAIL, Purpose.MARKETING, at)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(json.dumps({"cpu": cpu, "wall": wall, "found": Counter(each.reason.value for each in found.values())}))
"""


@benchmark("consent_million")
def million() -> None:
    """A million persons, as a campaign asks, in a process that asks for the first time: wall clock, and CPU time of
    the process and the server together."""
    _fill()
    server = server_cpu_seconds()
    command = [sys.executable, "-c", _FIRST_CALL, str(PERSONS), NOW.isoformat()]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    server = server_cpu_seconds() - server
    say(f"consent: {told['found']}")

    def join() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '256MB'")
            cursor.execute(_BARE, ["{" + ",".join(map(str, range(1, PERSONS + 1))) + "}"])
            cursor.fetchall()

    cpu = told["cpu"] + server
    note = f"verdicts with reasons, the first call of a process; CPU {told['cpu']:.1f} s, server's {server:.1f} s"
    Figure("consent_million", told["wall"], "s", 5.0, f"{note}; reference: the limit").emit()
    Figure(
        "consent_million_bare", cpu, "s CPU", _cpu(join), "reference: a bare join of the same tables"
    ).emit()


@benchmark("suppression_upload")
def upload() -> None:
    """A register of three million numbers in two copies, the second with a tenth of other ones: lines a second of CPU
    of the worker and the server, and the most memory that the worker took."""
    numbers = random.Random(1).sample(range(2_000_000_000, 9_999_999_999), LISTED + LISTED // 10)
    lines = [f"({n // 10_000_000}) {200 + n // 10_000 % 800}-{n % 10_000:04}" for n in numbers]
    to = create_list(
        name="DNCL", kind=ListKind.REGISTER, channels=["phone"], country="CA", user_id=None, now=NOW
    )
    for name, some in (("suppression_upload", lines[:LISTED]), ("suppression_again", lines[-LISTED:])):
        file = ContentFile("\n".join(some).encode(), name="dncl.csv")
        row = start_upload(to=to, file=file, reason="DNCL", country="CA", user_id=None, now=NOW)
        server, started = server_cpu_seconds(), time.perf_counter()
        command = [sys.executable, "-c", _READ, str(row.pk)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        server, wall = server_cpu_seconds() - server, time.perf_counter() - started
        row.refresh_from_db()
        note = (
            f"{row.done_lines:,} lines, {row.added:,} new, {row.bad:,} unreadable; worker {told['cpu']:.1f} s, "
            f"server {server:.1f} s, wall {wall:.1f} s, worker's memory {told['memory']:.0f} MB; reference: the aim"
        )
        Figure(name, row.done_lines / (told["cpu"] + server), "lines/s CPU", 200_000.0, note).emit()


_READ = """
import json, resource, sys, time
import django; django.setup()
from huoju.hub.consent.jobs import read_upload
cpu = time.process_time()
read_upload(upload_id=int(sys.argv[1]))
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu": time.process_time() - cpu, "memory": memory}))
"""
