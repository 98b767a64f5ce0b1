from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from psycopg.errors import UniqueViolation

from huoju.core import bulk
from tests.races import count_queries

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


@pytest.mark.usefixtures("table")
class TestWrittenBehind:
    @staticmethod
    def write(*numbers: int) -> None:
        with connection.cursor() as cursor:
            bulk.copy_rows(cursor, "bulk_test", ("id",), [(str(number),) for number in numbers])

    @staticmethod
    def ids() -> list[int]:
        return [number for number, _, _ in stored()]

    def test_every_statement_sees_what_was_written_before_it(self) -> None:
        with bulk.written_behind():
            for number in range(50):
                self.write(number)
                if number % 7 == 0:
                    assert self.ids() == list(range(number + 1))
        assert self.ids() == list(range(50))

    def test_what_is_told_comes_after_what_was_written(self) -> None:
        with bulk.written_behind(), connection.cursor() as cursor:
            self.write(1, 2)
            bulk.tell(cursor, "DELETE FROM bulk_test WHERE id = %s", [1])
            self.write(3)
        assert self.ids() == [2, 3]

    def test_outside_everything_is_done_at_once(self) -> None:
        with connection.cursor() as cursor:
            self.write(1, 2)
            bulk.tell(cursor, "DELETE FROM bulk_test WHERE id = %s", [1])
        assert self.ids() == [2]
        assert not bulk.is_behind()
        numbers = iter(range(9))
        assert [bulk.once("n", numbers.__next__) for _ in "ab"] == [0, 1]

    def test_what_is_the_same_all_the_time_is_read_once(self) -> None:
        numbers = iter(range(9))
        with bulk.written_behind():
            assert [bulk.once("n", numbers.__next__) for _ in "ab"] == [0, 0]
        with bulk.written_behind():
            assert bulk.once("n", numbers.__next__) == 1

    @pytest.mark.parametrize("asked", [True, False])
    def test_a_failure_is_raised_by_the_next_statement_or_the_end_and_nothing_after_it_is_written(
        self, asked: bool
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE UNIQUE INDEX ON bulk_test (id)")
        self.write(1)

        def run() -> None:
            with transaction.atomic(), bulk.written_behind():
                self.write(2)
                self.write(1)
                self.write(3)
                if asked:
                    self.ids()

        with pytest.raises(UniqueViolation):
            run()
        assert self.ids() == [1]

    def test_of_a_block_that_fails_nothing_stays(self) -> None:
        def run() -> None:
            with transaction.atomic(), bulk.written_behind():
                self.write(1)
                raise KeyError

        with pytest.raises(KeyError):
            run()
        self.write(2)
        assert self.ids() == [2]

    def test_a_block_that_failed_in_two_ways_says_what_it_raised(self) -> None:
        def run() -> None:
            with transaction.atomic(), bulk.written_behind(), connection.cursor() as cursor:
                bulk.copy_rows(cursor, "bulk_test", ("nowhere",), [("1",)])
                raise KeyError

        with pytest.raises(KeyError):
            run()
        assert self.ids() == []

    def test_it_sends_no_statement_more(self) -> None:
        def run() -> None:
            with bulk.written_behind():
                self.write(1)

        assert count_queries(run) == count_queries(lambda: self.write(2))
