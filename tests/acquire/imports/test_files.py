"""Reading files: every shape that people upload, and every way in which a file can be bad."""

import csv
import io
import itertools
import random
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huoju.acquire.imports.delimited import sniff_delimiter
from huoju.acquire.imports.files import MAX_COLUMNS, ReadOptions, open_table
from huoju.acquire.imports.problems import FileProblem

from .reading import problem_of, put, read

PEOPLE = (
    "姓名,手机,公司\n王小明,13812345678,上海火炬科技有限公司\n李娜,13987654321,北京烽火数据股份有限公司\n"
)


# -- encodings


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_encoding_is_found(tmp_path: Path, codec: str, found: str) -> None:
    path = put(tmp_path, PEOPLE.encode(codec))
    with open_table(path) as table:
        assert table.encoding == found
        assert table.names == ["姓名", "手机", "公司"]
        assert [row[1] for row in table.rows()] == [
            ["王小明", "13812345678", "上海火炬科技有限公司"],
            ["李娜", "13987654321", "北京烽火数据股份有限公司"],
        ]


def test_utf16_big_endian(tmp_path: Path) -> None:
    names, rows = read(put(tmp_path, b"\xfe\xff" + PEOPLE.encode("utf-16-be")))
    assert names[0] == "姓名"
    assert len(rows) == 2


def test_gb18030_that_looks_like_utf8_at_first(tmp_path: Path) -> None:
    # The bytes of 联通 in GB18030 are valid UTF-8.
    path = put(tmp_path, "运营商\n联通\n联通\n移动\n".encode("gb18030"))
    with open_table(path) as table:
        assert table.encoding == "gb18030"
        assert [row[1] for row in table.rows()] == [["联通"], ["联通"], ["移动"]]


def test_chinese_far_down_decides_the_encoding(tmp_path: Path) -> None:
    content = b"name,city\n" + b"a,b\n" * 600_000 + "王,上海\n".encode("gb18030")
    with open_table(put(tmp_path, content)) as table:
        assert table.encoding == "gb18030"


def test_broken_utf8_names_line_and_byte(tmp_path: Path) -> None:
    good = "姓名,公司\n" + "".join(
        f"王{name},公司{index}\n" for index, name in enumerate("甲乙丙丁戊己庚辛壬癸子丑")
    )
    content = good.encode() + b"a,\xff\xfe\n"
    problem = problem_of(put(tmp_path, content))
    assert problem.code == "encoding"
    assert problem.params == {"encoding": "UTF-8", "line": 14, "byte": len(good.encode()) + 2}


def test_broken_in_every_encoding(tmp_path: Path) -> None:
    problem = problem_of(put(tmp_path, b"name\nab\n\x80\xff\n"))
    assert (problem.code, problem.params["line"]) == ("encoding", 3)


def test_encoding_may_be_given(tmp_path: Path) -> None:
    path = put(tmp_path, PEOPLE.encode("gb18030"))
    assert problem_of(path, ReadOptions(encoding="utf-8")).code == "encoding"
    assert problem_of(path, ReadOptions(encoding="latin-9")).code == "unknown_encoding"
    assert read(path, ReadOptions(encoding="GBK"))[0] == ["姓名", "手机", "公司"]


def test_character_cut_by_the_block_is_whole(tmp_path: Path) -> None:
    # 1 MiB blocks: put a three-byte character across the border.
    content = b"name\n" + b"x" * (1024 * 1024 - 6) + "火".encode() + b"\ny\n"
    _names, rows = read(put(tmp_path, content), ReadOptions(header_row=1))
    assert rows[0][2] == "cell_too_large"
    assert rows[1] == (3, ["y"], None)


# -- delimiters, quotes, line ends


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows(
        [["name", "note", "city"], ["a", "x, y; z\t| 1,2,3", "c"], ['"q"', "one\ntwo; three", "d"]]
    )
    with open_table(put(tmp_path, out.getvalue().encode())) as table:
        assert table.delimiter == delimiter
        assert [row[1] for row in table.rows()] == [
            ["a", "x, y; z\t| 1,2,3", "c"],
            ['"q"', "one\ntwo; three", "d"],
        ]


def test_delimiter_that_excel_names(tmp_path: Path) -> None:
    names, rows = read(put(tmp_path, b"sep=;\r\nname;city\r\na,b;c\r\n"))
    assert names == ["name", "city"]
    assert rows == [(3, ["a,b", "c"], None)]


def test_wrong_delimiter_given_reads_one_column(tmp_path: Path) -> None:
    assert read(put(tmp_path, PEOPLE.encode()), ReadOptions(delimiter="|"))[0] == ["姓名,手机,公司"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    names, rows = read(put(tmp_path, PEOPLE.replace("\n", end).encode()))
    assert names == ["姓名", "手机", "公司"]
    assert [number for number, _cells, _problem in rows] == [2, 3]


def test_unclosed_quote_costs_its_own_row(tmp_path: Path) -> None:
    content = 'name,city,note\na,"b,c\nd,e,f\ng,"h ""i""",j\nk,l,"m\n'
    _names, rows = read(put(tmp_path, content.encode()))
    assert rows == [
        (2, ["a", "b,c"], "quote"),
        (3, ["d", "e", "f"], None),
        (4, ["g", 'h "i"', "j"], None),
        (5, ["k", "l", "m"], None),
    ]


def test_unclosed_quote_before_ten_thousand_rows(tmp_path: Path) -> None:
    content = 'name,city\n"a,b\n' + "c,d\n" * 10_000
    _names, rows = read(put(tmp_path, content.encode()))
    assert len(rows) == 10_001
    assert rows[0][2] == "quote"
    assert all(problem is None for _number, _cells, problem in rows[1:])


def test_record_without_end(tmp_path: Path) -> None:
    # Every cell is well quoted and holds a line end: without a limit, all of the file is one record.
    content = "name,city\na,b\n" + '"' + '\n","' * 5_000 + "\nc,d\n"
    _names, rows = read(put(tmp_path, content.encode()), ReadOptions("utf-8", ",", None, 1))
    assert rows[0] == (2, ["a", "b"], None)
    assert rows[-1][1] == ["c", "d"]
    assert max(len(cells) for _number, cells, _problem in rows) < 5


def test_wrong_number_of_cells_is_told_by_row(tmp_path: Path) -> None:
    with open_table(put(tmp_path, b"a,b,c\n1,2,3\n1,2\n1,2,3,,\n1,2,3,4\n\n,,\n5,6,7\n")) as table:
        rows = list(table.rows())
    assert [
        (number, problem and (problem.code, dict(problem.params))) for number, _cells, problem in rows
    ] == [
        (2, None),
        (3, ("field_count", {"count": 2, "expected": 3})),
        (4, None),
        (5, ("field_count", {"count": 4, "expected": 3})),
        (8, None),
    ]


def test_nul_and_enormous_cells_are_told_by_row(tmp_path: Path) -> None:
    content = b"name,note\nok,1\nnul,\x00\nbig," + b"x" * 200_000 + b"\nlast,2\n"
    _names, rows = read(put(tmp_path, content))
    assert [(number, problem) for number, _cells, problem in rows] == [
        (2, None),
        (3, "nul"),
        (4, "cell_too_large"),
        (5, None),
    ]


def test_million_columns(tmp_path: Path) -> None:
    content = ",".join(f"c{index}" for index in range(1_000_000)).encode() + b"\n1,2\n"
    problem = problem_of(put(tmp_path, content))
    assert (problem.code, problem.params) == ("too_many_columns", {"count": 1_000_000, "limit": MAX_COLUMNS})


def test_endless_line(tmp_path: Path) -> None:
    problem = problem_of(put(tmp_path, b"a,b\n" + b"x" * (9 * 1024 * 1024)))
    assert (problem.code, problem.params["line"]) == ("line_too_long", 2)


# -- what is not a table


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "no_rows"),
        (b"\xef\xbb\xbf", "empty"),
        (b"name,mobile\n", "no_rows"),
        (b"%PDF-1.7 ...", "binary"),
        (b"\x89PNG\r\n\x1a\n....", "binary"),
        (bytes(range(256)) * 20, "binary"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, "binary"),
        (b"\xef\xbb\xbf<html xmlns:o='urn'><table><tr><td>a</td></tr></table></html>", "html"),
        (b"  <!DOCTYPE html><html></html>", "html"),
        (b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'/>", "html"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_xls"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
        (b"PK\x03\x04" + b"\0" * 100, "unreadable"),
        (b"PAR1" + b"\0" * 100, "unreadable"),
    ],
)
def test_not_a_table(tmp_path: Path, content: bytes, code: str) -> None:
    assert problem_of(put(tmp_path, content)).code == code


def test_random_bytes_never_crash(tmp_path: Path) -> None:
    source = random.Random(7)
    for size in (1, 10, 1_000, 20_000):
        path = put(tmp_path, source.randbytes(size))
        try:
            read(path)
        except FileProblem as problem:
            said = str(problem)
        else:
            said = "read"
        assert said


# -- headers


def test_duplicate_and_blank_titles(tmp_path: Path) -> None:
    names, _rows = read(
        put(tmp_path, "手机,手机,,手机 (2),\n1,2,3,4,5\n".encode()), ReadOptions(header_row=1)
    )
    assert names == ["手机", "手机 (2)", "Column 3", "手机 (2) (2)", "Column 5"]


def test_blank_last_column_falls_away(tmp_path: Path) -> None:
    names, rows = read(put(tmp_path, b"name,city,\na,b,\nc,d,\n"))
    assert names == ["name", "city"]
    assert rows == [(2, ["a", "b"], None), (3, ["c", "d"], None)]


def test_titles_above_the_header(tmp_path: Path) -> None:
    names, rows = read(
        put(tmp_path, "2024年线索导出,,\n,,\n姓名,手机,城市\n王小明,13812345678,上海\n李娜,,北京\n".encode())
    )
    assert names == ["姓名", "手机", "城市"]
    assert [number for number, _cells, _problem in rows] == [4, 5]


def test_no_header(tmp_path: Path) -> None:
    path = put(tmp_path, "王小明,13812345678,a@b.com\n李娜,13987654321,c@d.com\n".encode())
    names, rows = read(path)
    assert names == ["Column 1", "Column 2", "Column 3"]
    assert [number for number, _cells, _problem in rows] == [1, 2]


def test_header_row_may_be_given(tmp_path: Path) -> None:
    path = put(tmp_path, b"1,2\n3,4\n5,6\n")
    assert read(path)[0] == ["Column 1", "Column 2"]
    assert read(path, ReadOptions(header_row=2)) == (["3", "4"], [(3, ["5", "6"], None)])
    assert len(read(path, ReadOptions(header_row=0))[1]) == 3


def test_rows_after_a_number(tmp_path: Path) -> None:
    with open_table(put(tmp_path, b"name\na\nb\nc\nd\n")) as table:
        assert [row[0] for row in table.rows(after=3)] == [4, 5]
        assert [row[0] for row in table.rows()] == [2, 3, 4, 5]


def test_reading_again_as_it_was_read(tmp_path: Path) -> None:
    path = put(tmp_path, PEOPLE.replace(",", ";").encode("gb18030"))
    with open_table(path) as table:
        options = table.reading()
        rows = list(table.rows())
    assert options == ReadOptions("gb18030", ";", None, 1)
    with open_table(path, options) as table:
        assert list(table.rows()) == rows


# -- Parquet


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql(
        "SELECT * FROM (VALUES ('王', 13812345678, DATE '2018-02-26', 58.9::DOUBLE, TIMESTAMP '2018-02-26 19:58:54'), "
        '(NULL, NULL, NULL, NULL, NULL), (\'李\', 7, NULL, 1.5, NULL)) t("na""me", mobile, day, price, "at")'
    ).write_parquet(str(path))
    assert read(path) == (
        ['na"me', "mobile", "day", "price", "at"],
        [
            (2, ["王", "13812345678", "2018-02-26", "58.9", "2018-02-26 19:58:54"], None),
            (4, ["李", "7", "", "1.5", ""], None),
        ],
    )


# -- properties

# Printable text of any script; what our reader promises to keep. A cell may hold delimiters, quotes and line ends.
CELL = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from(',;\t|"\n'), max_size=20
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.data(), st.integers(2, 6), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]))
def test_what_was_written_is_read(tmp_path: Path, data: st.DataObject, width: int, codec: str) -> None:
    rows = data.draw(
        st.lists(st.lists(CELL, min_size=width, max_size=width).filter(any), min_size=1, max_size=8)
    )
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([f"column {index}" for index in range(width)])
    writer.writerows(rows)
    path = put(tmp_path, out.getvalue().encode(codec))
    _names, found = read(path, ReadOptions(encoding=codec, delimiter=",", header_row=1))
    assert [cells for _number, cells, _problem in found] == rows
    assert all(problem is None for _number, _cells, problem in found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.lists(st.text('ab",\n;\r', max_size=12), min_size=1, max_size=12))
def test_no_line_is_lost_however_broken_the_quotes(tmp_path: Path, lines: list[str]) -> None:
    content = "name,city\n" + "\n".join(f"{index}{line}" for index, line in enumerate(lines)) + "\n"
    path = put(tmp_path, content.encode())
    try:
        _names, rows = read(path, ReadOptions("utf-8", ",", None, 1))
    except FileProblem:  # every line was swallowed by the header, or blank
        return
    text = "".join(itertools.chain.from_iterable(cells for _number, cells, _problem in rows))
    for index in range(len(lines)):
        assert str(index) in text
    numbers = [number for number, _cells, _problem in rows]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a\n1\n", ","),
        ("x;y\n1,5;2,5\n2,5;3,5\n", ";"),
        ('"a;b";c|d\n"e;f";g|h\n', ";"),
        ("", ","),
    ],
)
def test_sniffing(sample: str, delimiter: str) -> None:
    assert sniff_delimiter(sample) == delimiter
