"""The policy table is changed on pages: a place at a time, previewed, saved, activated, taken back."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client

from huoju.core.access.models import User
from huoju.hub.consent.models import ConsentPolicy
from huoju.hub.consent.policy import Channel, Purpose, list_changes, parse, replaced, rows_at, shipped
from huoju.hub.identity.models import Person
from tests.hub.consent.test_contact import why

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EDIT = "/consent/policy/versions/edit/?country={}"


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(User.objects.create(username="admin", role="admin"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def form(*rows: dict[str, object], **more: str) -> dict[str, object]:
    """What the browser sends."""
    basic: dict[str, object] = {
        "channels": ["email"], "purpose": "marketing", "basis": "consent", "footer": ["sender"],
        "source": "Act 7, https://law.example/7", "reviewed": "2026-11-22", "note": "by counsel",
    }  # fmt: skip
    sent: dict[str, object] = {"rows": [str(n) for n in range(len(rows))], "note": "KR", **more}
    for n, row in enumerate(rows):
        sent |= {f"rows.{n}.{name}": value for name, value in {**basic, **row}.items()}
    return sent


@pytest.mark.django_db
def test_a_place_gets_rows_and_goes_back(client: Client) -> None:
    kim = Person.objects.create(email="kim@x.kr", country="KR", created_at=NOW)
    assert why(kim).value == "no_consent"
    row: dict[str, object] = {"basis": "opt_out", "double_opt_in": "recommended", "register_days": "31"}
    tried = client.post(EDIT.format("KR"), form(row, do="preview")).content.decode()
    assert "They have not objected." in tried
    assert ConsentPolicy.objects.count() == 0
    assert client.post(EDIT.format("KR"), form(row, do="save"))["Location"] == "/consent/policy/versions/2/"
    assert why(kim).value == "no_consent"  # saved, not activated
    saved = ConsentPolicy.objects.get(version=2)
    assert [each for each in saved.rules if each not in shipped()] == [
        {
            "countries": ["KR"], "channels": ["email"], "purpose": "marketing", "basis": "opt_out", "customers": None,
            "inquirers": None, "business": False, "double_opt_in": "recommended", "register": "", "register_days": 31,
            "footer": ["sender"], "source": "Act 7, https://law.example/7", "reviewed": "2026-11-22",
            "note": "by counsel",
        }
    ]  # fmt: skip
    assert len(saved.rules) == len(shipped()) + 1
    assert "They have not objected." in client.get("/consent/policy/versions/2/preview/").content.decode()
    assert client.post("/consent/policy/versions/2/activate/").status_code == 303
    assert why(kim).value == "not_objected"
    page = client.get("/consent/policy/", {"country": "KR"}).content.decode()
    assert "https://law.example/7" in page
    assert "by counsel" in page
    assert client.post("/consent/policy/versions/1/activate/").status_code == 303
    assert why(kim).value == "no_consent"


@pytest.mark.django_db
def test_an_editor_shows_the_rows_of_its_place_only(client: Client) -> None:
    page = client.get(EDIT.format("DE")).content.decode()
    assert "UWG § 7 (2) no. 2" in page
    assert "CNIL" not in page
    typed = {"expert": "1", "json": "[]", "do": "save", "note": "DE by default"}
    assert client.post(EDIT.format("DE"), typed).status_code == 303
    saved = ConsentPolicy.objects.get(version=2).rules
    assert saved == [row for row in shipped() if row["countries"] != ["DE"]]
    assert "CNIL" not in client.get("/consent/policy/versions/2/edit/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("place", "rows", "english", "chinese"),
    [
        ("KR", [{"source": " "}], "A row of KR has no source.", "KR 的一行没有出处。"),
        (
            "KR", [{}, {}], "KR has two rows for E-mail and News and offers.", "KR 的 邮件 与 资讯与优惠 有两行。",
        ),
        ("KR", [{"channels": []}], "A row of KR names no channel.", "KR 有一行没有选择渠道。"),
        ("KR", [{"customers": "a year"}], "“a year” is no number of days.", "“a year”不是天数。"),
        ("KR", [{"reviewed": "soon"}], "“soon” is no day", "“soon”不是日期"),
        (
            "*", [{"channels": ["email", "sms", "phone"]}],
            "The row for everywhere (*) lacks WeChat and News and offers.", "缺少 微信 与 资讯与优惠",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_says_why(
    client: Client, place: str, rows: list[dict[str, object]], english: str, chinese: str
) -> None:
    answer = client.post(EDIT.format(place), form(*rows, do="save"))
    assert (answer.status_code, english in answer.content.decode()) == (422, True)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    assert chinese in client.post(EDIT.format(place), form(*rows, do="save")).content.decode()
    assert ConsentPolicy.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed", ["{", "{}", "[1]", '[{"channels": 5}]', '[{"channels": "fax", "purpose": "marketing"}]']
)
def test_json_that_is_no_table(client: Client, typed: str) -> None:
    sent = {"expert": "1", "json": typed, "do": "save"}
    assert client.post(EDIT.format("KR"), sent).status_code == 422
    assert not ConsentPolicy.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["XX", "GP", "*%20"])
def test_places_without_a_law_of_their_own_have_no_editor(client: Client, place: str) -> None:
    answer = client.get(EDIT.format(place), follow=True)
    assert "with rows of its own" in answer.content.decode()
    answer = client.get(EDIT.format("KR") + "&from=9", follow=True)
    assert "no such version" in answer.content.decode()


@pytest.mark.django_db
def test_pages_ask_little_and_open_to_those_who_set_rules(
    client: Client, django_assert_max_num_queries: object
) -> None:
    client.post(EDIT.format("KR"), form({}, do="save"))
    urls = ["/consent/policy/?country=KR&from=2", "/consent/policy/versions/", "/consent/policy/versions/2/"]
    for url in [*urls, EDIT.format("KR") + "&from=2", "/consent/policy/versions/2/preview/"]:
        with django_assert_max_num_queries(12):  # type: ignore[operator]
            assert client.get(url).status_code == 200, url
    chosen = client.get("/consent/policy/versions/edit/?from=2")
    assert chosen["Location"] == "/consent/policy/?from=2"
    assert client.get("/consent/policy/?from=99").status_code == 404
    for role in ("sales", "telemarketing"):
        client.force_login(User.objects.create(username=role, role=role))
        assert client.get(EDIT.format("KR")).status_code == 403
        assert client.post("/consent/policy/versions/2/activate/").status_code == 403


def test_changes_are_tried_at_both_sides_of_every_limit() -> None:
    before = parse(1, shipped())
    (written, calls) = rows_at(shipped(), "CA")
    after = parse(2, replaced(shipped(), "CA", [{**written, "channels": ["email"], "customers": 365}, calls]))
    found = [
        (each.channel, str(each.who), each.before.value, each.after.value)
        for each in list_changes(before, after)
    ]
    assert found == [
        (Channel.EMAIL, "A customer who bought 366 days ago", "customer", "no_consent"),
        (Channel.EMAIL, "A customer who bought 730 days ago", "customer", "no_consent"),
        (Channel.SMS, "A customer who bought 1 days ago", "customer", "no_consent"),
        (Channel.SMS, "A customer who bought 730 days ago", "customer", "no_consent"),
        (Channel.SMS, "Somebody who asked us 1 days ago", "inquired", "no_consent"),
        (Channel.SMS, "Somebody who asked us 182 days ago", "inquired", "no_consent"),
    ]
    assert {each.purpose for each in list_changes(before, after)} == {Purpose.MARKETING}
    assert list_changes(before, before) == []
