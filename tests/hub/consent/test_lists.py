"""Lists: files of many lines, the pages, the API."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import Client, override_settings

from huoju.core.access import operations as access
from huoju.core.access.models import User
from huoju.core.access.policy import ApiScope
from huoju.core.errors import UserError
from huoju.core.rules import InvalidRulesError
from huoju.hub.consent import jobs, operations, queries
from huoju.hub.consent.models import Consent, Suppression, SuppressionList, SuppressionUpload
from huoju.hub.consent.operations import uploads
from huoju.hub.consent.policy import Channel, ListKind, Purpose, shipped
from huoju.hub.identity.models import Person
from tests.hub.consent.test_contact import why

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(tmp_path: Path) -> object:
    with override_settings(MEDIA_ROOT=tmp_path):
        yield


@pytest.fixture
def admin(client: Client) -> User:
    user = User.objects.create(username="admin", role="admin")
    client.force_login(user)
    return user


def register() -> SuppressionList:
    return operations.create_list(
        name="DNCL", kind=ListKind.REGISTER, channels=["phone"], country="CA", user_id=None, now=NOW
    )


def start(text: str, to: SuppressionList, encoding: str = "utf-8") -> SuppressionUpload:
    file = ContentFile(text.encode(encoding), name="dncl.csv")
    return operations.start_upload(to=to, file=file, reason="register", country="CA", user_id=None, now=NOW)


def test_a_file_goes_on_its_list_piece_by_piece_and_a_worker_that_died_is_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "PIECE", 50)  # the fourth line begins in it
    lines = [
        "\ufeffphone,added",
        "604-555-0100,x",
        "+1 604 555 0100",
        "nonsense",
        "",
        "@rival.cn",
        '"li@firm.cn";y',
        "+8617*",
    ]
    upload = start("\r\n".join(lines), register())
    assert operations.read_upload(upload.pk, now=NOW)
    upload.refresh_from_db()
    assert (upload.state, upload.done_lines, upload.added) == ("running", 4, 1)
    jobs.read_upload(upload_id=upload.pk)  # another worker
    jobs.read_upload(upload_id=upload.pk)  # and again, for nothing
    upload.refresh_from_db()
    assert (upload.state, upload.added, upload.known, upload.bad) == ("finished", 4, 1, 1)
    assert sorted(Suppression.objects.values_list("kind", "value")) == [
        ("domain", "rival.cn"),
        ("email", "li@firm.cn"),
        ("mobile", "+16045550100"),
        ("prefix", "+8617"),
    ]
    assert [(each.line, each.text, each.problem) for each in queries.iter_faults(upload.pk)] == [
        (4, "nonsense", "unreadable")
    ]
    assert SuppressionList.objects.get(name="DNCL").checked_at is not None


def test_a_newer_copy_adds_what_is_new_whichever_way_it_is_written() -> None:
    to = register()
    numbers = [f"604555{n:04}" for n in range(300)]
    for some, added, known in (
        (numbers[:200], 200, 0),
        (numbers[::-1], 100, 200),
        (numbers[150:152] * 2, 0, 4),
    ):
        upload = start("\n".join(some), to)
        jobs.read_upload(upload_id=upload.pk)
        upload.refresh_from_db()
        assert (upload.added, upload.known, upload.done_lines) == (added, known, len(some))
    # None of the looked-for is there, but another one is.
    upload = start("\n".join(["2045550100", numbers[7]]), to)
    jobs.read_upload(upload_id=upload.pk)
    upload.refresh_from_db()
    assert (upload.added, upload.known) == (1, 1)
    assert Suppression.objects.filter(list=to, source=f"upload:{upload.pk}").get().value == "+12045550100"
    assert Suppression.objects.filter(list=to).count() == 301


def test_values_reach_the_list_as_they_are() -> None:
    to = register()
    upload = start('"a\\\\t b"@firm.cn\nli\\t@firm.cn\nli@firm.cn', to)
    upload.reason = "tab\tand \\ in the reason"
    upload.save()
    jobs.read_upload(upload_id=upload.pk)
    row = Suppression.objects.get(list=to, value="li@firm.cn")
    assert row.reason == upload.reason


def test_a_file_of_one_endless_line_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PIECE", 64)
    monkeypatch.setattr(uploads, "_LONGEST_LINE", 64)
    upload = start("x" * 300, register())
    jobs.read_upload(upload_id=upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.done_bytes, upload.bad) == ("finished", 300, 3)


def test_spreadsheets_and_other_encodings_are_refused() -> None:
    with pytest.raises(UserError):
        start("x", register(), encoding="utf-16")
    with pytest.raises(UserError):
        operations.create_list(name="TPS", kind=ListKind.REGISTER, user_id=None, now=NOW)


def test_the_pages_of_the_lists(client: Client, admin: User) -> None:
    assert client.get("/consent/lists/").status_code == 200
    black = SuppressionList.objects.get(code="black")
    url = f"/consent/lists/{black.pk}/"
    client.post(f"{url}entries/", {"do": "add", "entries": "rival.cn\nli@firm.cn\n???", "reason": "rivals"})
    page = client.get(url).content.decode()
    assert "rival.cn" in page
    assert "rivals" in page
    assert "li@firm.cn" in client.get(url, {"q": "LI@firm.cn"}).content.decode()
    client.post(f"{url}entries/", {"do": "remove", "entries": "rival.cn"})
    assert Suppression.objects.count() == 1
    made = client.post(
        f"{url}upload/", {"file": ContentFile(b"a@b.cn\n???\n", name="=x.csv"), "country": "CN"}
    )
    progress = made["Location"]
    jobs.read_upload(upload_id=SuppressionUpload.objects.get().pk)
    assert client.get(progress).status_code == 200
    unreadable = client.get(f"{progress}not-readable.csv", headers={"accept-language": "en"})
    assert b"".join(unreadable.streaming_content).decode("utf-8-sig").splitlines() == [  # type: ignore[attr-defined]
        "Line,Text,Problem",
        '2,???,"Neither a mail address, nor a number, nor a domain."',
    ]
    erased = SuppressionList.objects.get(code="erased")
    with pytest.raises(UserError):
        operations.remove_entries([], of=erased, reason="", actor="user:1", source="test", now=NOW)
    posted = {"name": "TPS", "kind": "register", "country": "GB", "channels": ["phone"]}
    assert client.post("/consent/lists/", posted).status_code == 303
    client.force_login(User.objects.create(username="sales", role="sales"))
    assert client.get(url).status_code == 403


@pytest.mark.parametrize(
    ("country", "words"), [("DE", "UWG § 7 (2) no. 2"), ("CN", "PIPL"), ("XX", "严格默认")]
)
def test_the_law_of_a_place_in_words(client: Client, admin: User, country: str, words: str) -> None:
    assert words in client.get("/consent/policy/", {"country": country}).content.decode()


def test_the_api(client: Client) -> None:
    admin = User.objects.create(username="admin", role="admin")
    wang = Person.objects.create(email="wang@firm.cn", country="CN", created_at=NOW)
    _key, secret = access.create_api_key(
        actor=admin, name="crm", scopes=[ApiScope.CONSENT_READ, ApiScope.CONSENT_WRITE], now=NOW
    )
    headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}

    def post(path: str, body: Mapping[str, object]) -> tuple[int, object]:
        answer = client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json", **headers)  # type: ignore[arg-type]
        return answer.status_code, answer.json() if answer.content else None

    said = {"person": wang.pk, "channel": "email", "answer": "given", "proof": {"text": "yes"}}
    assert post("/consents", said)[0] == 201
    assert Consent.objects.get().proof == {"text": "yes"}
    assert post("/consents", {**said, "person": 10**9})[0] == 404
    asked = {"persons": [wang.pk, 10**9], "channel": "email"}
    status, found = post("/may-contact", asked)
    assert (status, [(each["allowed"], each["reason"]) for each in found]) == (  # type: ignore[attr-defined]
        200,
        [(True, "consent"), (False, "unknown_person")],
    )
    entries = {"to": "unsubscribed", "entries": ["wang@firm.cn", "???"], "reason": "asked"}
    assert post("/suppressions", entries) == (200, {"changed": 1, "unreadable": ["???"]})
    assert post("/suppressions", entries) == (200, {"changed": 0, "unreadable": ["???"]})
    assert post("/may-contact", asked)[1][0]["reason"] == "unsubscribed"  # type: ignore[index]
    assert post("/suppressions/remove", entries)[1] == {"changed": 1, "unreadable": ["???"]}
    assert client.post("/api/v1/may-contact", "{}", content_type="application/json").status_code == 401


def test_another_version_of_the_table_decides_from_its_activation() -> None:
    bob = Person.objects.create(email="bob@x.com", country="US", created_at=NOW)
    assert why(bob).value == "not_objected"
    rows = [row for row in shipped() if row["countries"] != ["US"]]
    operations.save_version(rules=rows, note="stricter", user_id=None, now=NOW)
    assert why(bob).value == "not_objected"
    assert operations.activate(version=2, actor="user:1", now=NOW)
    assert not operations.activate(version=2, actor="user:1", now=NOW)
    assert why(bob).value == "no_consent"
    with pytest.raises(InvalidRulesError):
        operations.save_version(rules=rows[:-1], note="gap", user_id=None, now=NOW)
    assert queries.may_contact(bob.pk, Channel.EMAIL, Purpose.SERVICE, NOW).allowed
