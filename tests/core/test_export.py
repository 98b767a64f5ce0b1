"""Exports: exact, safe to open, flat in memory."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from huoju.core.export import Cell, attachment, defuse, is_formula, iter_csv, undefuse, write_xlsx

ZONE = ZoneInfo("Asia/Shanghai")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\nx",
        "＝1",
        "＋1",
        "－1",
        "＠a",
        "  =1",
        "−1",
        "\ufeff=1",
    ],
)
def test_formulas_are_defused(text: str) -> None:
    assert is_formula(text)
    assert defuse(text) == f"'{text}"
    assert undefuse(defuse(text)) == text


@pytest.mark.parametrize("text", ["", "王", "a=b", "1-1", "'", "x@y.cn", "（＝）"])
def test_other_text_is_left_alone(text: str) -> None:
    assert not is_formula(text)
    assert defuse(text) == text


@given(TEXT)
def test_undefuse_is_the_inverse(text: str) -> None:
    assert undefuse(defuse(text)) == text
    assert not is_formula(defuse(text))


ROW = ("王 😀", "=HYPERLINK(1)", None, 7, Decimal("12.50"), datetime(2018, 2, 26, 11, 58, 54, tzinfo=UTC),
       date(2018, 2, 26), True, gettext_lazy("x"))  # fmt: skip


def test_csv() -> None:
    data = b"".join(iter_csv(["姓名", "=a"], [ROW], zone=ZONE))
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").splitlines() == [
        "姓名,'=a",
        "王 😀,'=HYPERLINK(1),,7,12.50,2018-02-26 19:58:54,2018-02-26,TRUE,x",
    ]


def test_csv_of_nothing_has_a_header() -> None:
    assert b"".join(iter_csv(["a", "b"], [], zone=ZONE)) == b"\xef\xbb\xbfa,b\r\n"


def test_xlsx(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with path.open("wb") as file:
        assert (
            write_xlsx(
                file,
                ["姓名", "=a"],
                [ROW, ("13812345678901234567",), (2**70, float("nan"))],
                sheet="线索/1",
                zone=ZONE,
            )
            == 3
        )
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    assert sheet.title == "线索 1"
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:2] == ("姓名", "=a")
    assert rows[1] == ("王 😀", "=HYPERLINK(1)", None, 7, 12.5, datetime(2018, 2, 26, 19, 58, 54),  # noqa: DTZ001
                       datetime(2018, 2, 26), True, "x")  # fmt: skip  # noqa: DTZ001
    assert sheet["B2"].data_type == "s"  # text, not a formula
    assert sheet["B2"].quotePrefix
    assert rows[2][0] == "13812345678901234567"
    assert rows[3][:2] == (str(2**70), "nan")


@given(st.lists(st.lists(TEXT.map(lambda text: text.replace("\r", "")), min_size=3, max_size=3), max_size=5))
def test_csv_reads_back(rows: list[list[str]]) -> None:
    data = b"".join(iter_csv(["a", "b", "c"], rows, zone=ZONE)).decode("utf-8-sig")
    found = list(csv.reader(io.StringIO(data, newline="")))[1:]
    assert [[undefuse(cell) for cell in row] for row in found] == rows


def test_memory_is_flat() -> None:
    rows: Iterator[tuple[Cell, ...]] = (
        (f"name {index}", index, "上海火炬科技有限公司") for index in range(100_000)
    )
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in iter_csv(["a", "b", "c"], rows, zone=ZONE))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert size > 4_000_000


def test_attachment() -> None:
    assert (
        attachment("线索 1", "csv")
        == "attachment; filename=\"1.csv\"; filename*=UTF-8''%E7%BA%BF%E7%B4%A2%201.csv"
    )
    assert attachment('a\r\nb"', "csv").startswith('attachment; filename="a-b.csv"')
