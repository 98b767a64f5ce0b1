"""XLSX: what cells hold, and what somebody may hide in the archive."""

import random
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from huoju.acquire.imports import archive
from huoju.acquire.imports.files import ReadOptions, open_table

from .reading import problem_of, read


def book(path: Path, rows: Sequence[Sequence[object]], formats: dict[str, str] | None = None) -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for cell, number_format in (formats or {}).items():
        sheet[cell].number_format = number_format
    made.save(path)
    return path


def raw_book(
    path: Path, sheet: bytes, *, strings: bytes | None = None, more: dict[str, bytes] | None = None
) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            '<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        if strings is not None:
            archive.writestr("xl/sharedStrings.xml", strings)
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return path


def test_xlsx_values_as_text(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["姓名", "手机", "日期", "时刻", "占比", "金额", "编号", "中文日期", "确认"],
        ["王小明 😀", 13812345678, 43157, 43157.83258, 0.125, 1234.5, 42, 43157, True],
        ["  李娜", 13987654321.0, None, None, 1, 0.1 + 0.2, 7, None, False],
    ]
    formats = {"C2": "yyyy-mm-dd", "D2": "yyyy/m/d hh:mm:ss", "E2": "0.0%", "E3": "0%", "F2": "#,##0.00",
               "G2": "000000", "G3": "000000", "H2": 'yyyy"年"m"月"d"日"'}  # fmt: skip
    names, found = read(book(tmp_path / "a.xlsx", rows, formats))
    assert names == rows[0]
    assert found == [
        (2, ["王小明 😀", "13812345678", "2018-02-26", "2018-02-26 19:58:55",
             "12.5%", "1234.5", "000042", "2018-02-26", "TRUE"], None),
        (3, ["  李娜", "13987654321", "", "", "100%", "0.3", "000007", "", "FALSE"], None),
    ]  # fmt: skip


def test_xlsx_blank_rows_keep_the_numbers(tmp_path: Path) -> None:
    _names, rows = read(
        book(tmp_path / "a.xlsx", [["name", "city"], ["a", "b"], [], [None, None], ["c", None]])
    )
    assert rows == [(2, ["a", "b"], None), (5, ["c", ""], None)]


def test_xlsx_says_how_many_rows_it_has(tmp_path: Path) -> None:
    with open_table(book(tmp_path / "a.xlsx", [["name"], *([f"n{index}"] for index in range(700))])) as table:
        assert table.row_estimate == 700


def test_xlsx_strings_in_any_order(tmp_path: Path) -> None:
    count = 30_000
    strings = "<sst>" + "".join(f"<si><t>string {index}</t></si>" for index in range(count)) + "</sst>"
    cells = [*range(count - 1, -1, -97), 0, count - 1, 5]
    sheet = "".join(f"<row><c t='s'><v>{index}</v></c></row>" for index in cells)
    path = raw_book(
        tmp_path / "a.xlsx",
        f"<worksheet><sheetData>{sheet}</sheetData></worksheet>".encode(),
        strings=strings.encode(),
    )
    for _time in range(2):
        names, rows = read(path)
        assert [names[0], *(cells[0] for _number, cells, _problem in rows)] == [
            f"string {index}" for index in cells
        ]
    beyond = b"<worksheet><sheetData><row><c t='s'><v>7</v></c></row></sheetData></worksheet>"
    assert problem_of(raw_book(tmp_path / "b.xlsx", beyond, strings=b"<sst/>")).code == "unreadable"


def test_xlsx_sheets(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    first = made.active
    assert first is not None
    first.title = "说明"
    first.sheet_state = "hidden"
    made.create_sheet("线索").append(["姓名"])
    made["线索"].append(["王"])
    other = made.create_sheet("其他")
    other.append(["city"])
    other.append(["x"])
    path = tmp_path / "a.xlsx"
    made.save(path)
    with open_table(path) as table:
        assert (table.sheet, table.sheets, table.names) == ("线索", ["说明", "线索", "其他"], ["姓名"])
    assert read(path, ReadOptions(sheet="其他"))[0] == ["city"]
    assert problem_of(path, ReadOptions(sheet="nope")).code == "no_sheet"


def test_xlsx_shared_strings_with_phonetics_runs_and_escapes(tmp_path: Path) -> None:
    strings = (
        "<sst><si><t>name</t></si><si><r><t>王</t></r><r><t xml:space='preserve'> 小明</t></r>"
        "<rPh sb='0' eb='1'><t>ワン</t></rPh></si><si><t>a_x000D_b &amp; c</t></si><si/></sst>"
    ).encode()
    sheet = (
        b"<x:worksheet xmlns:x='x'><x:sheetData><x:row><x:c t='s'><x:v>0</x:v></x:c></x:row>"
        b"<x:row><x:c t='s'><x:v>1</x:v></x:c></x:row><x:row><x:c t='s'><x:v>2</x:v></x:c></x:row>"
        b"<x:row><x:c t='e'><x:v>#N/A</x:v></x:c></x:row>"
        b"<x:row><x:c t='inlineStr'><x:is><x:t>i</x:t></x:is></x:c></x:row>"
        b"<x:row><x:c t='str'><x:f>A1</x:f><x:v>f</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    )
    _names, rows = read(raw_book(tmp_path / "a.xlsx", sheet, strings=strings))
    assert [(number, cells[0]) for number, cells, _problem in rows] == [
        (2, "王 小明"),
        (3, "a\rb & c"),
        (5, "i"),
        (6, "f"),
    ]


def test_xlsx_with_1904_dates(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.epoch = CALENDAR_MAC_1904
    sheet = made.active
    assert sheet is not None
    sheet.append(["date"])
    sheet.append([41695])
    sheet["A2"].number_format = "yyyy-mm-dd"
    made.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx", ReadOptions(header_row=1))[1] == [(2, ["2018-02-26"], None)]


def test_xlsx_entities_are_refused(tmp_path: Path) -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    sheet = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><worksheet>&l9;</worksheet>'.encode()
    assert problem_of(raw_book(tmp_path / "a.xlsx", sheet)).code == "xml_entities"


def test_xlsx_far_cell_costs_nothing(tmp_path: Path) -> None:
    # Dense readers reserve 17 thousand million cells for this.
    sheet = (
        b"<worksheet><sheetData><row r='1'><c r='A1' t='str'><v>name</v></c></row>"
        b"<row r='1048576'><c r='XFD1048576'><v>1</v></c></row></sheetData></worksheet>"
    )
    assert problem_of(raw_book(tmp_path / "a.xlsx", sheet)).code == "too_many_columns"


def test_zip_bomb_by_ratio(tmp_path: Path) -> None:
    bomb = raw_book(tmp_path / "a.xlsx", b"<worksheet>" + b" " * (80 * 1024 * 1024))
    assert bomb.stat().st_size < 200_000
    assert problem_of(bomb).code == "zip_ratio"


def test_zip_bomb_by_declared_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1_000_000)
    path = raw_book(
        tmp_path / "a.xlsx", b"<worksheet>" + random.Random(1).randbytes(1_100_000).hex().encode()
    )
    assert problem_of(path).code == "zip_size"


def test_zip_that_lies_about_its_size(tmp_path: Path) -> None:
    path = raw_book(tmp_path / "a.xlsx", b"<worksheet>" + b" " * (80 * 1024 * 1024) + b"</worksheet>")
    data = bytearray(path.read_bytes())
    true_size = struct.pack("<I", 80 * 1024 * 1024 + len(b"<worksheet></worksheet>"))
    place = data.find(true_size)
    while place >= 0:  # in the local header and in the directory
        data[place : place + 4] = struct.pack("<I", 30)
        place = data.find(true_size)
    path.write_bytes(data)
    assert problem_of(path).code == "unreadable"


def test_zip_with_too_many_entries(tmp_path: Path) -> None:
    path = raw_book(tmp_path / "a.xlsx", b"<worksheet/>", more={f"x/{index}": b"" for index in range(5_100)})
    assert problem_of(path).code == "zip_entries"


def test_zip_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "x")
    assert problem_of(path).code == "not_xlsx"


def test_cut_workbook(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [["name"], *([[f"n{index}"] for index in range(1_000)])])
    path.write_bytes(path.read_bytes()[:-500])
    assert problem_of(path).code == "unreadable"


def test_xml_cut(tmp_path: Path) -> None:
    cut = b"<worksheet><sheetData><row><c t='str'><v>a</v>"
    assert problem_of(raw_book(tmp_path / "a.xlsx", cut)).code == "unreadable"


@pytest.mark.parametrize("tag", [b"<a>", b"<c>", b"<row>"])
def test_elements_nested_without_end(tmp_path: Path, tag: bytes) -> None:
    assert problem_of(raw_book(tmp_path / "a.xlsx", tag * 100_000)).code == "unreadable"
    sheet = b"<worksheet><sheetData><row><c t='s'><v>0</v></c></row></sheetData></worksheet>"
    assert problem_of(raw_book(tmp_path / "b.xlsx", sheet, strings=tag * 100_000)).code == "unreadable"


def noise(size: int) -> bytes:
    """Text that does not compress too well, so that only the limit in question can be what refuses it."""
    return random.Random(3).randbytes(size // 2).hex().encode()


def test_endless_tag(tmp_path: Path) -> None:
    sheet = b"<worksheet><sheetData><row><c r='" + noise(10_000_000) + b"'/></row></sheetData></worksheet>"
    assert problem_of(raw_book(tmp_path / "a.xlsx", sheet)).code == "unreadable"


def test_enormous_cells(tmp_path: Path) -> None:
    text = noise(3_000_000)
    strings = b"<sst><si><t>name</t></si><si><t>" + text + b"</t></si><si><t>ok</t></si></sst>"
    sheet = (
        b"<worksheet><sheetData><row><c t='s'><v>0</v></c></row><row><c t='s'><v>1</v></c></row>"
        b"<row><c t='inlineStr'><is><t>" + text + b"</t></is></c></row><row><c t='s'><v>2</v></c></row>"
        b"</sheetData></worksheet>"
    )
    _names, rows = read(raw_book(tmp_path / "a.xlsx", sheet, strings=strings))
    assert [(number, problem) for number, _cells, problem in rows] == [
        (2, "cell_too_large"),
        (3, "cell_too_large"),
        (4, None),
    ]
