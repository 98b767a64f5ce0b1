"""The real funnel of Olist: every figure that its notes name, from rows made of its files."""

import csv
import os
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from huoju.measure.funnel import queries
from huoju.measure.funnel.policy.figures import Funnel
from huoju.measure.funnel.policy.spec import Dimension, FunnelSpec, Range, View
from huoju.qualify.leads.policy import Stage

from .rows import Case, store

DATA = Path(os.environ.get("HUOJU_TEST_DATA", Path(__file__).parents[4] / "shared" / "data")) / "olist"
ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2018, 11, 14)
LEAD_TO_WON = (Stage.LEAD, Stage.WON)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason="the Olist files are not here (HUOJU_TEST_DATA)"),
]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


class Codes(dict[str, int]):
    """Ids for names, in the order of their first use."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self) + 1
        return self[name]


@pytest.fixture
def channels() -> Codes:
    deals = {row["mql_id"]: row for row in csv.DictReader((DATA / "olist_closed_deals_dataset.csv").open())}
    items: dict[str, list[tuple[datetime, Decimal, str]]] = defaultdict(list)
    moment = "strftime(shipping_limit_date, '%Y-%m-%dT%H:%M:%S')"
    sold = duckdb.sql(f"SELECT seller_id, {moment}, price FROM '{DATA / 'order_items.parquet'}'")
    for seller, at, price in sold.fetchall():
        items[seller].append((_at(at), Decimal(str(price)).quantize(Decimal("0.01")), "BRL"))
    channels, pages, people = Codes(), Codes(), Codes()
    cases = []
    for number, row in enumerate(
        csv.DictReader((DATA / "olist_marketing_qualified_leads_dataset.csv").open()), 1
    ):
        deal = deals.get(row["mql_id"])
        captured = _at(row["first_contact_date"])
        won = _at(deal["won_date"]) if deal else None
        cases.append(
            Case(
                lead_id=number,
                times={"lead": captured} | ({"won": won} if won else {}),
                channel_id=channels[row["origin"]] if row["origin"] else None,
                landing_page=f"/{pages[row['landing_page_id']]}",
                segment=(deal["business_segment"] or "") if deal else "",
                owner_id=people[deal["sr_id"]] if deal else None,
                sdr_id=people[deal["sdr_id"]] if deal else None,
                stage="won" if deal else "lead",
                warnings="won_before_captured" if won and won < captured else "",
                payments=items[deal["seller_id"]] if deal else [],
            )
        )
    store(cases)
    return channels


def ask(**more: object) -> Funnel:
    spec = FunnelSpec(**({"stages": LEAD_TO_WON, "range": Range.ALL} | more))  # type: ignore[arg-type]
    return queries.funnel(spec, today=TODAY, limit=1000)


def test_the_whole(channels: Codes) -> None:
    found = ask()
    assert [(figure.stage, figure.count) for figure in found.stages] == [("lead", 8000), ("won", 842)]
    assert found.overall == pytest.approx(0.10525)
    days = found.through.days
    assert days is not None
    assert (days.n, days.median, days.p25, days.p75, days.maximum, days.minimum) == (
        842,
        14,
        5,
        54.75,
        427,
        -2,
    )
    assert round(days.mean, 2) == 48.44
    assert round(days.p90, 1) == 161.9
    assert round(days.within_30, 3) == 0.659
    assert [(m.currency, m.revenue, m.payments, m.paying) for m in found.money] == [
        ("BRL", Decimal("676851.48"), 5044, 380)
    ]


def test_by_origin_the_blank_apart_from_unknown(channels: Codes) -> None:
    found = ask(split=Dimension.CHANNEL)
    names = {str(number): name for name, number in channels.items()} | {"": ""}
    assert {names[part.key]: part.counts for part in found.parts} == {
        "organic_search": (2296, 271), "paid_search": (1586, 195), "social": (1350, 75), "unknown": (1099, 179),
        "direct_traffic": (499, 56), "email": (493, 15), "referral": (284, 24), "other": (150, 4),
        "display": (118, 6), "other_publicities": (65, 3), "": (60, 14),
    }  # fmt: skip
    assert {names[part.key]: part.money[0].revenue for part in found.parts if part.money} == {
        "unknown": Decimal("213742.70"), "organic_search": Decimal("207023.45"), "paid_search": Decimal("155277.05"),
        "social": Decimal("43477.99"), "direct_traffic": Decimal("21903.90"), "referral": Decimal("17887.15"),
        "email": Decimal("8484.99"), "other": Decimal("6888.65"), "": Decimal("1242.60"),
        "display": Decimal("923.00"),
    }  # fmt: skip
    assert found.values == 10
    blank = ask(filters={Dimension.CHANNEL: ("",)})
    assert [figure.count for figure in blank.stages] == [60, 14]


def test_by_month_of_first_contact(channels: Codes) -> None:
    months = {part.key[:7]: part.counts for part in ask(split=Dimension.MONTH).parts}
    assert min(months) == "2017-06"
    assert max(months) == "2018-05"
    assert {month: counts for month, counts in months.items() if month >= "2018"} == {
        "2018-01": (1141, 152), "2018-02": (1028, 149), "2018-03": (1174, 167), "2018-04": (1352, 183),
        "2018-05": (1303, 130),
    }  # fmt: skip
    first = ask(until=date(2017, 6, 14), range=None)
    last = ask(since=date(2018, 5, 31), range=None)
    assert first.entered > 0
    assert last.entered > 0
    assert (
        ask(until=date(2017, 6, 13), range=None).entered
        == ask(since=date(2018, 6, 1), range=None).entered
        == 0
    )


def test_wins_between_their_first_and_last_day(channels: Codes) -> None:
    def wins(since: date, until: date) -> int:
        return ask(view=View.PERIOD, since=since, until=until, range=None).stages[-1].count

    assert wins(date(2017, 12, 5), date(2018, 11, 14)) == 842
    assert wins(date(2017, 12, 5), date(2017, 12, 5)) > 0
    assert wins(date(2018, 11, 14), date(2018, 11, 14)) > 0


def test_pages_and_people(channels: Codes) -> None:
    assert ask(split=Dimension.LANDING_PAGE).values == 495
    assert ask(split=Dimension.SDR).values == 32
    assert ask(split=Dimension.OWNER).values == 22


def test_the_deal_won_before_first_contact_is_kept_and_flagged(channels: Codes) -> None:
    flagged = ask(filters={Dimension.WARNING: ("won_before_captured",)})
    assert [figure.count for figure in flagged.stages] == [1, 1]
    assert flagged.through.days is not None
    assert flagged.through.days.median == -2


def test_young_cohorts_are_marked(channels: Codes) -> None:
    found = ask(split=Dimension.MONTH)
    assert found.young
    # Nine deals in ten take up to 161 days: cohorts from 2018-06-07 on would be too young, none is here yet.
    assert found.young_from == date(2018, 6, 7)
    assert not any(part.young for part in found.parts)
    later = queries.funnel(found.spec, today=date(2018, 7, 1))
    assert [part.key for part in later.parts if part.young] == ["2018-01-01", "2018-02-01", "2018-03-01", "2018-04-01",
                                                                 "2018-05-01"]  # fmt: skip
