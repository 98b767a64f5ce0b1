"""The index and its answers, on PostgreSQL."""

from collections.abc import Mapping, Sequence

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huoju.core.access.models import User
from huoju.core.facts.readers import StoredFact
from huoju.core.search import operations, queries
from huoju.core.search.kinds import Entry, SearchKind, Shown
from huoju.core.search.models import Document

pytestmark = pytest.mark.django_db


class Shelf:
    """Things of a test, findable as one kind."""

    def __init__(self) -> None:
        self.things: dict[int, Entry] = {}
        self.hidden: set[int] = set()
        self.kind = SearchKind(
            code="thing", label="Things", icon="box", facts=(), touched=self._touched, fetch=self._fetch,
            audience_of=self._audience_of, show=self._show,
        )  # fmt: skip

    def put(self, *entries: Entry) -> None:
        self.things.update({entry.object_id: entry for entry in entries})
        operations.index(self.kind, [entry.object_id for entry in entries])

    def find(self, query: str, audience: Sequence[str] | None = None, limit: int = 20) -> list[int]:
        return queries.list_ids(self.kind, query, audience=audience, limit=limit)

    def _touched(self, facts: Sequence[StoredFact]) -> set[int]:
        return set()

    def _fetch(self, ids: Sequence[int]) -> list[Entry]:
        return [self.things[one] for one in ids if one in self.things]

    def _audience_of(self, user: User) -> list[str] | None:
        return None if user.is_superuser else [f"user:{user.pk}"]

    def _show(self, user: User, ids: Sequence[int]) -> Mapping[int, Shown]:
        return {
            one: Shown(title=self.things[one].title, subtitle="", url="/")
            for one in ids
            if one not in self.hidden
        }


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def thing(number: int, title: str, *texts: str, weight: int = 0, audience: tuple[str, ...] = ()) -> Entry:
    return Entry(object_id=number, title=title, texts=texts, weight=weight, audience=audience)


def test_exact_titles_first_then_beginnings_then_the_newest(shelf: Shelf) -> None:
    shelf.put(
        thing(1, "张三丰", weight=9),
        thing(2, "小张三", weight=10),
        thing(3, "张三", weight=1),
        thing(4, "张三立", weight=8),
    )
    assert shelf.find("张三") == [3, 1, 4, 2]


def test_a_thing_is_found_by_what_it_is_now(shelf: Shelf) -> None:
    shelf.put(thing(1, "王伟", "13812345678"))
    shelf.put(thing(1, "王伟", "13987654321"))
    assert shelf.find("5678") == []
    assert shelf.find("4321") == [1]
    del shelf.things[1]
    assert operations.index(shelf.kind, [1]) == 0
    assert shelf.find("王伟") == []
    assert not Document.objects.exists()


def test_unchanged_documents_are_not_written(shelf: Shelf) -> None:
    shelf.put(thing(1, "王伟"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text, ctid::text FROM search_document")
        before = cursor.fetchall()
        shelf.put(thing(1, "王伟"))
        cursor.execute("SELECT xmin::text, ctid::text FROM search_document")
        assert cursor.fetchall() == before


def test_only_the_audience_finds(shelf: Shelf) -> None:
    shelf.put(thing(1, "王伟", audience=("user:7",)), thing(2, "王伟", audience=("user:8", "pool")))
    assert shelf.find("王伟", audience=["user:7"]) == [1]
    assert shelf.find("王伟", audience=["user:7", "pool"]) == [2, 1]
    assert shelf.find("王伟", audience=[]) == []
    assert shelf.find("王伟") == [2, 1]


def test_a_common_query_shows_the_newest_and_the_exact(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "CANDIDATES", 50)
    shelf.put(
        thing(1, "王", weight=1), *(thing(number, f"王小{number}", weight=number) for number in range(2, 400))
    )
    assert shelf.find("王", limit=4) == [1, 399, 398, 397]


def test_strange_texts_and_queries_break_nothing(shelf: Shelf) -> None:
    shelf.put(thing(1, 'a"b\\c\td😀', "{x,y}", "NULL"), thing(2, "%_'; DROP TABLE"))
    for query in ['"', "\\", "😀", "{", "%", "_", "'", "NULL", "a" * 100, "王" * 100, "\x00"]:
        shelf.find(query)
    assert shelf.find("drop table") == [2]


def test_the_number_of_statements_does_not_grow(shelf: Shelf) -> None:
    with CaptureQueriesContext(connection) as few:
        shelf.put(thing(1, "王伟"))
    with CaptureQueriesContext(connection) as many:
        shelf.put(*(thing(number, f"王{number}") for number in range(2, 150)))
    assert len(few) == len(many) <= 6
    with CaptureQueriesContext(connection) as asked:
        shelf.find("王")
    assert len(asked) <= 3


def test_the_rows_of_today_have_the_last_word(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, django_user_model: type[User]
) -> None:
    monkeypatch.setattr(queries, "all_kinds", lambda: [shelf.kind])
    user = django_user_model.objects.create_user("wang", is_superuser=True)
    shelf.put(*(thing(number, f"王{number}", weight=number) for number in range(1, 13)))
    shelf.hidden = {12, 11}
    (group,) = queries.find(user, "王", per_kind=8)
    assert [hit.title for hit in group.hits] == [f"王{number}" for number in range(10, 2, -1)]
    assert group.more
    assert queries.find(user, "李") == []
    assert queries.find(user, " ") == []
