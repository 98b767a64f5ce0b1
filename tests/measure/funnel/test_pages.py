"""The funnel's screens."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from huoju.core.access.models import Team, User
from huoju.core.access.policy import Role
from huoju.measure.funnel.days import company_today
from tests.qualify.factory import make_lead
from tests.races import count_queries

from .rows import Case, store

PAGE = "/funnel/"

pytestmark = pytest.mark.django_db


def signed_in(client: Client, role: Role = Role.EXECUTIVE, **more: Any) -> User:
    user = User.objects.create_user(f"u-{role}", role=role, language="en", **more)
    client.force_login(user)
    return user


def fill() -> None:
    now = timezone.now()
    store(
        [
            Case(
                lead_id=n,
                times={"lead": now - timedelta(days=20)} | ({"mql": now} if n < 4 else {}),
                keyword="数据 <b>",
            )
            for n in range(1, 11)
        ]
    )


def test_the_report_draws_figures_funnel_and_table(client: Client) -> None:
    signed_in(client)
    fill()
    page = client.get(PAGE, {"split": "keyword"}).content.decode()
    assert "30.0%" in page
    assert page.count("<polygon") == 6
    assert "数据 &lt;b&gt;" in page
    assert "<b>" not in page
    assert 'style="' not in page


def test_every_figure_opens_its_leads(client: Client) -> None:
    signed_in(client)
    leads = [make_lead(captured_at=timezone.now(), fact=False).lead for _ in range(3)]
    store([Case(lead_id=lead.pk, times={"lead": lead.captured_at}) for lead in leads])
    page = client.get(PAGE)
    url = page.context["bands"][0].url
    listed = client.get(url)
    assert {lead.pk for lead, _day in listed.context["rows"]} == {lead.pk for lead in leads}
    assert reverse("leads:lead", args=[leads[0].pk]) in listed.content.decode()
    assert "3 leads · Cohort · Last 365 days" in listed.content.decode()


def test_the_address_follows_the_filters(client: Client) -> None:
    signed_in(client)
    fill()
    sent = {
        "view": "period",
        "range": "custom",
        "from": "2026-01-01",
        "to": "",
        "split": "none",
        "stages": ["lead", "won"],
    }
    answer = client.get(PAGE, sent, headers={"HX-Request": "true"})
    assert parse_qs(urlsplit(answer["HX-Push-Url"]).query) == {
        "stages": ["lead,won"], "view": ["period"], "from": ["2026-01-01"], "split": ["none"],
    }  # fmt: skip
    assert b"<html" not in answer.content


def test_a_strange_address_shows_the_usual_report_and_says_so(client: Client) -> None:
    signed_in(client)
    answer = client.get(PAGE, {"view": "sideways"})
    assert answer.status_code == 200
    assert "unknown (view)" in answer.content.decode()
    for address in (
        "/funnel/leads/?at=nowhere",
        "/funnel/leads/?at=lead&short_of=won",
        "/funnel/leads/?after=x",
        "/funnel/leads/?at=lost",
    ):
        assert client.get(address).status_code == 404


def test_nothing_yet(client: Client) -> None:
    signed_in(client)
    assert "No leads in this window" in client.get(PAGE).content.decode()


def test_the_files(client: Client) -> None:
    signed_in(client)
    fill()
    file: Any = client.get(PAGE, {"split": "keyword", "export": "csv"})
    lines = b"".join(file.streaming_content).decode("utf-8-sig")
    header, first = lines.splitlines()
    assert header.startswith("Keyword,Lead,MQL,SQL,Opportunity,POC,Won,")
    assert first.startswith("数据 <b>,10,3,0,0,0,0,0.3,")
    book = load_workbook(BytesIO(client.get(PAGE, {"split": "none", "export": "xlsx"}).content))
    rows = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert [row[:2] for row in rows[1:3]] == [("Lead", 10), ("MQL", 3)]
    assert client.get(PAGE, {"export": "exe"}).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.ADMIN, 200), (Role.MARKETING, 200), (Role.EXECUTIVE, 200), (Role.SALES_MANAGER, 200),
        (Role.SALES, 403), (Role.TELEMARKETING, 403),
    ],
)  # fmt: skip
def test_who_sees_reports(client: Client, role: Role, status: int) -> None:
    signed_in(client, role)
    for address in (PAGE, "/funnel/leads/", "/funnel/filters/", "/funnel/simulator/"):
        assert client.get(address).status_code == status


def test_a_manager_counts_the_team(client: Client) -> None:
    team = Team.objects.create(name="North")
    manager = signed_in(client, Role.SALES_MANAGER, team=team)
    other = User.objects.create_user("other")
    store(
        [
            Case(lead_id=n, times={"lead": timezone.now()}, owner_id=o)
            for n, o in enumerate([None, manager.pk, other.pk], 1)
        ]
    )
    assert client.get(PAGE).context["answer"].entered == 2
    assert str(other.pk) not in [value for value, _label, _on in _choices(client, "owner")]


def _choices(client: Client, name: str) -> list[tuple[str, str, bool]]:
    groups = client.get("/funnel/filters/").context["groups"]
    return next((choices for code, _label, choices, _open in groups if code == name), [])


def test_the_panel_ticks_what_the_address_filters(client: Client) -> None:
    signed_in(client)
    fill()
    panel = client.get("/funnel/filters/", {"keyword": "数据 <b>"})
    groups = {code: choices for code, _label, choices, _open in panel.context["groups"]}
    assert groups["keyword"] == [("数据 <b>", "数据 <b>", True)]
    assert "channel" not in groups


def test_the_number_of_statements_is_bounded(client: Client) -> None:
    signed_in(client)
    fill()
    client.get(PAGE)
    assert count_queries(lambda: client.get(PAGE)) <= 10
    few = count_queries(lambda: client.get("/funnel/leads/?at=lead"))
    store([Case(lead_id=n, times={"lead": timezone.now()}) for n in range(100, 300)])
    assert count_queries(lambda: client.get("/funnel/leads/?at=lead")) == few


def test_the_simulator_shows_the_textbook(client: Client) -> None:
    signed_in(client)
    presets = {str(label): url for label, url in client.get("/funnel/simulator/").context["presets"]}
    tenth = client.get(presets["10% at each step"]).content.decode()
    assert "¥50,000" in tenth
    fifth = client.get(presets["20% at each step"]).content.decode()
    assert ">128<" in fifth
    assert "¥390.63" in fifth
    assert client.get("/funnel/simulator/?rate_won=120").status_code == 422


def test_days_are_the_companys() -> None:
    assert isinstance(company_today(), date)
