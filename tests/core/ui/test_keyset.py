"""Keyset paging: every row once, in order, in both directions, with ties and NULLs."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huoju.core.access.models import User
from huoju.core.ui.keyset import Slice, Sort, capped_count, fetch

pytestmark = pytest.mark.django_db

BY_REF = Sort("external_ref", nullable=True)
BY_NAME = Sort("name")


def make(names: list[str | None]) -> list[int]:
    """Users whose external reference (unique, may be NULL) and name follow `names`; returns their ids."""
    users = User.objects.bulk_create(
        User(username=f"u{n}", name=name or "", external_ref=None if name is None else f"{name}{n}")
        for n, name in enumerate(names)
    )
    return [user.pk for user in users]


def walk(sort: Sort, *, descending: bool, size: int) -> tuple[list[Slice[User]], list[int]]:
    """All pages forwards."""
    pages = []
    after = None
    while True:
        page = fetch(User.objects.all(), sort, descending=descending, size=size, after=after)
        pages.append(page)
        if page.after is None:
            break
        after = page.after
    return pages, [row.pk for page in pages for row in page.rows]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_ties_and_nulls_appear_once_and_in_order(descending: bool, size: int) -> None:
    make(["b", None, "a", "a", None, "c", "b"])
    _pages, ids = walk(BY_REF, descending=descending, size=size)
    rows = list(User.objects.all())
    with_value = sorted(
        (row for row in rows if row.external_ref), key=lambda row: (row.external_ref or "", row.pk)
    )
    without = sorted((row for row in rows if row.external_ref is None), key=lambda row: row.pk)
    if descending:
        with_value.reverse()
        without.reverse()
    assert ids == [row.pk for row in [*with_value, *without]]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", [BY_REF, BY_NAME])
def test_walking_back_shows_the_same_pages(sort: Sort, descending: bool) -> None:
    make(["b", None, "a", "a", None, "c", "b", "a", None])
    pages, _ids = walk(sort, descending=descending, size=2)
    before = pages[-1].before
    for page in reversed(pages[:-1]):
        back = fetch(User.objects.all(), sort, descending=descending, size=2, before=before)
        assert [row.pk for row in back.rows] == [row.pk for row in page.rows]
        assert back.after is not None
        before = back.before
    assert before is None


def test_one_page_has_no_neighbours() -> None:
    make(["a", "b"])
    page = fetch(User.objects.all(), BY_NAME, descending=False, size=2)
    assert (page.before, page.after) == (None, None)


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "bnVsbA", "eyJhIjoxfQ", "WzEsICJ4Il0", "é"])
def test_a_broken_cursor_means_the_first_page(cursor: str) -> None:
    ids = make(["a", "b", "c"])
    page = fetch(User.objects.all(), BY_NAME, descending=False, size=2, after=cursor)
    assert [row.pk for row in page.rows] == ids[:2]
    page = fetch(User.objects.all(), BY_NAME, descending=False, size=2, before=cursor)
    assert [row.pk for row in page.rows] == ids[:2]


@given(
    names=st.lists(st.one_of(st.none(), st.sampled_from("aab")), max_size=12),
    size=st.integers(1, 5),
    descending=st.booleans(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_once(names: list[str | None], size: int, descending: bool) -> None:
    User.objects.all().delete()
    ids = make(names)
    for sort in (BY_REF, BY_NAME):
        pages, found = walk(sort, descending=descending, size=size)
        assert sorted(found) == sorted(ids)
        assert all(len(page.rows) == size for page in pages[:-1])


def test_count_stops_at_the_cap() -> None:
    make(["a"] * 5)
    assert capped_count(User.objects.all(), cap=10) == 5
    assert capped_count(User.objects.all(), cap=3) == 4


def test_pages_use_the_index(django_assert_num_queries: object) -> None:
    make(["a", "b", "c"])
    cursor = fetch(User.objects.all(), BY_NAME, descending=False, size=1).after
    rows = User.objects.filter(pk__gt=0)
    with django_assert_num_queries(1) as captured:  # type: ignore[operator]
        fetch(rows, BY_NAME, descending=False, size=1, after=cursor)
    assert '("access_user"."name", "access_user"."id") > (' in captured.captured_queries[0]["sql"]
    assert "OFFSET" not in captured.captured_queries[0]["sql"]
