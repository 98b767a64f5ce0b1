"""The Olist funnel, moved in by the ordinary import with three mapping files, and shown as its notes say.

8,000 leads, then 842 closed deals that update them by their ids, then 112,650 order items of which 5,044 are payments
on those deals. Every figure comes from `shared/data/README.md`.
"""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from huoju.acquire.campaigns.models import Channel
from huoju.acquire.imports import operations as imports
from huoju.acquire.imports.models import Import
from huoju.acquire.imports.registry import get_target
from huoju.acquire.imports.running import run_import
from huoju.acquire.imports.undoing import roll_back_import
from huoju.core.access.models import User
from huoju.core.facts import delivery
from huoju.core.facts.models import DeadLetter
from huoju.core.facts.readers import all_readers
from huoju.measure.funnel import queries
from huoju.measure.funnel.policy.figures import Funnel
from huoju.measure.funnel.policy.spec import Dimension, FunnelSpec, Range
from huoju.measure.warehouse import operations as warehouse
from huoju.qualify.leads.models import Lead
from huoju.qualify.leads.policy import Stage
from tests.data import shared_data

HERE = Path(__file__).parent
TODAY = date(2018, 11, 14)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
]

BY_ORIGIN = {
    "organic_search": (2296, 271), "paid_search": (1586, 195), "social": (1350, 75), "unknown": (1099, 179),
    "direct_traffic": (499, 56), "email": (493, 15), "referral": (284, 24), "other": (150, 4), "display": (118, 6),
    "other_publicities": (65, 3), "": (60, 14),
}  # fmt: skip
REVENUE = {
    "unknown": "213742.70", "organic_search": "207023.45", "paid_search": "155277.05", "social": "43477.99",
    "direct_traffic": "21903.90", "referral": "17887.15", "email": "8484.99", "other": "6888.65", "": "1242.60",
    "display": "923.00",
}  # fmt: skip


def move_in(name: str, mapping: str) -> Import:
    """Import a file with one of our mapping files, as `huoju import FILE --mapping M.json` does."""
    data = json.loads((HERE / mapping).read_text())
    with shared_data(f"olist/{name}").open("rb") as file:
        record = imports.create_import(
            target=get_target(data["target"]),
            file_name=name,
            content=iter(lambda: file.read(1 << 20), b""),
            actor="system",
            now=timezone.now(),
        )
    imports.set_mapping(import_id=record.pk, mapping=data, now=timezone.now())
    imports.start_import(import_id=record.pk, actor="system", now=timezone.now())
    run_import(import_id=record.pk, clock=timezone.now)
    delivery.drain(all_readers(), horizon="own")
    # The mirror fetches what other transactions committed since it last looked; this test is one transaction.
    warehouse.forget()
    record.refresh_from_db()
    return record


def ask(**more: object) -> Funnel:
    spec = FunnelSpec(**({"stages": (Stage.LEAD, Stage.WON), "range": Range.ALL} | more))  # type: ignore[arg-type]
    return queries.funnel(spec, today=TODAY, limit=1000)


def counts_by_origin() -> dict[str, tuple[int, ...]]:
    names = {str(pk): code for pk, code in Channel.objects.values_list("pk", "code")} | {"": ""}
    return {names[part.key].replace("-", "_"): part.counts for part in ask(split=Dimension.CHANNEL).parts}


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> Any:
    settings.MEDIA_ROOT = tmp_path
    yield
    warehouse.forget()


def test_the_funnel_of_olist() -> None:
    leads = move_in("olist_marketing_qualified_leads_dataset.csv", "leads.json")
    assert leads.counts == {"new": 8000}
    assert ask().stages[0].count == 8000

    deals = move_in("olist_closed_deals_dataset.csv", "deals.json")
    assert deals.counts == {"updates": 842}

    items = move_in("order_items.parquet", "payments.json")
    assert items.counts == {"new": 5044, "rejected": 107606}
    assert DeadLetter.objects.count() == 0

    whole = ask()
    assert [figure.count for figure in whole.stages] == [8000, 842]
    assert whole.overall == pytest.approx(0.10525)
    days = whole.through.days
    assert days is not None
    assert (days.n, days.median, days.p25, days.p75, days.maximum) == (842, 14, 5, 54.75, 427)
    assert (round(days.mean, 2), round(days.p90, 1), round(days.within_30, 3)) == (48.44, 161.9, 0.659)
    (money,) = whole.money
    assert (money.revenue, money.payments, money.paying) == (Decimal("676851.48"), 5044, 380)

    assert counts_by_origin() == BY_ORIGIN
    names = {str(pk): code for pk, code in Channel.objects.values_list("pk", "code")} | {"": ""}
    parts = ask(split=Dimension.CHANNEL).parts
    revenue = {names[part.key].replace("-", "_"): part.money[0].revenue for part in parts if part.money}
    assert revenue == {name: Decimal(amount) for name, amount in REVENUE.items()}

    months = {part.key[:7]: part.counts for part in ask(split=Dimension.MONTH).parts}
    assert (min(months), max(months)) == ("2017-06", "2018-05")
    assert {month: found for month, found in months.items() if month >= "2018"} == {
        "2018-01": (1141, 152), "2018-02": (1028, 149), "2018-03": (1174, 167), "2018-04": (1352, 183),
        "2018-05": (1303, 130),
    }  # fmt: skip
    assert ask(split=Dimension.LANDING_PAGE).values == 495
    assert ask(split=Dimension.SDR).values == 32
    assert ask(split=Dimension.OWNER).values == 22

    early = Lead.objects.get(external_id__startswith="olist:b91cf881")
    assert early.warnings == ["won_before_captured"]
    assert early.won_at is not None
    assert (timezone.localdate(early.won_at) - timezone.localdate(early.captured_at)).days == -2
    flagged = ask(filters={Dimension.WARNING: ("won_before_captured",)})
    assert [figure.count for figure in flagged.stages] == [1, 1]

    the_page_shows_them()
    the_same_files_again_change_nothing()
    rolled_back_the_deals_are_open_again(items, deals)


def the_page_shows_them() -> None:
    client = Client()
    client.force_login(User.objects.create_user(username="ceo", role="executive", language="en"))
    page = client.get(
        reverse("funnel:funnel"), {"stages": "lead,won", "range": "all", "split": "channel"}
    ).text
    figures = ("8,000", "842", "10.5%", "48.44", "54.75", "161.9", "427", "65.9%", "676,851.48", "5,044")
    origins = (
        "2,296",
        "271",
        "1,586",
        "195",
        "213,742.70",
        "207,023.45",
        "155,277.05",
        "43,477.99",
        "1,242.60",
    )
    for text in (*figures, *origins):
        assert text in page, text


def the_same_files_again_change_nothing() -> None:
    again = move_in("olist_closed_deals_dataset.csv", "deals.json")
    assert again.counts == {"unchanged": 842} or again.counts == {"updates": 842}
    assert [figure.count for figure in ask().stages] == [8000, 842]
    assert ask().money[0].revenue == Decimal("676851.48")


def rolled_back_the_deals_are_open_again(items: Import, deals: Import) -> None:
    for record in (items, deals):
        imports.start_rollback(import_id=record.pk, actor="system", now=timezone.now())
        roll_back_import(import_id=record.pk, clock=timezone.now)
        delivery.drain(all_readers(), horizon="own")
    warehouse.forget()
    assert [figure.count for figure in ask().stages] == [8000, 0]
    assert ask().money == ()
    assert counts_by_origin() == {name: (found, 0) for name, (found, _won) in BY_ORIGIN.items()}
