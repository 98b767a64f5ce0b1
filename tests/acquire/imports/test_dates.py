"""Dates in the shapes that files hold them in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.acquire.imports.dates import DateOrder, DateReader, DateTrouble, NotADateError, OrderEvidence

ZONE = ZoneInfo("Asia/Shanghai")
# Without a zone, as hypothesis wants them.
FIRST, LAST = datetime(1901, 1, 1), datetime(2099, 12, 31)  # noqa: DTZ001


def at(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0
) -> datetime:
    return datetime(year, month, day, hour, minute, second, micro, ZONE)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2018-02-26 19:58:54", at(2018, 2, 26, 19, 58, 54)),
        ("2018-02-26", at(2018, 2, 26)),
        ("2018-02-26T19:58:54.123", at(2018, 2, 26, 19, 58, 54, 123_000)),
        ("2018-02-26T19:58:54Z", at(2018, 2, 27, 3, 58, 54)),
        ("2018-02-26T19:58:54+05:30", at(2018, 2, 26, 22, 28, 54)),
        ("2018-02-26 19:58:54 +0800", at(2018, 2, 26, 19, 58, 54)),
        ("2018-02-26 10:00 UTC+8", at(2018, 2, 26, 10)),
        ("2018-2-6 9:5", at(2018, 2, 6, 9, 5)),
        ("2018/2/6", at(2018, 2, 6)),
        ("2018/02/26 19:58", at(2018, 2, 26, 19, 58)),
        ("2018.02.26", at(2018, 2, 26)),
        ("2018/2/26 24:00", at(2018, 2, 27)),
        ("2018年2月6日", at(2018, 2, 6)),
        ("2018年02月06日 19:58:54", at(2018, 2, 6, 19, 58, 54)),
        ("2018年2月6日 下午3点20分", at(2018, 2, 6, 15, 20)),
        ("2018年2月6日 上午12:05", at(2018, 2, 6, 0, 5)),
        ("2018年2月6日 星期二 15时04分05秒", at(2018, 2, 6, 15, 4, 5)),
        ("２０１８－０２－０６", at(2018, 2, 6)),
        ("06/02/2018", at(2018, 2, 6)),
        ("6.2.18", at(2018, 2, 6)),
        ("6-2-70", at(1970, 2, 6)),
        ("06/02/2018 3:04 PM", at(2018, 2, 6, 15, 4)),
        ("26-Feb-2018", at(2018, 2, 26)),
        ("26 February 2018 10:11", at(2018, 2, 26, 10, 11)),
        ("Feb 26, 2018 3:04 PM", at(2018, 2, 26, 15, 4)),
        ("Mon, 26 Feb 2018 10:00:00 GMT", at(2018, 2, 26, 18)),
        ("20180226", at(2018, 2, 26)),
        ("20180226195854", at(2018, 2, 26, 19, 58, 54)),
        ("43157", at(2018, 2, 26)),
        ("43157.5", at(2018, 2, 26, 12)),
        ("1519646334", at(2018, 2, 26, 19, 58, 54)),
        ("1519646334000", at(2018, 2, 26, 19, 58, 54)),
        ("'2018-02-26", at(2018, 2, 26)),
        ("  2018-02-26  ", at(2018, 2, 26)),
        ("2020-02-29", at(2020, 2, 29)),
    ],
)
def test_shapes(text: str, moment: datetime) -> None:
    assert DateReader(ZONE).read(text) == moment


@pytest.mark.parametrize(
    "text", ["", "  ", "-", "无", "N/A", "null", "0000-00-00", "0000-00-00 00:00:00", "未知"]
)
def test_blank(text: str) -> None:
    assert DateReader(ZONE).read(text) is None


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("2018-02-30", DateTrouble.NO_SUCH_DAY),
        ("2018-13-01", DateTrouble.NO_SUCH_DAY),
        ("2019/2/29", DateTrouble.NO_SUCH_DAY),
        ("31/02/2018", DateTrouble.NO_SUCH_DAY),
        ("2018年4月31日", DateTrouble.NO_SUCH_DAY),
        ("20180230", DateTrouble.NO_SUCH_DAY),
        ("30-Feb-2018", DateTrouble.NO_SUCH_DAY),
        ("2018-02-26 25:00:00", DateTrouble.NO_SUCH_TIME),
        ("2018-02-26 10:61", DateTrouble.NO_SUCH_TIME),
        ("2018/02/26 10:00 +19:00", DateTrouble.NO_SUCH_TIME),
        ("2018年2月", DateTrouble.INCOMPLETE),
        ("2018-02", DateTrouble.INCOMPLETE),
        ("2018", DateTrouble.INCOMPLETE),
        ("2月6日", DateTrouble.INCOMPLETE),
        ("0001-01-01", DateTrouble.OUT_OF_RANGE),
        ("9999-12-31", DateTrouble.OUT_OF_RANGE),
        ("hello", DateTrouble.NOT_A_DATE),
        ("13812345678", DateTrouble.NOT_A_DATE),
        ("12345", DateTrouble.NOT_A_DATE),
        ("1.2.3", DateTrouble.NOT_A_DATE),
        ("2018-02-26 and a half", DateTrouble.NOT_A_DATE),
        ("9" * 400, DateTrouble.NOT_A_DATE),
    ],
)
def test_trouble(text: str, trouble: DateTrouble) -> None:
    with pytest.raises(NotADateError) as caught:
        DateReader(ZONE).read(text)
    assert caught.value.trouble is trouble


@pytest.mark.parametrize(
    ("values", "order", "ambiguous", "contradictory"),
    [
        (["01/02/2018", "13/02/2018"], DateOrder.DAY_FIRST, False, False),
        (["01/02/2018", "02/13/2018"], DateOrder.MONTH_FIRST, False, False),
        (["01/02/2018", "03/04/2018"], DateOrder.DAY_FIRST, True, False),
        (["13/02/2018", "02/13/2018", "02/14/2018"], DateOrder.MONTH_FIRST, False, True),
        (["2018-02-26", "", "hello"], DateOrder.DAY_FIRST, False, False),
    ],
)
def test_a_column_decides_day_and_month(
    values: list[str], order: DateOrder, ambiguous: bool, contradictory: bool
) -> None:
    evidence = OrderEvidence()
    evidence.look(values)
    assert (evidence.order(), evidence.ambiguous, evidence.contradictory) == (order, ambiguous, contradictory)


def test_order_is_used() -> None:
    assert DateReader(ZONE, DateOrder.DAY_FIRST).read("03/04/2018") == at(2018, 4, 3)
    assert DateReader(ZONE, DateOrder.MONTH_FIRST).read("03/04/2018") == at(2018, 3, 4)
    # Only one reading is possible.
    assert DateReader(ZONE, DateOrder.MONTH_FIRST).read("13/04/2018") == at(2018, 4, 13)


@given(st.datetimes(FIRST, LAST).map(lambda found: found.replace(microsecond=0)))
def test_every_shape_of_a_moment_reads_back(moment: datetime) -> None:
    expected = moment.replace(tzinfo=ZONE)
    reader = DateReader(ZONE)
    for shape in (
        "%Y-%m-%d %H:%M:%S",
        "%Y/%m/%d %H:%M:%S",
        "%Y年%m月%d日 %H:%M:%S",
        "%d.%m.%Y %H:%M:%S",
        "%Y%m%d%H%M%S",
    ):
        assert reader.read(moment.strftime(shape)) == expected
    iso = expected.isoformat()
    assert reader.read(iso) == expected
    in_utc = expected.astimezone(UTC)
    assert reader.read(in_utc.isoformat()) == expected


@given(st.integers(20_000, 73_000))
def test_serials(days: int) -> None:
    expected = datetime(1899, 12, 30, tzinfo=ZONE) + timedelta(days=days)
    assert DateReader(ZONE).read(str(days)) == expected


@given(st.text(max_size=80))
def test_no_text_crashes_the_reader(text: str) -> None:
    try:
        found = DateReader(ZONE).read(text)
    except NotADateError:
        return
    assert found is None or found.tzinfo is not None
