"""Keyset paging: every row once, in order, in both directions, with ties and NULLs."""

from itertools import pairwise
from typing import Any

import pytest
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huoju.core.access.models import User
from huoju.core.ui import keyset
from huoju.core.ui.keyset import Moved, Slice, Sort, fetch

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


def test_count_stops_at_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    make(["a"] * 5)
    page = fetch(User.objects.all(), BY_NAME, descending=False, size=1)
    assert (page.count, page.capped) == (5, False)
    monkeypatch.setattr(keyset, "CAP", 3)
    page = fetch(User.objects.all(), BY_NAME, descending=False, size=1)
    assert (page.count, page.capped) == (3, True)
    page = fetch(User.objects.all(), BY_NAME, descending=False, size=5)
    assert (page.count, page.capped) == (5, False)  # all of them stand on the page


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", [BY_REF, BY_NAME, Sort("id")])
@pytest.mark.parametrize("reach", [0, 1, 3, 5, 50])
def test_pages_are_the_same_however_far_the_order_is_walked(
    sort: Sort, descending: bool, reach: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forwards and back, with matches near, far, and nowhere among the values."""
    make(["a", "b", None, "b", "c", None, "d", "d", "e", "f", "g", None, "g"])
    for wanted in (["d", "g", ""], ["g"], ["a", "b", ""], [""], ["nothing"]):
        rows = User.objects.filter(name__in=wanted)
        monkeypatch.setattr(keyset, "CAP", 2_000)
        whole = [row.pk for row in fetch(rows, sort, descending=descending, size=50).rows]
        monkeypatch.setattr(keyset, "CAP", 0)
        monkeypatch.setattr(keyset, "REACH", reach)
        forwards: list[int] = []
        after, page = None, None
        while page is None or page.after is not None:
            page = fetch(rows, sort, descending=descending, size=2, after=after)
            forwards += [row.pk for row in page.rows]
            after = page.after
        assert forwards == whole
        back = [row.pk for row in page.rows]
        while page.before is not None:
            page = fetch(rows, sort, descending=descending, size=2, before=page.before)
            back = [*(row.pk for row in page.rows), *back]
        assert back == whole


def test_only_the_page_is_read_whole(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any) -> None:
    make(["a", "b", "c"])
    cursor = fetch(User.objects.all(), BY_NAME, descending=False, size=1).after
    monkeypatch.setattr(keyset, "CAP", 0)
    monkeypatch.setattr(keyset, "REACH", 1)
    with django_assert_num_queries(4) as captured:
        fetch(User.objects.filter(pk__gt=0), BY_NAME, descending=False, size=1, after=cursor)
    counted, edge, page, whole = (each["sql"] for each in captured.captured_queries)
    assert "LIMIT 1" in counted
    assert "OFFSET 1" in edge
    assert '("access_user"."name", "access_user"."id") > (' in page
    assert "password" not in counted + edge + page
    assert "password" in whole
    assert "OFFSET" not in page + whole


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("cap", "filtered"), [(keyset.CAP, True), (2, False), (2, True)])
def test_moved_rows_stand_where_their_other_key_says(
    descending: bool, cap: int, filtered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forwards and back again, whatever the size of a page; a moved row that no filter finds does not appear."""
    monkeypatch.setattr(keyset, "CAP", cap)
    ids = make(["a", "m", "a", "m", "a", "a", "m", "m", "a", "x", "m"])
    rows = User.objects.exclude(name="x") if filtered else User.objects.all()
    earlier = User.objects.filter(name__in=["m", "x"]).annotate(_before=F("id") - 4)
    sort = Sort("id", moved=lambda: Moved(earlier, key="_before", row="id"))
    moved = set(earlier.values_list("pk", flat=True))
    wanted = sorted((pk - 4 if pk in moved else pk, pk) for pk in rows.values_list("pk", flat=True))
    if descending:
        wanted.reverse()
    assert len(wanted) == len(ids) - filtered
    for size in (1, 2, 3, 20):
        pages = [fetch(rows, sort, descending=descending, size=size)]
        while pages[-1].after is not None:
            pages.append(fetch(rows, sort, descending=descending, size=size, after=pages[-1].after))
        assert [row.pk for page in pages for row in page.rows] == [pk for _, pk in wanted]
        for page, following in pairwise(pages):
            back = fetch(rows, sort, descending=descending, size=size, before=following.before)
            assert [row.pk for row in back.rows] == [row.pk for row in page.rows]
