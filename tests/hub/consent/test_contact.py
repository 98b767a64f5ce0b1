"""One question through the database: addresses, answers, lists, relations, merged persons, time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.utils import translation

from huoju.hub.companies.models import Company, CompanyDomain
from huoju.hub.consent import operations, queries, registry
from huoju.hub.consent.operations import ConsentAnswer
from huoju.hub.consent.pages import consent_panel
from huoju.hub.consent.policy import (
    MAIL_KEY_SQL,
    Answer,
    Channel,
    Entry,
    EntryKind,
    ListKind,
    Purpose,
    Reason,
    hashed,
)
from huoju.hub.identity.models import Alias, Person
from huoju.hub.identity.policy import Email, normalise_email

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WHO = {"actor": "user:1", "source": "test", "now": NOW}
pytestmark = pytest.mark.django_db


def person(**fields: object) -> Person:
    return Person.objects.create(**{"name": "李娜", "created_at": NOW, "country": "DE", **fields})


def say(
    who: Person,
    state: Answer,
    *,
    channel: str = "email",
    purpose: str = "marketing",
    address: str = "",
    ago: int = 0,
    expires: int | None = None,
) -> None:
    answer = ConsentAnswer(
        person_id=who.pk,
        channel=channel,
        purpose=purpose,
        granted=state in (Answer.GIVEN, Answer.CONFIRMED),
        state=state,
        at=NOW - timedelta(days=ago),
        address=address,
        expires_at=None if expires is None else NOW + timedelta(days=expires),
    )
    operations.record_batch([answer], **WHO)  # type: ignore[arg-type]


def why(
    who: Person | int,
    channel: Channel = Channel.EMAIL,
    purpose: Purpose = Purpose.MARKETING,
    at: datetime = NOW,
) -> Reason:
    return queries.may_contact(who if isinstance(who, int) else who.pk, channel, purpose, at).reason


def test_a_yes_opens_and_the_place_decides_how_it_must_be_given() -> None:
    anna, wang = person(email="anna@firm.de"), person(email="wang@firm.cn", country="CN")
    assert why(anna) is why(wang) is Reason.NO_CONSENT
    say(anna, Answer.GIVEN, address="anna@firm.de")
    say(wang, Answer.GIVEN, address="wang@firm.cn")
    assert why(anna) is Reason.UNCONFIRMED  # Germany asks for double opt-in
    verdict = queries.may_contact(wang.pk, Channel.EMAIL, Purpose.MARKETING, NOW)
    assert (verdict.allowed, verdict.reason, verdict.place) == (True, Reason.CONSENT, "CN")
    assert verdict.source.startswith("PIPL")
    say(anna, Answer.CONFIRMED, address="anna@firm.de")
    assert why(anna) is Reason.CONSENT


def test_a_yes_is_for_its_address_and_for_its_time() -> None:
    wang = person(email="wang@firm.cn", country="CN")
    say(wang, Answer.GIVEN, address="other@firm.cn", ago=3)
    assert why(wang) is Reason.OTHER_ADDRESS
    say(wang, Answer.GIVEN, address="wang@firm.cn", ago=2, expires=1)
    assert why(wang) is Reason.CONSENT
    assert why(wang, at=NOW + timedelta(days=2)) is Reason.EXPIRED
    assert why(wang, at=NOW - timedelta(days=4)) is Reason.NO_CONSENT
    assert why(wang, Channel.SMS) is Reason.NO_ADDRESS
    assert why(wang, Channel.WECHAT) is Reason.NO_ADDRESS
    assert why(10**12) is Reason.UNKNOWN_PERSON


def test_the_last_word_counts() -> None:
    wang = person(email="wang@firm.cn", country="CN")
    say(wang, Answer.GIVEN, address="wang@firm.cn", ago=3)
    say(wang, Answer.WITHDRAWN, ago=2)
    assert why(wang) is Reason.SAID_NO
    say(wang, Answer.PENDING, address="wang@firm.cn", ago=1)
    assert why(wang) is Reason.SAID_NO
    say(wang, Answer.GIVEN, address="wang@firm.cn")
    assert why(wang) is Reason.CONSENT
    assert why(wang, at=NOW - timedelta(days=1)) is Reason.SAID_NO


def test_a_no_of_any_member_closes_the_profile_and_an_unmerge_opens_it_again() -> None:
    wang, other = (person(email=f"{name}@firm.cn", country="CN") for name in ("wang", "w"))
    say(wang, Answer.GIVEN, address="wang@firm.cn")
    say(other, Answer.WITHDRAWN, ago=9)
    assert (why(wang), why(other)) == (Reason.CONSENT, Reason.SAID_NO)
    merged = Alias.objects.create(person=other, profile=wang)
    assert (why(wang), why(other)) == (Reason.SAID_NO, Reason.SAID_NO)
    operations.answer_profile(
        person_id=other.pk,
        answers={("email", "marketing"): Answer.GIVEN},
        proof={},
        **WHO,  # type: ignore[arg-type]
    )
    assert (why(wang), why(other)) == (Reason.CONSENT, Reason.CONSENT)
    merged.delete()
    assert (why(wang), why(other)) == (Reason.CONSENT, Reason.CONSENT)


def test_a_yes_without_an_address_is_for_the_member_whose_address_is_used() -> None:
    wang, other = person(email="wang@firm.cn", country="CN"), person(email="w@firm.cn")
    say(other, Answer.GIVEN)
    Alias.objects.create(person=other, profile=wang)
    assert why(wang) is Reason.OTHER_ADDRESS
    empty = person(country="CN")
    Alias.objects.filter(person=other).update(profile=empty)
    assert why(empty) is Reason.CONSENT


@pytest.mark.parametrize(
    ("entry", "channel", "kind", "purpose", "reason"),
    [
        (
            Entry(EntryKind.EMAIL, "lina@gmail.com"),
            "email",
            ListKind.UNSUBSCRIBED,
            "marketing",
            Reason.UNSUBSCRIBED,
        ),
        (
            Entry(EntryKind.EMAIL, "lina@gmail.com"),
            "email",
            ListKind.UNSUBSCRIBED,
            "service",
            Reason.CONTRACT,
        ),
        (Entry(EntryKind.DOMAIN, "gmail.com"), "email", ListKind.BLACK, "marketing", Reason.BLACKLISTED),
        (Entry(EntryKind.DOMAIN, "gmail.com"), "email", ListKind.BLACK, "service", Reason.CONTRACT),
        (Entry(EntryKind.PREFIX, "+86138"), "sms", ListKind.BLACK, "marketing", Reason.BLACKLISTED),
        (Entry(EntryKind.MOBILE, "+8613800138000"), "phone", ListKind.BLACK, "privacy", Reason.BLACKLISTED),
        (Entry(EntryKind.EMAIL, "lina@gmail.com"), "email", ListKind.ERASED, "service", Reason.ERASED),
    ],
)
def test_lists(entry: Entry, channel: str, kind: ListKind, purpose: str, reason: Reason) -> None:
    lina = person(email="li.na+news@gmail.com", mobile="+8613800138000", country="CN")
    say(lina, Answer.GIVEN, channel=channel, address="lina@gmail.com" if channel == "email" else lina.mobile)
    assert operations.suppress([entry, entry], kind=kind, reason="test", **WHO) == 1  # type: ignore[arg-type]
    assert operations.suppress([entry], kind=kind, reason="again", **WHO) == 0  # type: ignore[arg-type]
    assert why(lina, Channel(channel), Purpose(purpose)) is reason
    assert (
        why(lina, Channel(channel), Purpose(purpose), NOW - timedelta(days=1)) is not reason
        or purpose == "service"
    )


def test_a_white_list_lifts_a_black_one_and_nothing_else() -> None:
    wang = person(email="wang@firm.cn", country="CN")
    say(wang, Answer.GIVEN, address="wang@firm.cn")
    here = Entry(EntryKind.PERSON, str(wang.pk))
    operations.suppress([Entry(EntryKind.DOMAIN, "firm.cn")], kind=ListKind.BLACK, reason="rival", **WHO)  # type: ignore[arg-type]
    operations.suppress([here], kind=ListKind.WHITE, reason="test box", **WHO)  # type: ignore[arg-type]
    assert why(wang) is Reason.CONSENT
    operations.suppress([here], kind=ListKind.UNSUBSCRIBED, reason="asked", **WHO)  # type: ignore[arg-type]
    assert why(wang) is Reason.UNSUBSCRIBED


def test_an_erased_address_is_known_by_its_hash_and_stays() -> None:
    hidden = Entry(EntryKind.EMAIL, "wang@firm.cn")
    operations.suppress([hidden], kind=ListKind.ERASED, reason="erased", hidden=True, **WHO)  # type: ignore[arg-type]
    assert why(person(email="wang@firm.cn", country="CN")) is Reason.ERASED
    assert why(person(email="li@firm.cn", country="CN")) is not Reason.ERASED


def test_a_register_counts_while_it_is_fresh() -> None:
    bob = person(mobile="+442079460018", country="GB")
    assert why(bob, Channel.PHONE) is Reason.REGISTER_UNCHECKED
    tps = operations.create_list(
        name="TPS", kind=ListKind.REGISTER, channels=["phone"], country="GB", user_id=None, now=NOW
    )
    tps.checked_at = NOW
    tps.save()
    assert why(bob, Channel.PHONE) is Reason.NOT_OBJECTED
    assert why(bob, Channel.PHONE, at=NOW + timedelta(days=40)) is Reason.REGISTER_UNCHECKED
    operations.add_entries([Entry(EntryKind.MOBILE, bob.mobile)], to=tps, reason="", **WHO)  # type: ignore[arg-type]
    assert why(bob, Channel.PHONE) is Reason.ON_REGISTER
    say(bob, Answer.GIVEN, channel="phone", address=bob.mobile)
    assert why(bob, Channel.PHONE) is Reason.CONSENT


def test_customers_inquirers_and_businesses(monkeypatch: pytest.MonkeyPatch) -> None:
    firm = Company.objects.create(name="Firm", key="firm", country="CA", created_at=NOW)
    CompanyDomain.objects.create(domain="firm.co.uk", company=firm, source="test", created_at=NOW)
    asked, bought = person(email="a@x.ca", country="", company=firm), person(email="b@x.ca", country="CA")
    monkeypatch.setattr(
        registry,
        "_relations",
        [
            f"SELECT * FROM (VALUES ({asked.pk}::bigint, NULL::timestamptz, '2026-06-01'::timestamptz), "
            f"({bought.pk}, '2025-01-01', NULL)) AS r(person_id, bought_at, asked_at)"
        ],
    )
    assert (why(asked), why(bought)) == (Reason.INQUIRED, Reason.CUSTOMER)
    later = NOW + timedelta(days=60)
    assert (why(asked, at=later), why(bought, at=later)) == (Reason.NO_CONSENT, Reason.NO_CONSENT)
    assert why(person(email="bob@firm.co.uk", country="GB")) is Reason.BUSINESS
    assert why(person(email="bob@gmail.com", country="GB")) is Reason.NO_CONSENT
    assert why(asked, purpose=Purpose.INQUIRY) is Reason.INQUIRED
    assert why(bought, purpose=Purpose.SERVICE) is Reason.CONTRACT


@pytest.mark.parametrize(
    ("fields", "firm", "place"),
    [
        ({"country": "EL"}, {}, "GR"),
        ({"country": "UK"}, {}, "GB"),
        ({"country": "", "region": "4403"}, {"country": "DE"}, "CN"),
        ({"country": "CN", "region": "81"}, {}, "HK"),
        ({"country": "", "region": "71"}, {}, "TW"),
        ({"country": ""}, {"country": "FR", "region": ""}, "FR"),
        ({"country": ""}, {"country": "", "region": "11"}, "CN"),
        ({"country": "", "mobile": "+8613800138000"}, {}, "CN"),
        ({"country": "", "mobile": "+442079460018"}, {}, "GB"),
        ({"country": "", "mobile": "+16045550100"}, {}, "*"),  # Canada or the United States?
        ({"country": "ZW"}, {}, "*"),
        ({"country": ""}, {}, "*"),
    ],
)
def test_whose_law_it_is(fields: dict[str, str], firm: dict[str, str], place: str) -> None:
    company = Company.objects.create(name="F", key="f", created_at=NOW, **firm) if firm else None
    li = person(email="li@x.cn", company=company, **fields)
    assert queries.may_contact(li.pk, Channel.EMAIL, Purpose.MARKETING, NOW).place == place


def test_many_are_answered_like_one_each() -> None:
    people = [person(email=f"p{n}@x.cn", country=("CN", "US", "DE")[n % 3]) for n in range(260)]
    for each in people[::5]:
        say(each, Answer.GIVEN, address=each.email)
    ids = [each.pk for each in people]
    together = queries.may_contact_batch([*ids, *ids[:3], 10**12], Channel.EMAIL, Purpose.MARKETING, NOW)
    assert len(together) == 261
    some = ids[::37]
    assert {pk: together[pk].reason for pk in some} == {pk: why(pk) for pk in some}


def test_postgresql_makes_the_same_keys_as_we_do() -> None:
    addresses = [
        "li.na+a@gmail.com",
        "a.b@googlemail.com",
        "a+b@outlook.com",
        "a+b@firm.cn",
        "x@proton.me",
        "a.b@qq.com",
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {MAIL_KEY_SQL.format('x')} FROM unnest(%s::text[]) AS t(x)", [addresses])
        keys = [key for (key,) in cursor.fetchall()]
        cursor.execute("SELECT '#' || encode(sha256(convert_to('pepper' || 'wang@firm.cn', 'UTF8')), 'hex')")
        assert cursor.fetchone() == (hashed("wang@firm.cn", "pepper"),)
    assert keys == [email.key for each in addresses if isinstance(email := normalise_email(each), Email)]


def test_the_panel_tells_an_answer_from_an_offer(rf: RequestFactory) -> None:
    wang = person(email="wang@firm.cn", mobile="+8613800138000", country="CN")
    for purpose in ("privacy", "marketing"):
        say(wang, Answer.GIVEN, purpose=purpose, address="wang@firm.cn")
    say(wang, Answer.GIVEN, channel="phone", purpose="privacy", address="+8613800138000")
    with translation.override("en"):
        rows = consent_panel(rf.get("/"), wang.pk)["rows"]
    assert [(channel, [(line["purpose"], line["allowed"]) for line in lines]) for channel, lines in rows] == [
        ("E-mail", [("Answers to requests", True), ("News and offers", True)]),
        ("SMS", [("Answers to requests", False), ("News and offers", False)]),
        ("Phone calls", [("Answers to requests", True), ("News and offers", False)]),
    ]
    nobody = consent_panel(rf.get("/"), person().pk)["rows"]
    assert [lines for _channel, lines in nobody] == [[], [], []]
