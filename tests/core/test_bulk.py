from datetime import UTC, datetime

import pytest
from django.db import connection

from huoju.core import bulk

AWKWARD = [
    *("", "plain", "tab\there", "line\nbreak", "return\rhere", "back\\slash", r"\N", r"\.", "NULL", "{a,b}"),
    *('quo"te', "comma,", "火炬 🔥", "trailing\\", "'single'", "\x01", "%s"),
]


@pytest.fixture
def table(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bulk_test (id int, body text, at timestamptz) ON COMMIT DROP")


def stored() -> list[tuple[int, str | None, datetime | None]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM bulk_test ORDER BY id")
        return list(cursor.fetchall())


@pytest.mark.usefixtures("table")
class TestCopy:
    @pytest.mark.parametrize("bodies", [AWKWARD, ["a", "b"], ["x\ty", "z"], []])
    def test_rows_arrive_as_they_were(self, bodies: list[str]) -> None:
        at = datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=UTC)
        rows = [(str(number), body, str(at)) for number, body in enumerate(bodies)]
        with connection.cursor() as cursor:
            bulk.copy_rows(cursor, "bulk_test", ("id", "body", "at"), rows)
        assert stored() == [(number, body, at) for number, body in enumerate(bodies)]

    def test_missing_values(self) -> None:
        with connection.cursor() as cursor:
            bulk.copy_rows(
                cursor,
                "bulk_test",
                ("id", "body", "at"),
                [("1", bulk.NULL, bulk.plain(None)), ("2", "", bulk.NULL)],
            )
        assert stored() == [(1, None, None), (2, "", None)]

    def test_nul_cannot_be_stored_and_is_dropped(self) -> None:
        with connection.cursor() as cursor:
            bulk.copy_rows(cursor, "bulk_test", ("id", "body"), [("1", "a\x00b")])
        assert stored() == [(1, "ab", None)]

    def test_lines(self) -> None:
        with connection.cursor() as cursor:
            bulk.copy_lines(
                cursor,
                "bulk_test",
                ("id", "body"),
                [f"{n}\t{bulk.text(body)}" for n, body in enumerate(AWKWARD)],
            )
            bulk.copy_lines(cursor, "bulk_test", ("id", "body"), [])
        assert [body for _, body, _ in stored()] == AWKWARD


@pytest.mark.django_db
class TestArrays:
    @pytest.mark.parametrize("values", [AWKWARD, ["a", "b"], [""], [], ['"', "\\"], ["a\x00b"]])
    def test_texts(self, values: list[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::text[]", [bulk.texts(values)])
            assert cursor.fetchone()[0] == [value.replace("\x00", "") for value in values]

    def test_numbers(self) -> None:
        at = datetime(2026, 11, 21, 12, tzinfo=UTC)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT %s::bigint[], %s::boolean[], %s::timestamptz[]",
                [bulk.numbers([1, None, -3]), bulk.numbers([True, False]), bulk.numbers([at, None])],
            )
            assert cursor.fetchone() == ([1, None, -3], [True, False], [at, None])


@pytest.mark.django_db
def test_ids_are_taken_once() -> None:
    with connection.cursor() as cursor:
        first = bulk.take_ids(cursor, "companies_company", 3)
        second = bulk.take_ids(cursor, "companies_company", 2)
        assert bulk.take_ids(cursor, "companies_company", 0) == []
    assert len({*first, *second}) == 5
    assert first == sorted(first)
    assert max(first) < min(second)
