"""A company with a million leads, made inside the database in a few statements.

`python -m bench.million` fills the database that the environment names: companies (three persons each), persons,
their identifiers, leads with touches and history, what the funnel derives, and the users who own them. Values have
the skew of real ones: a few common provinces and trades and many rare ones, most leads early in their life, a fifth
in the pool or nobody's.
"""

import sys
from typing import Any

import django

django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from huoju.acquire.campaigns.models import Campaign, Channel
from huoju.core.access.models import Team, User
from huoju.core.search import operations as search
from huoju.hub.companies.policy import INDUSTRIES, SizeBand
from huoju.hub.companies.search import COMPANIES as COMPANY_DOCUMENTS
from huoju.qualify.leads.search import LEADS as LEAD_DOCUMENTS

from .harness import say
from .policies import FAMILIES, GIVEN

LEADS = 1_000_000
SALES, CAMPAIGNS = 60, 200
REGIONS = (
    *("44", "4403", "4401", "31", "11", "32", "3201", "33", "3301", "37", "51", "42", "41", "43", "61", "35"),
    *(
        "34",
        "50",
        "12",
        "21",
        "13",
        "36",
        "45",
        "53",
        "52",
        "22",
        "23",
        "14",
        "62",
        "15",
        "65",
        "46",
        "64",
        "63",
        "54",
    ),
)

_STATEMENTS = (
    """INSERT INTO companies_company (id, name, key, industry, region, country, size, source, created_at)
       SELECT n, (%(cities)s::text[])[n %% 8 + 1] || substr(%(given)s, n %% 25 + 1, 1)
                 || substr(%(given)s, n / 25 %% 25 + 1, 1) || n || '科技有限公司', 'company' || n,
              (%(industries)s::text[])[(a * a * 14)::int + 1], (%(regions)s::text[])[(b * b * b * 34)::int + 1], 'CN',
              (%(sizes)s::text[])[(a * b * 5)::int + 1], 'bench', now()
       FROM (SELECT n, random() a, random() b FROM generate_series(1, %(leads)s / 3 + 1) n) dice""",
    """UPDATE companies_company SET heads_group = true WHERE id <= 2000 AND id %% 20 = 0""",
    """UPDATE companies_company SET parent_id = id / 20 * 20 WHERE id < 2000 AND id %% 20 > 15 AND id > 20""",
    """INSERT INTO companies_companydomain (domain, company_id, source, created_at)
       SELECT 'firm' || n || '.cn', n, 'bench', now() FROM generate_series(1, %(leads)s / 3 + 1) n""",
    """INSERT INTO identity_person (id, name, title, company_id, mobile, email, region, country, language, source,
                                    created_at)
       SELECT n, substr(%(families)s, n %% 20 + 1, 1) || substr(%(given)s, n / 20 %% 25 + 1, 1)
                 || substr(%(given)s, n / 500 %% 25 + 1, 1),
              (ARRAY['CTO', '技术总监', '数据分析师', 'IT经理', '工程师', ''])[n %% 6 + 1], n / 3 + 1,
              '+86138' || lpad(n::text, 8, '0'), 'u' || n || '@firm' || n / 3 + 1 || '.cn',
              (%(regions)s::text[])[(a * a * a * 34)::int + 1], 'CN', '', 'bench',
              timestamptz '2025-01-01 00:00+8' + n * interval '59 seconds'
       FROM (SELECT n, random() a FROM generate_series(1, %(leads)s) n) dice""",
    # One in a hundred was found to be their neighbour as well.
    """INSERT INTO identity_alias (person_id, profile_id)
       SELECT n, n - 1 FROM generate_series(100, %(leads)s, 100) n""",
    """INSERT INTO profile_tag (id, name, "group", color, note, conditions, archived, created_at)
       VALUES (1, 'common', '', 'blue', '', '[]', false, now()), (2, 'middling', '', 'green', '', '[]', false, now()),
              (3, 'rare', '', 'red', '', '[]', false, now())""",
    """INSERT INTO profile_tagassignment (person_id, tag_id, source, actor, at)
       SELECT n, 1, 'hand', 'bench', now() FROM generate_series(1, %(leads)s) n WHERE n %% 10 < 3
       UNION ALL SELECT n, 2, 'hand', 'bench', now() FROM generate_series(1, %(leads)s, 97) n
       UNION ALL SELECT n, 3, 'hand', 'bench', now() FROM generate_series(1, %(leads)s / 100, 500) n""",
    """INSERT INTO segments_segment (id, name, description, version, state, archived, build_done, build_total,
                                     created_at) VALUES (1, 'Many', '', 1, 'live', false, 0, 0, now())""",
    """INSERT INTO segments_membership (segment_id, profile_id, entered_at, left_at)
       SELECT 1, n, now() - n * interval '20 seconds', CASE WHEN n %% 7 = 0 THEN now() END
       FROM generate_series(1, %(leads)s) n WHERE n %% 3 = 0 AND n %% 100 <> 0""",
    """INSERT INTO identity_identifier (person_id, kind, value, verified, source, first_seen, last_seen)
       SELECT id, 'mobile', mobile, false, 'bench', now(), now() FROM identity_person
       UNION ALL SELECT id, 'email', email, false, 'bench', now(), now() FROM identity_person""",
    """INSERT INTO leads_lead (id, person_id, company_id, stage, stage_at, stage_actor, stage_reason, grade,
           captured_at, mql_at, sql_at, opportunity_at, poc_at, won_at, lost_at, channel_id, campaign_id, keyword,
           landing_page,
           referrer, product, region, industry, size, segment, owner_id, sdr_id, assigned_at, score, band, warnings,
           extra, import_id, created_at)
       SELECT id, id, id / 3 + 1, stage, at + b * interval '20 days', 'bench', '', '', at,
              CASE WHEN depth >= 1 THEN at + a * interval '9 days' END,
              CASE WHEN depth >= 2 THEN at + a * interval '15 days' END,
              CASE WHEN depth >= 3 THEN at + a * interval '30 days' END,
              CASE WHEN depth >= 4 THEN at + a * interval '50 days' END,
              CASE WHEN stage = 'won' THEN at + a * interval '80 days' END,
              CASE WHEN stage = 'lost' THEN at + a * interval '80 days' END,
              CASE WHEN c < 0.9 THEN (%(channels)s::bigint[])[(c * c * 12)::int + 1] END,
              CASE WHEN d < 0.4 THEN (%(campaigns)s::bigint[])[(d * d * 1249)::int + 1] END,
              CASE WHEN d < 0.1 THEN '数据平台' ELSE '' END, '/trial', '',
              CASE WHEN e < 0.001 THEN '备份' WHEN e < 0.3 THEN '数据库' WHEN e < 0.5 THEN '数据仓库' ELSE '' END,
              (%(regions)s::text[])[(f * f * f * 34)::int + 1], (%(industries)s::text[])[(g * g * 14)::int + 1],
              (%(sizes)s::text[])[(h * h * 5)::int + 1], '',
              CASE WHEN stage = 'pool' OR owned > 0.6 THEN NULL
                   WHEN owned < 0.00002 THEN (%(sales)s::bigint[])[60]
                   ELSE (%(sales)s::bigint[])[(owned * 95)::int + 1] END,
              CASE WHEN owned > 0.95 THEN (%(sales)s::bigint[])[(a * 4)::int + 1] END,
              CASE WHEN owned <= 0.6 AND stage <> 'pool' THEN at END,
              (i * i * 99)::int, CASE WHEN i > 0.9 THEN 'A' WHEN i > 0.8 THEN 'B' WHEN i > 0.5 THEN 'C' ELSE 'D' END,
              CASE WHEN b < 0.002 THEN '["won_before_captured"]'::jsonb ELSE '[]' END, '{}', 1, at
       FROM (SELECT *, CASE stage WHEN 'lead' THEN 0 WHEN 'mql' THEN 1 WHEN 'sql' THEN 2 WHEN 'opportunity' THEN 3
                    WHEN 'pool' THEN 0 WHEN 'nurturing' THEN 1 WHEN 'disqualified' THEN 0 ELSE 4 END AS depth
             FROM (SELECT *, CASE WHEN s < 0.45 THEN 'lead' WHEN s < 0.6 THEN 'mql' WHEN s < 0.7 THEN 'sql'
                        WHEN s < 0.73 THEN 'opportunity' WHEN s < 0.74 THEN 'poc' WHEN s < 0.76 THEN 'won'
                        WHEN s < 0.8 THEN 'lost' WHEN s < 0.85 THEN 'nurturing' WHEN s < 0.9 THEN 'disqualified'
                        ELSE 'pool' END AS stage
                   FROM (SELECT id, random() a, random() b, random() c, random() d, random() e, random() f, random() g,
                                random() h, random() i, random() s, random() owned,
                                timestamptz '2025-01-01 00:00+8' + id * interval '59 seconds' AS at
                         FROM generate_series(1, %(leads)s) id) dice) staged) made""",
    """INSERT INTO leads_touch (lead_id, at, via, channel_id, campaign_id, keyword, landing_page, message, origin)
       SELECT id, captured_at, 'import', channel_id, campaign_id, keyword, landing_page, '', 'bench:' || id
       FROM leads_lead""",
    """INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, at, actor, reason)
       SELECT id, '', 'lead', captured_at, 'bench', '' FROM leads_lead
       UNION ALL SELECT id, 'lead', stage, stage_at, 'bench', '' FROM leads_lead WHERE stage <> 'lead'""",
    """INSERT INTO scoring_leadscore (lead_id, fit, engagement, total, band, lines, rules_version, as_of)
       SELECT id, score, 0, score, band, '[]', 1, now() FROM leads_lead""",
    """INSERT INTO funnel_funnelrow (lead_id, channel_id, campaign_id, keyword, landing_page, product, region, industry,
           size, segment, owner_id, sdr_id, stage, captured_at, mql_at, sql_at, opportunity_at, poc_at, won_at, lost_at,
           won_amount, won_currency, warnings, withdrawn, changed_tx)
       SELECT id, channel_id, campaign_id, keyword, landing_page, product, region, industry, size, segment, owner_id,
              sdr_id, stage, captured_at, mql_at, sql_at, opportunity_at, poc_at, won_at, lost_at,
              CASE WHEN won_at IS NOT NULL THEN 50000 END, 'CNY', '', false, 1
       FROM leads_lead""",
)
_SEQUENCES = ("companies_company", "identity_person", "leads_lead", "profile_tag", "segments_segment")


def fill(leads: int = LEADS) -> None:
    """Fill the current, empty database with `leads` leads and everything under them; statistics are up to date."""
    team = Team.objects.create(name="North")
    sales = [
        User.objects.create(
            username=f"sales{number}",
            name=f"Sales {number}",
            role="sales",
            team=team if number < 20 else None,
        )
        for number in range(SALES)
    ]
    channels = list(Channel.objects.order_by("pk").values_list("pk", flat=True))
    made = Campaign.objects.bulk_create(
        [
            Campaign(
                name=f"Campaign {number}",
                code=f"c{number}",
                channel_id=channels[number % len(channels)],
                created_at=timezone.now(),
            )
            for number in range(CAMPAIGNS)
        ]
    )
    values: dict[str, Any] = {
        "leads": leads, "given": GIVEN, "families": FAMILIES,
        "cities": ["北京", "上海", "深圳", "杭州", "广州", "成都", "武汉", "苏州"],
        "channels": channels[:12], "campaigns": [campaign.pk for campaign in made], "regions": list(REGIONS),
        "industries": [*INDUSTRIES, *INDUSTRIES][:15], "sizes": [*[band.value for band in SizeBand][:5], ""],
        "sales": [user.pk for user in sales],
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5), set_config('huoju.history_given', 'on', true)")
        for statement in _STATEMENTS:
            say(f"million: {' '.join(statement.split()[:3])} …")
            cursor.execute(statement, values)
        for table in _SEQUENCES:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
    _make_findable(leads)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _make_findable(leads: int) -> None:
    """Index leads and companies for the search; the index of terms is built once they are all there."""
    say("million: documents for the search …")
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'search_terms'")
        (definition,) = cursor.fetchone()
        cursor.execute("DROP INDEX search_terms")
    for kind, last in ((LEAD_DOCUMENTS, leads), (COMPANY_DOCUMENTS, leads // 3 + 1)):
        for begin in range(1, last + 1, 5000):
            with transaction.atomic():
                search.index(kind, range(begin, min(begin + 5000, last + 1)))
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(definition)


def migrate() -> None:
    """Bring what an earlier run has made to today's migrations."""
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    migrate() if "migrate" in sys.argv[1:] else fill()
