"""The List pattern, on the list of users."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpRequest, QueryDict
from django.test import Client, RequestFactory

from huoju.core.access.models import SavedView, Team, User
from huoju.core.access.pages import UserList
from huoju.core.ui.filters import clean_query

URL = "/settings/users/"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def admin(db: None) -> User:
    """Who looks."""
    return User.objects.create(username="admin", name="Admin", role="admin", language="en")


@pytest.fixture
def browser(client: Client, admin: User) -> Client:
    """Signed in."""
    client.force_login(admin)
    return client


@pytest.fixture
def people(db: None) -> list[User]:
    """120 sales people; every third never signed in."""
    team = Team.objects.create(name="华东")
    return User.objects.bulk_create(
        User(
            username=f"u{n:03}",
            name=f"P{n % 40:02}",
            role="sales",
            team=team if n % 2 else None,
            last_login=datetime(2026, 1, 1 + n % 28, tzinfo=UTC) if n % 3 else None,
            is_active=n % 10 != 0,
        )
        for n in range(120)
    )


def usernames(html: str) -> list[str]:
    """The rows, by username."""
    return re.findall(r'data-label="[^"]*">(u\d{3}|admin)<', html)


def test_pages_follow_each_other_without_gap(browser: Client, people: list[User]) -> None:
    seen: list[str] = []
    url: str | None = f"{URL}?sort=-last_login"
    while url:
        state = browser.get(url, headers=HTMX).context["list"]
        seen += [row.record.username for row in state.table.rows]
        url = state.next_url
    assert sorted(seen) == sorted(["admin", *(user.username for user in people)])


def test_four_queries_beside_session_and_user(
    browser: Client, people: list[User], django_assert_max_num_queries: object
) -> None:
    browser.get(URL)
    # Session and user are two more.
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        browser.get(f"{URL}?role=sales&sort=-last_login", headers=HTMX)


def test_a_fragment_has_no_shell_and_pushes_a_clean_address(browser: Client, people: list[User]) -> None:
    response = browser.get(f"{URL}?q=P0&role=&team=&sort=name&active=yes", headers=HTMX)
    assert "<html" not in response.text
    assert parse_qs(urlsplit(response["HX-Push-Url"]).query) == {"q": ["P0"], "active": ["yes"]}
    assert "HX-Request" in response["Vary"]


def test_going_back_in_history_gets_the_whole_page(browser: Client) -> None:
    response = browser.get(URL, headers={"HX-Request": "true", "HX-Request-Type": "full"})
    assert "<html" in response.text
    assert "HX-Push-Url" not in response


def test_chips_name_what_is_filtered(browser: Client, people: list[User]) -> None:
    team = Team.objects.get()
    state = browser.get(f"{URL}?role=sales&role=admin&team={team.pk}&active=yes&q=P").context["list"]
    assert [(str(chip.label), chip.text, chip.names) for chip in state.chips] == [
        ("Role", "Sales, Administrator", ("role",)),
        ("Team", "华东", ("team",)),
        ("Status", "Active", ("active",)),
    ]


def test_sort_links_turn_the_order_and_start_over(browser: Client, people: list[User]) -> None:
    first = browser.get(f"{URL}?q=P&sort=username").context["list"]
    after = urlsplit(first.next_url).query
    header = {h.name: h for h in browser.get(f"{URL}?{after}").context["list"].headers}["username"]
    assert header.direction == "ascending"
    assert parse_qs(urlsplit(header.url).query) == {"q": ["P"], "sort": ["-username"]}


@pytest.mark.parametrize(
    "query", ["sort=password", "sort=-", "after=x", "role=janitor", "team=0", "active=maybe"]
)
def test_an_edited_address_is_no_error(browser: Client, people: list[User], query: str) -> None:
    assert browser.get(f"{URL}?{query}").status_code == 200


def test_nothing_found_offers_to_clear(browser: Client) -> None:
    assert "Clear all" in browser.get(f"{URL}?q=nobody").text


def test_columns_are_kept_per_user(browser: Client, admin: User) -> None:
    browser.post(
        URL, {"list_action": "columns", "columns": ["email", "role", "nonsense"], "query": "?q=a&after=x"}
    )
    state = browser.get(URL).context["list"]
    assert [header.name for header in state.headers] == ["name", "email", "role"]
    other = User.objects.create(username="b", name="B", role="admin")
    browser.force_login(other)
    assert len(browser.get(URL).context["list"].headers) == 7


def test_a_saved_view_brings_its_filters_and_columns_back(browser: Client, admin: User) -> None:
    browser.post(URL, {"list_action": "columns", "columns": ["role"]})
    response = browser.post(
        URL, {"list_action": "save_view", "name": " 我的 ", "query": "?role=sales&after=zzz"}
    )
    assert response["Location"] == f"{URL}?role=sales&view=%E6%88%91%E7%9A%84"
    view = SavedView.objects.get(name="我的")
    assert (view.query, view.columns) == ("role=sales", ["name", "role"])
    page = browser.get(response["Location"])
    assert page.context["list"].view == "我的"
    browser.post(URL, {"list_action": "delete_view", "name": "我的"})
    assert not SavedView.objects.filter(name="我的").exists()


@pytest.mark.parametrize("data", [{}, {"list_action": "drop"}, {"list_action": "save_view", "name": " "}])
def test_an_unknown_list_action_is_refused(browser: Client, data: dict[str, str]) -> None:
    assert browser.post(URL, data).status_code == 400


def test_an_export_that_the_list_does_not_offer_is_missing(browser: Client) -> None:
    assert browser.get(f"{URL}?export=csv").status_code == 404


def post(rf: RequestFactory, admin: User, **data: object) -> HttpRequest:
    """A bulk action's request."""
    request = rf.post(URL, data)
    request.user = admin
    return request


def test_a_bulk_action_gets_the_ticked_rows(rf: RequestFactory, admin: User, people: list[User]) -> None:
    ids = [people[3].pk, people[5].pk]
    rows = UserList.selection(post(rf, admin, ids=[*ids, "x", "¹"]))
    assert sorted(row.pk for row in rows) == ids


def test_a_bulk_action_gets_all_of_the_filter(rf: RequestFactory, admin: User, people: list[User]) -> None:
    rows = UserList.selection(post(rf, admin, matching="1", query="active=no", ids=[people[1].pk]))
    assert rows.count() == 12


@pytest.mark.parametrize(
    ("query", "clean"),
    [("a=1&b=&c=2&c=", "a=1&c=2"), ("after=x&a=1", "a=1"), ("", ""), ("a=%26&a=%3D", "a=%26&a=%3D")],
)
def test_clean_query(query: str, clean: str) -> None:
    assert clean_query(QueryDict(query), drop=("after",)) == clean
