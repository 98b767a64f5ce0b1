"""One, some and a million are answered alike: by PostgreSQL in two ways, and by DuckDB over copies of the tables."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from huoju.hub.companies.models import Company, CompanyDomain
from huoju.hub.consent import operations, registry
from huoju.hub.consent.operations import ConsentAnswer
from huoju.hub.consent.policy import Answer, Channel, Entry, EntryKind, ListKind, Purpose, read_entry
from huoju.hub.consent.queries import contact, many, may_contact, may_contact_batch, may_contact_how
from huoju.hub.identity.models import Alias, Identifier, Person

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIZE = 40
pytestmark = pytest.mark.django_db


def crowd(chance: random.Random) -> list[Person]:
    """People of all places; some are merged, have a company, a WeChat account."""
    places = (("CA", ""), ("", "4403"), ("CN", "81"), ("", ""))
    firms = [
        Company(name=f"F{n}", key=f"f{n}", country=country, region=region, created_at=NOW)
        for n, (country, region) in enumerate(places)
    ]
    Company.objects.bulk_create(firms)
    CompanyDomain.objects.create(domain="firm.cn", company=firms[0], source="test", created_at=NOW)
    domains = ("gmail.com", "firm.cn", "rival.cn", "outlook.com")
    people = Person.objects.bulk_create(
        Person(
            name="李娜",
            email=chance.choice(["", f"p.{n}+a@{chance.choice(domains)}"]),
            mobile=chance.choice(["", f"+861380013{n:04}", f"+4420794600{n:02}"]),
            country=chance.choice(["", "", "CN", "DE", "GB", "US", "CA"]),
            region=chance.choice(["", "", "4403", "71"]),
            company=chance.choice([None, *firms]),
            created_at=NOW,
        )
        for n in range(SIZE)
    )
    Identifier.objects.bulk_create(
        Identifier(
            person=each,
            kind="wechat_openid",
            value=f"o{each.pk}",
            source="t",
            first_seen=NOW,
            last_seen=NOW,
        )
        for each in people[::5]
    )
    mixed = chance.sample(people, SIZE)
    Alias.objects.bulk_create(
        Alias(person=each, profile=chance.choice(mixed[:4])) for each in mixed[4 : SIZE // 3]
    )
    return people


def speak(chance: random.Random, people: list[Person]) -> None:
    """What they said, and the lists on which they stand."""
    answers = []
    for _ in range(SIZE * 8):
        who, state = chance.choice(people), chance.choice(list(Answer))
        address = read_entry(chance.choice([who.email, who.mobile, "other@firm.cn"]))
        answers.append(
            ConsentAnswer(
                person_id=who.pk,
                channel=chance.choice(list(Channel)),
                purpose=chance.choice(list(Purpose)),
                granted=state in (Answer.GIVEN, Answer.CONFIRMED),
                state=state,
                at=NOW - timedelta(days=chance.randrange(9)),
                address=address.value if isinstance(address, Entry) and chance.random() < 0.8 else "",
                expires_at=chance.choice([None, None, NOW + timedelta(days=chance.randrange(1, 9))]),
            )
        )
    operations.record_batch(answers, actor="t", source="t", now=NOW)
    for kind in ListKind:
        some = chance.sample(people, 4)
        typed = [*(each.email for each in some), *(each.mobile for each in some)]
        entries = [each for text in typed if isinstance(each := read_entry(text), Entry)]
        if kind is ListKind.BLACK:
            entries += [Entry(EntryKind.DOMAIN, "rival.cn"), Entry(EntryKind.PREFIX, "+44")]
        entries.append(Entry(EntryKind.PERSON, str(some[0].pk)))
        hidden = kind is ListKind.ERASED
        if hidden:
            entries = [each for each in entries if each.kind in (EntryKind.EMAIL, EntryKind.MOBILE)]
        operations.suppress(
            entries, kind=kind, reason="", hidden=hidden, actor="t", source="t", now=NOW - timedelta(days=1)
        )
    calls = operations.own_list(ListKind.BLACK, now=NOW)
    calls.channels = ["phone", "email"]
    calls.save()


@pytest.mark.parametrize("seed", range(2))
def test_one_some_and_many_are_answered_alike(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    people = crowd(chance)
    speak(chance, people)
    days = ", ".join(
        f"({chance.choice(people).pk}::bigint, {chance.choice(['NULL', "'2026-10-01'"])}::timestamptz, "
        f"{chance.choice(['NULL', "'2025-01-01'"])}::timestamptz)"
        for _ in range(SIZE)
    )
    sql = f"SELECT * FROM (VALUES {days}) AS r(person_id, bought_at, asked_at)"
    monkeypatch.setattr(registry, "_relations", [sql])
    ids = [*(each.pk for each in chance.sample(people, SIZE - 9)), people[0].pk, 10**12]
    how = [(channel, purpose) for channel in Channel for purpose in Purpose]
    assert may_contact_how(ids[0], how, NOW) == {
        each: may_contact_batch(ids[:1], *each, NOW)[ids[0]] for each in how
    }
    for channel in Channel:
        for purpose in {Purpose.MARKETING, chance.choice(list(Purpose))}:
            at = NOW + timedelta(days=chance.choice([-4, 0, 4]))
            some = may_contact_batch(ids, channel, purpose, at)
            assert {each: may_contact(each, channel, purpose, at) for each in ids} == some
            with monkeypatch.context() as patched:
                patched.setattr(contact, "_FEW", 0)
                for sizes in ((10**6, 10**6), (SIZE, 0)):  # parts of tables, and tables as a whole
                    patched.setattr(many, "_estimates", lambda sizes=sizes: sizes)
                    assert may_contact_batch(ids, channel, purpose, at) == some
                patched.setattr(contact, "_AT_ONCE", 7)
                assert may_contact_batch(ids, channel, purpose, at) == some
    assert len({verdict.reason for verdict in some.values()}) > 1
    assert may_contact_batch([], Channel.EMAIL, Purpose.MARKETING, NOW) == {}
