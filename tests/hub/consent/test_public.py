"""The links in our mails, as their readers, their mail services and strangers use them."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default as modern
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone

from huoju.core.access.models import RateAllowance
from huoju.core.facts.models import Fact
from huoju.hub.consent import operations, public, queries, registry, signing
from huoju.hub.consent.models import Consent, Letter, Suppression
from huoju.hub.consent.policy import Channel, Purpose, Reason
from huoju.hub.consent.signing import Link, LinkError, Token
from huoju.hub.identity.models import Alias, Identifier, Person

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def wang() -> Person:
    return Person.objects.create(
        name="王", email="wang@firm.cn", mobile="+8613800138000", country="CN", language="en", created_at=NOW
    )


def path(url: str) -> str:
    return urlsplit(url).path


def link_of(person: Person) -> str:
    """Where the unsubscribe button of a mail leads."""
    headers = operations.unsubscribe_headers(
        person_id=person.pk, channel="email", purpose="marketing", address=person.email
    )
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return path(headers["List-Unsubscribe"].removeprefix("<").removesuffix(">"))


def verdict(person: Person, channel: Channel = Channel.EMAIL) -> Reason:
    return queries.may_contact(person.pk, channel, Purpose.MARKETING, timezone.now()).reason


def test_looking_changes_nothing_and_one_click_unsubscribes_for_good(client: Client, wang: Person) -> None:
    other = Person.objects.create(name="王二", email="w2@firm.cn", created_at=NOW)
    Alias.objects.create(person=other, profile=wang)
    page = client.get(link_of(wang))
    assert (page.status_code, Consent.objects.count()) == (200, 0)
    assert "w***@firm.cn" in page.content.decode()
    assert "wang@firm.cn" not in page.content.decode()
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert page["Referrer-Policy"] == "no-referrer"
    mail_service = Client(enforce_csrf_checks=True)  # RFC 8058: no cookie, no referrer
    for _ in range(3):
        assert mail_service.post(link_of(wang), {"List-Unsubscribe": "One-Click"}).status_code == 200
    rows = Consent.objects.order_by("person_id")
    assert [(row.person_id, row.state) for row in rows] == [(wang.pk, "withdrawn"), (other.pk, "withdrawn")]
    assert rows[0].proof["link"] == "unsubscribe"
    assert Suppression.objects.get().value == "wang@firm.cn"
    assert verdict(wang) is verdict(other) is Reason.SAID_NO


def test_an_unsubscribe_link_never_expires_and_outlives_its_person(client: Client, wang: Person) -> None:
    link, address = link_of(wang), wang.email
    wang.delete()
    assert client.post(link).status_code == 200
    again = Person.objects.create(name="王", email=address, country="CN", created_at=NOW)
    assert Suppression.objects.get().value.startswith("#")
    assert verdict(again) is Reason.UNSUBSCRIBED


@pytest.mark.parametrize(
    "change", [lambda text: text[:-1], lambda text: "A" + text[1:], lambda _text: "x", str.upper]
)
def test_what_was_tampered_with_says_nothing(client: Client, wang: Person, change: object) -> None:
    token = link_of(wang).split("/")[2]
    page = client.post(f"/u/{change(token)}/")  # type: ignore[operator]
    assert page.status_code == 404
    assert "firm.cn" not in page.content.decode()
    assert Consent.objects.count() == 0


def test_a_link_is_good_for_one_thing_only(client: Client, wang: Person) -> None:
    token = signing.seal(Link.PREFERENCES, Token(wang.pk))
    assert client.get(f"/u/{token}/").status_code == 404
    assert client.get(f"/preferences/{token}/").status_code == 200
    with pytest.raises(LinkError) as error:
        signing.unseal(Link.CONFIRM, token)
    assert not error.value.expired


def test_an_old_preference_link_says_so(
    client: Client, wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(signing.LIFE, Link.PREFERENCES, timedelta(seconds=-1))
    page = client.get(path(signing.preferences_url(wang.pk)), HTTP_ACCEPT_LANGUAGE="en")
    assert page.status_code == 410
    assert "This link has expired" in page.content.decode()


def test_preferences_are_kept_with_proof_in_their_language(client: Client, wang: Person) -> None:
    link = path(signing.preferences_url(wang.pk))
    assert "Your preferences" in client.get(link, HTTP_ACCEPT_LANGUAGE="zh").content.decode()
    client.post(link, {"channel": ["email", "sms"]})
    assert (verdict(wang), verdict(wang, Channel.SMS)) == (Reason.CONSENT, Reason.CONSENT)
    assert verdict(wang, Channel.PHONE) is Reason.NO_CONSENT
    before = Consent.objects.count()
    client.post(link, {"channel": ["email", "sms"]})
    assert Consent.objects.count() == before  # nothing new was said
    client.post(link, {"channel": ["email", "sms"], "stop": "1"})
    assert (verdict(wang), verdict(wang, Channel.SMS)) == (Reason.SAID_NO, Reason.SAID_NO)
    client.post(link, {"channel": ["sms"]})
    assert (verdict(wang), verdict(wang, Channel.SMS)) == (Reason.SAID_NO, Reason.CONSENT)
    client.post(link_of(wang))
    client.post(link, {"channel": ["email"]})
    assert verdict(wang) is Reason.CONSENT  # their own later word takes them off the list


def test_what_they_choose_on_the_page_goes_before_the_language_that_we_know(
    client: Client, wang: Person
) -> None:
    address = path(signing.preferences_url(wang.pk))
    known = client.get(address).content.decode()
    assert "<title>Your preferences · Huoju</title>" in known
    assert "let none go out" not in known  # what we say to colleagues
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    assert "<title>您的偏好设置 · 火炬</title>" in client.get(address).content.decode()


def test_too_many_visits_have_to_wait(client: Client, wang: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "PER_ADDRESS", 2)
    assert [client.get(link_of(wang)).status_code for _ in range(3)] == [200, 200, 429]
    assert RateAllowance.objects.count() == 1


def test_requests_about_data_go_to_whoever_takes_them(
    client: Client, wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[int, str]] = []
    monkeypatch.setattr(registry, "_takers", [lambda **what: taken.append((what["person_id"], what["kind"]))])
    page = client.post(path(signing.preferences_url(wang.pk)), {"request": "erasure"})
    assert taken == [(wang.pk, "erasure")]
    assert "w***@firm.cn" in page.content.decode()


class Post:
    """A real SMTP server on this machine that keeps what it gets; only what our mails need of the protocol."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.port = 0
        self._ready = Event()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._talk, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                self.mails.append((await reader.readuntil(b"\r\n.\r\n"))[:-5])
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 yes\r\n")
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


def mailers(port: int) -> dict[str, object]:
    options = {"host": "127.0.0.1", "port": port}
    return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post()
    with override_settings(MAILERS=mailers(server.port)):
        yield server
    server.stop()


def test_double_opt_in_from_the_request_to_the_proof(client: Client, post: Post) -> None:
    anna = Person.objects.create(
        name="Anna", email="anna@firm.de", country="DE", language="en", created_at=NOW
    )
    link = path(signing.preferences_url(anna.pk))
    for _ in range(2):  # asked twice a day: one mail
        page = client.post(link, {"channel": ["email"]})
    assert verdict(anna) is Reason.UNCONFIRMED
    assert "Saved." in page.content.decode()
    assert operations.send_waiting(now=timezone.now()) == 1
    assert operations.send_waiting(now=timezone.now()) == 0
    (raw,) = post.mails
    mail = message_from_bytes(raw, policy=modern)
    assert (mail["To"], mail["Subject"]) == ("anna@firm.de", "Please confirm your subscription")
    assert mail["Auto-Submitted"] == "auto-generated"
    found = re.search(re.escape(settings.PUBLIC_URL) + r"(/confirm/\S+)", mail.get_content())
    assert found
    assert "anna" not in client.get(found[1]).content.decode()
    assert verdict(anna) is Reason.UNCONFIRMED  # a scanner has looked
    for _ in range(2):
        assert client.post(found[1], HTTP_USER_AGENT="Mozilla").status_code == 200
    assert verdict(anna) is Reason.CONSENT
    proof = Consent.objects.get(state="confirmed").proof
    assert (proof["confirmed_ip"], proof["confirmed_agent"], proof["link"]) == (
        "127.0.0.1",
        "Mozilla",
        "preferences",
    )
    assert Letter.objects.get().answered_at is not None
    own = Identifier.objects.get(person=anna)  # the mail box answered: it is hers
    assert (own.kind, own.value, own.verified) == ("email", "anna@firm.de", True)
    assert Fact.objects.filter(kind="person.identifier_verified", person_id=anna.pk).count() == 1
    anna.delete()
    assert client.post(found[1]).status_code == 404


def test_a_mail_that_the_server_refuses_waits() -> None:
    anna = Person.objects.create(name="Anna", email="anna@firm.de", country="DE", created_at=NOW)
    asked = {
        "person_id": anna.pk,
        "purpose": "marketing",
        "language": "en",
        "proof": {},
        "source": "t",
        "now": NOW,
    }
    assert operations.ask_to_confirm(address="nonsense", **asked) is None  # type: ignore[arg-type]
    assert operations.ask_to_confirm(address="anna@firm.de", **asked) is not None  # type: ignore[arg-type]
    with override_settings(MAILERS=mailers(1)), pytest.raises(OSError, match="refused"):
        operations.send_waiting(now=NOW)
    assert Letter.objects.get().sent_at is None
