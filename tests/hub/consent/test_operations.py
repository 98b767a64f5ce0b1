from datetime import UTC, datetime, timedelta

import pytest

from huoju.core.facts.models import Fact
from huoju.hub.consent import queries
from huoju.hub.consent.models import Consent
from huoju.hub.consent.operations import ConsentAnswer, forget_batch, record_batch
from huoju.hub.identity.models import Person

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def answer(person: Person, granted: bool, *, days: int = 0, **proof: str) -> ConsentAnswer:
    return ConsentAnswer(
        person_id=person.pk,
        channel="email",
        purpose="marketing",
        granted=granted,
        at=NOW - timedelta(days=days),
        proof=proof,
    )


@pytest.mark.django_db
def test_every_answer_is_kept_with_its_proof_and_the_latest_counts() -> None:
    li, wang = (Person.objects.create(name=name, created_at=NOW) for name in ("李", "王"))
    proof = {"text": 'I agree\tto "everything"\\n', "page": "https://x.cn/"}
    ids = record_batch(
        [answer(li, True, days=2, **proof), answer(li, False), answer(wang, True)],
        actor="visitor",
        source="forms",
        now=NOW,
    )
    assert [each.pk for each in queries.answers_of([li.pk])] == [ids[1], ids[0]]
    assert Consent.objects.get(pk=ids[0]).proof == proof
    assert queries.has_consent([li.pk, wang.pk], channel="email", purpose="marketing") == {
        li.pk: False,
        wang.pk: True,
    }
    assert queries.has_consent([li.pk], channel="sms", purpose="marketing") == {}
    facts = Fact.objects.filter(kind="consent.given").order_by("id")
    assert [(fact.person_id, fact.payload["granted"]) for fact in facts] == [
        (li.pk, True),
        (li.pk, False),
        (wang.pk, True),
    ]
    assert facts[0].occurred_at == NOW - timedelta(days=2)


@pytest.mark.django_db
def test_answers_can_be_taken_back() -> None:
    person = Person.objects.create(name="李", created_at=NOW)
    ids = record_batch(
        [answer(person, True), answer(person, False)], actor="user:1", source="import:1", now=NOW
    )
    forget_batch(ids[:1])
    assert [each.pk for each in queries.answers_of([person.pk])] == [ids[1]]


@pytest.mark.django_db
def test_nothing_to_record() -> None:
    assert record_batch([], actor="visitor", source="forms", now=NOW) == []
