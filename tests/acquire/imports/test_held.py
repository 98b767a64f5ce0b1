"""Files of imports without the rows of an erased person: every other row stays at its place, whatever the format."""

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from huoju.acquire.imports import held, operations, queries
from huoju.acquire.imports.models import Import
from huoju.acquire.imports.registry import get_target
from huoju.hub.privacy.registry import Traces

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HERS = Traces(words=("na@firm-a.cn", "crm-100"), numbers=("3800138456",))


def _parquet() -> bytes:
    file = io.BytesIO()
    rows = {"姓名": ["张三", "李娜", "王五"], "邮箱": ["zhang@a.cn", "NA@firm-a.cn", "lina@firm-a.cn"]}
    parquet.write_table(pa.table(rows), file)
    return file.getvalue()


SHEET = """展会名单;;

姓名;手机;备注
张三;13900139000;"两
行"
李娜;+86 138-0013-8456;

王五;1;x;太多
赵六;2;y
"""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [SHEET.encode("gb18030"), SHEET.encode("utf-16"), _parquet()],
    ids=["gb18030", "utf-16", "parquet"],
)
def test_other_rows_stay_at_their_places(content: bytes) -> None:
    record = operations.create_import(
        target=get_target("leads"), file_name="x", content=[content], actor="user:1", now=NOW
    )
    with queries.open_file(record) as table:
        names, before = table.names, list(table.rows())
    gone = [row for row in before if HERS.stand_in("\t".join(row[1]))]
    assert [row[1][0] for row in gone] == ["李娜"]
    held._rewrite(record, lambda row: row in gone)
    # Also as it was read before, should the transaction not commit.
    guessed = Import(file=record.file, reading={**record.reading, "encoding": None})
    for kept in (Import.objects.get(pk=record.pk), guessed):
        with queries.open_file(kept) as table:
            assert table.names == names
            assert [row[:2] for row in table.rows()] == [row[:2] for row in before if row not in gone]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mail NA@Firm-A.cn.", True),
        ("?q=na%40firm-a.cn", True),
        ("lina@firm-a.cn", False),
        ("na@firm-a.cn.org", False),
        ("008613800138456", True),
        ("138 0013 8456", True),
        ("(138) 0013-8456", True),
        ("138001384567", False),
        ("CRM-100", True),
        ("crm-1001", False),
        ("", False),
    ],
)
def test_what_names_somebody_beyond_doubt(text: str, found: bool) -> None:
    assert HERS.stand_in(text) is found
    assert not Traces((), ()).stand_in(text)
