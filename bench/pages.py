"""Pages at a million leads: the time that the server takes, and how many queries."""

import os
import statistics
import time
from collections.abc import Sequence

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from huoju.core.access.models import User
from huoju.core.facts import delivery, readers
from huoju.qualify.leads.models import Lead
from huoju.site.warming import warm_up

from .harness import Figure, benchmark, say

LIMIT = 200
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "12"))
SORTS = ("captured_at", "score", "mql_at", "sql_at", "won_at")
FILTERS = (
    *(
        "stage=mql",
        "stage=won",
        "stage=poc&stage=opportunity",
        "channel={channel}",
        "channel=-",
        "campaign={campaign}",
    ),
    *(
        "campaign=-",
        "owner={owner}",
        "owner={rare_owner}",
        "owner=-",
        "sdr={sdr}",
        "sdr=-",
        "region=44",
        "region=54",
    ),
    *(
        "industry={industry}",
        "industry={rare_industry}",
        "size=1-19",
        "size=5000%2B",
        "product=备份",
        "product=数据库",
    ),
    *(
        "band=A",
        "band=D",
        "captured_at_after=2025-03-01&captured_at_before=2025-03-02",
        "warnings=true",
        "warnings=false",
    ),
    *("q=王伟", "q=+8613800777777", "q=u777777@firm", "q=北京伟"),
)
TOGETHER = (
    *(
        "stage=mql&region=44&sort=-score",
        "region=54&industry={rare_industry}",
        "owner={owner}&stage=won&sort=won_at",
    ),
    *(
        "stage=lead&channel={channel}&size=5000%2B&region=46",
        "warnings=true&sort=-score",
        "product=备份&sort=mql_at",
    ),
    *("industry={rare_industry}&size=1-19&sort=-score", "band=A&stage=pool&sort=captured_at"),
)
COMPANIES = (
    *("", "sort=name", "sort=created_at", "industry={industry}&sort=name", "industry={rare_industry}"),
    *(
        "region=54",
        "region=44&sort=-name",
        "size=5000%2B",
        "group=head",
        "uscc=true",
        "q=北京",
        "q=firm777.cn",
    ),
    *("region=44&q=北京&sort=name", "created_at_after=2025-03-01"),
)
PEOPLE = (
    *(
        "",
        "sort=created_at",
        "tag=1",
        "tag=2&sort=created_at",
        "tag=3",
        "stage=won",
        "stage=lead",
        "stage=lead&tag=2",
    ),
    *("owner={owner}", "owner={rare_owner}", "region=44", "region=54&sort=created_at", "company=北京"),
    *("company=firm777.cn", "title=CTO", "q=王伟", "q=+8613800777777", "created_at_before=2025-01-02"),
)
FUNNELS = ("", "split=owner", "split=region&view=period", "split=channel&channel=1", "split=month")


def _values() -> dict[str, object]:
    rows = Lead.objects.order_by()
    with connection.cursor() as cursor:
        cursor.execute("SELECT industry FROM leads_lead GROUP BY 1 ORDER BY count(*)")
        industries = [code for (code,) in cursor.fetchall()]
    return {
        "channel": rows.filter(channel__isnull=False).values_list("channel_id", flat=True)[0],
        "campaign": rows.filter(campaign__isnull=False).values_list("campaign_id", flat=True)[0],
        "owner": User.objects.get(username="sales1").pk,
        "rare_owner": User.objects.get(username="sales59").pk,
        "sdr": rows.filter(sdr__isnull=False).values_list("sdr_id", flat=True)[0],
        "industry": industries[-1],
        "rare_industry": industries[0],
    }


def _measure(client: Client, addresses: Sequence[str]) -> dict[str, tuple[float, int]]:
    """Milliseconds (95th percentile) and queries of each address."""
    found = {}
    for address in addresses:
        times = []
        client.get(address)
        for _ in range(ROUNDS):
            started = time.perf_counter()
            response = client.get(address)
            times.append((time.perf_counter() - started) * 1000)
            if response.status_code != 200:
                raise RuntimeError(f"{address}: {response.status_code}")
            b"".join(response) if response.streaming else response.content
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        found[address] = (statistics.quantiles(times, n=20, method="inclusive")[-1], len(captured))
        say(f"    {found[address][0]:8.1f} ms {len(captured):3} queries  {address}")
    return found


def _emit(name: str, found: dict[str, tuple[float, int]], what: str) -> None:
    worst = max(found, key=lambda address: found[address][0])
    queries = max(count for _, count in found.values())
    leads = Lead.objects.count()
    note = f"{what}, {leads} leads; the slowest of {len(found)} addresses by p95: {worst}; reference: limit"
    Figure(f"pages.{name}", found[worst][0], "ms", LIMIT, note).emit()
    Figure(f"pages.{name}.queries", queries, "queries", None, "the most of these addresses").emit()


@benchmark("pages")
def pages_at_a_million() -> None:
    """Server time of lists, lead page and funnel, 95th percentile of the slowest address."""
    delivery.ensure_cursors(readers.all_readers())
    measure()


_STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},  # nothing is served
}


@override_settings(STORAGES=_STORAGES)
def measure() -> None:
    """The pages of the database as it is."""
    values = _values()
    warm_up()  # as each web process does when it starts
    sales = User.objects.get(username="sales2")
    people = {
        "admin": User.objects.create(username="bench-admin", role="admin"),
        "sales": sales,
        "manager": User.objects.create(
            username="bench-manager", role="sales_manager", team_id=sales.team_id
        ),
    }  # fmt: skip
    lists = ["/leads/", *(f"/leads/?sort={mark}{name}" for name in SORTS for mark in ("", "-"))]
    lists += [f"/leads/?{part.format(**values)}" for part in (*FILTERS, *TOGETHER)]
    companies = [f"/companies/?{part.format(**values)}" for part in COMPANIES]
    persons = [f"/people/?{part.format(**values)}" for part in PEOPLE]
    for name, user in people.items():
        client = Client(HTTP_HOST="localhost", headers={"accept-language": "zh-hans"})
        client.force_login(user)
        client.get("/leads/")
        say(f"{name}:")
        _emit(f"list.{name}", _measure(client, lists), f"lead list for {name}")
        _emit(f"companies.{name}", _measure(client, companies), f"list of companies for {name}")
        _emit(f"people.{name}", _measure(client, persons), f"list of people for {name}")
        if name == "sales":
            continue
        shown = Lead.objects.filter(owner_id=None).values_list("pk", flat=True)[:20]
        _emit(f"lead.{name}", _measure(client, [f"/leads/{pk}/" for pk in shown]), "lead page")
        faces = list(Lead.objects.filter(pk__in=shown).values_list("person_id", "company_id"))
        cards = [f"/people/{pk}/" for pk, _ in faces if pk % 100] + [f"/companies/{pk}/" for _, pk in faces]
        _emit(f"person.{name}", _measure(client, cards), "pages of persons and of companies")
        _emit(f"funnel.{name}", _measure(client, [f"/funnel/?{part}" for part in FUNNELS]), "funnel page")
